"""Yank and unyank (Cargo Book, Registry Web API, "Yank", "Unyank")."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from pulp_cargo.tests.conftest import NothingStored
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry


def test_yank_and_unyank_flip_the_mark(registry: Registry, name: str):
    """The answer is what cargo insists on, and the next read shows it [34, 101]."""
    registry.publish(Crate(name))
    tags = {registry.index_file(name).headers["etag"]}
    for call, yanked in ((registry.yank, True), (registry.unyank, False)):
        answer = call(name)
        assert (answer.status, answer.json()) == (200, {"ok": True})
        assert registry.entry(name)["yanked"] is yanked
        tags.add(registry.index_file(name).headers["etag"])
    assert len(tags) == 2


def test_yank_and_unyank_are_idempotent(registry: Registry, nothing: NothingStored, name: str):
    """The second time changes nothing and makes no repository version [101]."""
    registry.publish(Crate(name))
    with nothing(registry, name):
        assert registry.unyank(name).json() == {"ok": True}
    registry.yank(name)
    with nothing(registry, name):
        assert registry.yank(name).json() == {"ok": True}


def test_nothing_else_in_the_index_changes(registry: Registry, name: str):
    """Every other byte and the order of the lines stay [18, 102]."""
    for vers in ("1.0.0", "2.0.0", "1.5.0"):
        registry.publish(Crate(name, vers))
    before = registry.index_file(name).body
    registry.yank(name, "2.0.0")
    lines = zip(before.splitlines(), registry.index_file(name).body.splitlines(), strict=True)
    changed = [(old, new) for old, new in lines if old != new]
    ((old, new),) = changed
    assert old.replace(b'"yanked":false', b'"yanked":true') == new
    assert b'"vers":"2.0.0"' in new
    registry.unyank(name, "2.0.0")
    assert registry.index_file(name).body == before


def test_only_the_yanked_version_is_marked_where_others_look_alike(registry: Registry, name: str):
    """The mark is no text that happens to stand elsewhere in the line or in another line [102]."""
    alike = {"package": {"links": '"yanked":false'}, "features": {"yanked": ["false"], "false": []}}
    for vers in ("1.0.0", "2.0.0"):
        registry.publish(Crate(name, vers, **alike))
    before = registry.entry(name)
    assert before["links"] == '"yanked":false'
    registry.yank(name)
    assert registry.entry(name) == before | {"yanked": True}
    assert registry.entry(name, "2.0.0")["yanked"] is False


def test_yanked_version_can_still_be_downloaded(registry: Registry, name: str):
    """Lock files that hold it keep working [45]."""
    registry.publish(Crate(name))
    file = registry.download(name).body
    registry.yank(name)
    assert registry.download(name).body == file


@pytest.mark.parametrize("call", ["yank", "unyank"])
@pytest.mark.parametrize(
    ("crate", "vers", "sentence"),
    [
        ("{name}-no", "1.0.0", "this registry has no crate `{name}-no`"),
        ("{name}", "1.0.1", "crate `{name}` has no version `1.0.1` in this registry"),
        ("a%20b", "1.0.0", "this registry has no crate `a b`"),
    ],
)
def test_unknown_crate_or_version_is_404(
    registry: Registry,
    nothing: NothingStored,
    name: str,
    call: str,
    crate: str,
    vers: str,
    sentence: str,
):
    """A JSON error that names what there is not [103]."""
    registry.publish(Crate(name))
    with nothing(registry, name):
        answer = getattr(registry, call)(crate.format(name=name), vers)
        assert (answer.status, answer.detail) == (404, sentence.format(name=name))


@pytest.mark.parametrize("call", ["yank", "unyank"])
def test_version_that_is_not_semver_is_400(registry: Registry, name: str, call: str):
    """As crates.io answers it [49]."""
    registry.publish(Crate(name))
    answer = getattr(registry, call)(name, "one")
    assert (answer.status, "'one' is not SemVer" in answer.detail) == (400, True)


def test_other_spelling_of_the_name_is_found(registry: Registry, name: str):
    """Cargo sends what the user typed, without a look into the index [104]."""
    registry.publish(Crate(f"{name}-Ab"))
    assert registry.yank(f"{name.upper()}_aB").json() == {"ok": True}
    assert registry.entry(f"{name}-Ab")["yanked"] is True


@pytest.mark.parametrize("typed", ["1.0.0+b.5", "1.0.0%2Bb.5"])
def test_version_is_named_with_its_build_metadata(registry: Registry, name: str, typed: str):
    """In a URL a plus may stand for itself."""
    registry.publish(Crate(name, "1.0.0+b.5"))
    assert registry.yank(name, typed).json() == {"ok": True}
    assert registry.entry(name, "1.0.0+b.5")["yanked"] is True
    assert registry.unyank(name, typed).json() == {"ok": True}
    assert registry.entry(name, "1.0.0+b.5")["yanked"] is False


@pytest.mark.parametrize("typed", ["1.0.0", "1.0.0+other", "1.0.0+b"])
def test_version_of_other_build_metadata_is_not_there(registry: Registry, name: str, typed: str):
    """As on crates.io, so that nobody yanks what they did not name."""
    registry.publish(Crate(name, "1.0.0+b.5"))
    for answer in (registry.yank(name, typed), registry.unyank(name, typed)):
        assert (answer.status, f"no version `{typed}`" in answer.detail) == (404, True)
    assert registry.entry(name, "1.0.0+b.5")["yanked"] is False


def test_body_and_content_type_do_not_matter(registry: Registry, name: str):
    """Cargo sends unyank with a JSON content type and no body [53]."""
    registry.publish(Crate(name))
    headers = {"Content-Type": "application/json", "Content-Length": "0"}
    assert registry.unyank(name, headers=headers).status == 200
    assert (
        registry.unyank(name, body=b"not json", headers=headers | {"Content-Length": "8"}).status
        == 200
    )


def test_yank_that_is_refused_disturbs_no_publish(registry: Registry, name: str):
    """Changes that arrive together share a commit, and each has a verdict of its own [98]."""

    def publish(number: int) -> int:
        return registry.send(Crate(f"{name}-{number}")).status

    def yank_nonsense(number: int) -> int:
        return registry.yank(f"{name}-{number}", "banana").status

    with ThreadPoolExecutor(20) as pool:
        refused = [pool.submit(yank_nonsense, number) for number in range(10)]
        published = [pool.submit(publish, number) for number in range(10)]
    assert [one.result() for one in published] == [200] * 10
    assert [one.result() for one in refused] == [400] * 10

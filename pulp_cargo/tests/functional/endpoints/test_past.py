"""States of the past of a registry, as registries below its URL: `@42/`, `@2026-11-01/`, `@release/`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Refused
from pulp_cargo.tests.support.stack import Stack

READS = (
    "@{}/config.json", "@{}/le/af/leaf", "@{}/no/ne/none", "@{}/api/v1/crates/leaf/1.0.0/download",
    "@{}/api/v1/crates", "@{}/versions.jsonl", "@{}/", "@{}", "@{}/config.toml", "@{}/me",
    "@{}/style.css", "@{}/nowhere/else/x",
)  # fmt: skip


def at(registry: Registry, text: object) -> Registry:
    """Return a state of the past of a registry."""
    return replace(registry, index_url=f"{registry.index_url}@{text}/")


@pytest.fixture(scope="module")
def old(stack: Stack) -> Registry:
    """A registry: `leaf` 1.0.0, its yank, `leaf` 1.1.0, and `top` that needs it, in versions 1 to 4."""
    registry = stack.make_registry()
    registry.publish(Crate("leaf"))
    assert registry.yank("leaf").status == 200
    registry.publish(Crate("leaf", "1.1.0"))
    registry.publish(Crate("top", deps=[Dep(name="leaf")]))
    return registry


def test_each_version_is_a_registry(old: Registry) -> None:
    """With the index, yanks and files that it has, and a configuration that stays below its URL."""
    first, second, third = (at(old, number) for number in (1, 2, 3))
    assert [entry["yanked"] for entry in first.index("leaf")] == [False]
    assert [entry["yanked"] for entry in second.index("leaf")] == [True]
    assert [entry["vers"] for entry in third.index("leaf")] == ["1.0.0", "1.1.0"]
    assert third.index("top") == []
    root = f"{old.url}@1"
    assert first.get("config.json").json() == {
        "dl": f"{root}/api/v1/crates",
        "api": root,
        "auth-required": False,
    }
    assert first.download("leaf").body == Crate("leaf").packed(old.index_url)
    assert first.download("leaf", "1.1.0").status == 404
    assert at(old, 4).index("leaf") == old.index("leaf")


def test_dependency_on_the_registry_is_one_on_its_past(stack: Stack, old: Registry) -> None:
    """`registry` is null for crates of its own, also where the past itself was named."""
    (entry,) = at(old, 4).index("top")
    assert [(dep["name"], dep["registry"]) for dep in entry["deps"]] == [("leaf", None)]
    registry = stack.make_registry()
    below = f"{registry.index_url}@1/"
    registry.publish(Crate("odd", deps=[Dep(name="leaf", registry=below)]))
    assert registry.entry("odd")["deps"][0]["registry"] == below
    assert at(registry, 1).entry("odd")["deps"][0]["registry"] is None


def test_configuration_has_a_name_of_its_own(old: Registry) -> None:
    """The lines can stand beside those of the registry itself."""
    assert at(old, 3).get("config.toml").body.decode() == (
        "# For ~/.cargo/config.toml, or .cargo/config.toml in a project.\n"
        f"[registries.{old.name}-3]\n"
        f'index = "{old.index_url}@3/"\n'
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "crates/new"),
        ("DELETE", "crates/leaf/1.1.0/yank"),
        ("PUT", "crates/leaf/1.0.0/unyank"),
        ("PUT", "crates/leaf/owners"),
        ("DELETE", "crates/leaf/owners"),
        ("PUT", "me/tokens"),
        ("POST", "crates/new"),
        ("OPTIONS", "crates"),
    ],
)
def test_nothing_changes_the_past(old: Registry, method: str, path: str) -> None:
    """A sentence for cargo, in its form."""
    answer = at(old, 3).api(method, path, b"{}")
    assert answer.status == 403
    assert answer.detail == (
        f"the registry `{old.name}@3` accepts no publishes or yanks: it is an earlier state, which"
        " never changes"
    )


def test_publish_moves_no_past(stack: Stack) -> None:
    """What is cached of a state stays as it is, and the registry itself goes on."""
    registry = stack.make_registry()
    registry.publish(Crate("leaf"))
    first = at(registry, 1)
    before = first.index_file("leaf")
    registry.publish(Crate("leaf", "1.1.0"))
    after = first.index_file("leaf")
    assert (after.body, after.headers["etag"]) == (before.body, before.headers["etag"])
    assert first.index_file("leaf", If_None_Match=before.headers["etag"]).status == 304
    assert len(registry.index("leaf")) == 2


def test_time_is_the_newest_version_of_that_moment(stack: Stack) -> None:
    """A date means the end of that day, which must be over."""
    registry = stack.make_registry()
    registry.publish(Crate("leaf"))
    registry.publish(Crate("leaf", "1.1.0"))
    for number, days in ((0, 9), (1, 7), (2, 5)):
        _created(stack, registry, number, datetime.now(UTC) - timedelta(days=days))
    day = datetime.now(UTC) - timedelta(days=6)
    for text in (f"{day:%Y-%m-%d}", f"{day:%Y-%m-%dT%H:%M:%SZ}"):
        past = at(registry, text)
        assert [entry["vers"] for entry in past.index("leaf")] == ["1.0.0"]
        assert past.get("config.json").json()["dl"] == f"{registry.url}@{text}/api/v1/crates"
    assert at(registry, f"{day - timedelta(days=2):%Y-%m-%d}").index_file("leaf").status == 404
    assert len(at(registry, f"{day + timedelta(days=3):%Y-%m-%d}").index("leaf")) == 2
    ahead = at(registry, f"{datetime.now(UTC):%Y-%m-%d}").get("config.json")
    assert ahead.status == 404
    assert "is in the future" in ahead.detail


def _created(stack: Stack, registry: Registry, number: int, when: datetime) -> None:
    pk = registry.repository.rstrip("/").rpartition("/")[2]
    with stack.connect() as connection:
        connection.execute(
            "UPDATE core_repositoryversion SET pulp_created = %s"
            " WHERE repository_id = %s AND number = %s",
            [when, pk, number],
        )


@pytest.mark.parametrize(
    "text",
    ["042", "-1", "2026-02-30", "a%20b", "%00", "%ff", "x" * 5000, "", "2026-11-01T12:00:00"],
    ids=lambda text: text[:12],
)
def test_bad_state_is_404_with_the_rule(old: Registry, text: str) -> None:
    """Whatever stands after the `@`."""
    answer = at(old, text).get("config.json")
    assert answer.status == 404
    assert answer.detail.endswith(
        "does not name a state of this registry: it must be the number of a repository version"
        " (`42`), a date (`2026-11-01`) or time (`2026-11-01T12:00:00Z`) in UTC, or a label"
        " (`release-7`)"
    )


def test_state_has_no_states(old: Registry) -> None:
    """Nor does another spelling of the `@` hide it."""
    assert old.get("@3/@1/config.json").status == 404
    assert at(old, "3").get("config.json").body == old.get("%403/config.json").body


def test_deleted_version_is_gone(stack: Stack) -> None:
    """In all processes at once, also where its answers were cached; a label keeps it from that."""
    registry = stack.make_registry()
    for vers in ("1.0.0", "1.1.0", "1.2.0"):
        registry.publish(Crate("leaf", vers))
    stack.rest.post(f"{registry.repository}label_version/", label="kept", number=1)
    second = at(registry, 2)
    assert (second.index_file("leaf").status, second.download("leaf").status) == (200, 200)
    stack.rest.delete(f"{registry.repository}versions/2/")
    assert launcher.wait_for(lambda: second.index_file("leaf").status == 410)
    assert second.download("leaf").status == 410
    assert second.get("config.json").detail == (
        "version 2 of this repository was deleted; the nearest versions that exist are `@1` and `@3`"
    )
    with pytest.raises(Refused) as refused:
        stack.rest.delete(f"{registry.repository}versions/1/")
    assert "the version has a label (`kept`) and cannot be deleted" in refused.value.text
    stack.rest.set(registry.repository, retain_repo_versions=1)
    registry.publish(Crate("leaf", "1.3.0"))
    stack.rest.set(registry.repository, retain_repo_versions=2)
    kept = at(registry, "kept")
    assert [entry["vers"] for entry in kept.index("leaf")] == ["1.0.0"]


def test_removed_label_is_not_found(stack: Stack) -> None:
    """At once, although its answers were cached."""
    registry = stack.make_registry()
    registry.publish(Crate("leaf"))
    stack.rest.post(f"{registry.repository}label_version/", label="kept", number=1)
    kept = at(registry, "kept")
    assert kept.index_file("leaf").status == 200
    stack.rest.post(f"{registry.repository}unlabel_version/", label="kept")
    assert kept.index_file("leaf").status == 404
    assert kept.get("config.json").detail == (
        "no version of this repository has the label `kept`: none has a label"
    )


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("text", ["1", "99", "2020-01-01", "unknown", "0042"])
def test_past_of_a_private_registry_is_private(private: Registry, text: str, path: str) -> None:
    """Without a token not even which states there are can be learned: every answer is the same."""
    answer = private.get(path.format(text))
    assert answer.status == 401
    assert answer.detail == private.get("config.json").detail


def test_past_of_a_private_registry_is_for_its_readers(stack: Stack, private: Registry) -> None:
    """Also from the memory of the process, after somebody has read it."""
    past, path = at(private, 1), "se/cr/secret"
    assert past.get("config.json", token=private.token).json()["auth-required"] is True
    for _ in range(2):
        assert past.get(path, token=private.token).status == 200
        assert past.get(path).status == 401
    assert past.get(path, token=stack.make_token(scopes=["publish-new"])).status == 401
    assert past.api("PUT", "crates/new", b"", token=None).status == 401
    assert past.api("PUT", "crates/new", b"").status == 403


def test_pages_of_the_past(stack: Stack) -> None:
    """Those of crates are there; lists and search need a label."""
    registry = stack.make_registry()
    registry.publish(Crate("leaf"))
    registry.publish(Crate("leaf", "1.1.0"))
    first = at(registry, 1)

    def page(past: Registry, path: str) -> tuple[int, str]:
        answer = past.get(path, Accept="text/html")
        return answer.status, answer.body.decode()

    status, text = page(first, "crates/leaf")
    assert status == 200 and "1.0.0" in text and "1.1.0" not in text
    assert "Dependents" not in text
    assert f"/{registry.name}/@1/crates/leaf" in text
    status, text = page(first, "")
    assert status == 200 and "version 1 of its repository" in text
    assert "their version has no label" in text or "its version has no label" in text
    for path in ("search", "keywords/x", "categories/x"):
        assert page(first, path)[0] == 404
    for path in ("api/v1/crates", "api/v1/summary", "rss/crates.xml"):
        assert first.get(path).detail == (
            f"the crates of `{registry.name}@1` cannot be listed or searched, because only versions"
            " with a label have a catalog; the index, downloads and pages of single crates are available"
        )
    one = first.get("api/v1/crates/leaf").json()
    assert (one["crate"]["max_version"], one["keywords"]) == ("1.0.0", None)
    assert first.get("api/v1/crates/leaf/1.0.0").json()["version"]["num"] == "1.0.0"
    assert first.get("api/v1/crates/leaf/1.1.0").status == 404
    stack.rest.post(f"{registry.repository}label_version/", label="first", number=1)
    labelled = at(registry, "first")
    status, text = page(labelled, "")
    assert status == 200 and "1 crate</a>" in text
    found = labelled.get("api/v1/crates").json()["crates"]
    assert [(one["name"], one["max_version"]) for one in found] == [("leaf", "1.0.0")]
    newest = registry.get("api/v1/crates").json()["crates"]
    assert [one["max_version"] for one in newest] == ["1.1.0"]


def test_registry_that_is_pinned_has_no_other_state(stack: Stack, old: Registry) -> None:
    """Its readers may not see what else is in the repository."""
    pinned = stack.make_registry(of=old, allow_uploads=False)
    version = f"{old.repository}versions/2/"
    stack.rest.set(pinned.href, repository=None, repository_version=version)
    assert [entry["vers"] for entry in pinned.index("leaf")] == ["1.0.0"]
    for text in ("1", "2", "3", "2026-01-01"):
        assert at(pinned, text).index_file("leaf").detail == (
            f"the registry `{pinned.name}` serves one fixed repository version, and no other state"
        )


def test_registry_without_a_repository_has_none(
    stack: Stack, make_bare: Callable[[], Registry]
) -> None:
    """404, as for everything else in it."""
    assert at(make_bare(), 1).get("config.json").status == 404


@pytest.fixture
def make_bare(stack: Stack) -> Callable[[], Registry]:
    """Makes a registry, and takes its repository away."""

    def make() -> Registry:
        registry = stack.make_registry()
        stack.rest.set(registry.href, repository=None, allow_uploads=False)
        return registry

    return make

"""What an upstream registry is believed, and where its word does not count."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from pulp_cargo.protocol.registry_url import CRATES_IO, CRATES_IO_SPARSE
from pulp_cargo.tests.functional.copies.conftest import Copy
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.rest import Refused
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.upstream import Upstream, line_of

CopyOf = Callable[..., Copy]
ELSEWHERE = "sparse+https://corp.example/index/"


def told(crate: Crate, **changes: Any) -> dict[str, Any]:
    """Return the line of a listing whose index line says something else."""
    line = line_of(crate)
    entry = json.loads(line["index_line"]) | changes
    return line | {"index_line": json.dumps(entry)}


def deps(*names: str) -> list[dict[str, str]]:
    """Return dependencies on crates of another registry, as an index line has them."""
    return [{"name": name, "req": "^1", "registry": ELSEWHERE} for name in names]


@pytest.mark.parametrize(
    "changes",
    [
        {"deps": deps("evil")},
        {"features": {"default": ["net"], "net": []}},
        {"links": "z"},
        {"rust_version": "1.99"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_other_words_about_the_same_file_are_refused(
    upstream: Upstream, copy_of: CopyOf, name: str, changes: dict[str, Any]
) -> None:
    """One file has one index line: the task names the crate, and both copies stay as they are."""
    upstream.serve([line_of(Crate(name)), line_of(Crate(name, "1.1.0"))])
    first = copy_of(upstream.index_url)
    first.sync()
    before = first.registry.index_file(name).body
    upstream.serve([line_of(Crate(name)), told(Crate(name, "1.1.0"), **changes)])
    second = copy_of(upstream.index_url)
    for copy, version in ((first, 1), (second, 0)):
        with pytest.raises(Refused, match=f"other things of `{name} 1.1.0`") as refused:
            copy.sync()
        assert (refused.value.status, copy.version) == (None, version)
    assert first.registry.index_file(name).body == before


def test_same_words_in_another_order_or_of_another_time_are_accepted(
    upstream: Upstream, copy_of: CopyOf, name: str
) -> None:
    """The time is that of the first publish anywhere; the order of dependencies means nothing."""
    upstream.serve([told(Crate(name), deps=deps("a", "b"))])
    copy_of(upstream.index_url).sync()
    upstream.serve([told(Crate(name), deps=deps("b", "a"), pubtime="2025-05-05T05:05:05Z")])
    copy = copy_of(upstream.index_url)
    copy.sync()
    assert [dep["name"] for dep in copy.registry.entry(name)["deps"]] == ["a", "b"]
    assert copy.registry.entry(name)["pubtime"] == "2026-01-02T03:04:05Z"


def test_copy_of_what_was_published_here_is_accepted(
    stack: Stack, copy_of: CopyOf, name: str
) -> None:
    """Units of the same Pulp with all that a line may have are the same by either way."""
    original = stack.make_registry()
    own, other = Dep(name="own"), Dep(name="other", registry=ELSEWHERE)
    package = {"rust-version": "1.70", "links": name}
    original.publish(Crate(name, deps=[own, other], features={"a": ["own/b"]}, package=package))
    copy = copy_of(original.index_url)
    copy.sync(mirror=True)
    assert copy.registry.entry(name)["cksum"] == original.entry(name)["cksum"]
    assert {dep["name"]: dep["registry"] for dep in copy.registry.entry(name)["deps"]} == {
        "own": original.index_url,
        "other": ELSEWHERE,
    }


def test_file_decides_between_two_upstreams(upstream: Upstream, copy_of: CopyOf, name: str) -> None:
    """Once it is uploaded, who tells the truth is believed and who does not is refused."""
    crate = Crate(name)
    wrong, right = [told(crate, deps=deps("evil"))], [line_of(crate)]
    upstream.serve(wrong)
    first, second = copy_of(upstream.index_url), copy_of(upstream.index_url)
    first.sync()
    upstream.serve(right)
    with pytest.raises(Refused, match="what such a file says holds once it is uploaded here"):
        second.sync()
    second.rest.upload("content/cargo/crates/", crate.packed())
    second.sync()
    assert second.registry.entry(name)["deps"] == first.registry.entry(name)["deps"] == []
    upstream.serve(wrong)
    with pytest.raises(Refused, match=f"`{name} 1.0.0`"):
        second.sync()


def test_upstream_cannot_take_over_dependencies_of_other_crates(
    stack: Stack, upstream: Upstream, copy_of: CopyOf, name: str
) -> None:
    """Beside crates of others, only the remote's own URL comes to mean the registry."""
    own = stack.make_registry()
    own.publish(Crate(name, deps=[Dep(name="secret", registry=ELSEWHERE)]))
    secret = Crate("secret", package={"description": name})
    upstream.serve([line_of(secret)], urls=[ELSEWHERE])
    remote = copy_of(upstream.index_url).remote
    stack.rest.post(f"{own.repository}sync/", remote=remote)
    assert own.entry("secret")["cksum"] == secret.cksum()
    assert own.entry(name)["deps"][0]["registry"] == ELSEWHERE
    own.publish(Crate(f"{name}-later", deps=[Dep(name="secret", registry=ELSEWHERE)]))
    assert own.entry(f"{name}-later")["deps"][0]["registry"] == ELSEWHERE
    assert upstream.index_url in stack.rest.get(own.repository)["index_aliases"]


def test_mirror_takes_all_urls_of_the_upstream_but_never_those_of_crates_io(
    upstream: Upstream, copy_of: CopyOf, name: str
) -> None:
    """Where everything is from the upstream, its URLs mean there what they mean here."""
    crates_io = [CRATES_IO, f"{CRATES_IO}.git", CRATES_IO_SPARSE]
    upstream.serve([line_of(Crate(name))], urls=[ELSEWHERE, *crates_io])
    copy = copy_of(upstream.index_url)
    for mirror, urls in ((False, set()), (True, {ELSEWHERE})):
        copy.sync(mirror=mirror)
        aliases = copy.rest.get(copy.registry.repository)["index_aliases"]
        assert sorted(aliases) == sorted({upstream.index_url} | urls)

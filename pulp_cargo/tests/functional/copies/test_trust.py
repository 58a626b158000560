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
        {"pubtime": "2025-05-05T05:05:05Z"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_each_copy_has_the_words_of_its_own_upstream(
    upstream: Upstream, copy_of: CopyOf, name: str, changes: dict[str, Any]
) -> None:
    """Nobody can say something false of a file first, and so change or stop another's copy."""
    false = told(Crate(name), **changes)
    upstream.serve([false])
    liar = copy_of(upstream.index_url)
    liar.sync()
    upstream.serve([line_of(Crate(name))])
    copy = copy_of(upstream.index_url)
    copy.sync()
    true = json.loads(line_of(Crate(name))["index_line"])
    (key,) = changes
    assert copy.registry.entry(name).get(key) == true.get(key)
    assert liar.registry.entry(name)[key] != true.get(key)


@pytest.mark.parametrize("mirror", [True, False], ids=["mirror", "additive"])
def test_upstream_may_correct_itself(
    upstream: Upstream, copy_of: CopyOf, name: str, mirror: bool
) -> None:
    """What it says today of the same file is what the next version of the copy says."""
    upstream.serve([told(Crate(name), links="z")])
    copy = copy_of(upstream.index_url)
    copy.sync(mirror=mirror)
    upstream.serve([line_of(Crate(name))])
    copy.sync(mirror=mirror)
    assert copy.version == 2
    assert "links" not in copy.registry.entry(name)


@pytest.mark.parametrize("policy", ["on_demand", "immediate"])
def test_checksum_of_a_private_crate_opens_nothing(
    stack: Stack, upstream: Upstream, copy_of: CopyOf, name: str, policy: str
) -> None:
    """It stands in every lock file; a listing that names it gets neither file nor metadata."""
    private = stack.make_registry(auth_required=True)
    secret = Crate(name, package={"description": "Top secret."})
    private.publish(secret)
    cksum = secret.cksum(private.index_url)
    upstream.serve([told(Crate(name), cksum=cksum) | {"cksum": cksum}])
    copy = copy_of(upstream.index_url, policy=policy)
    if policy == "immediate":
        with pytest.raises(Refused, match="404"):
            copy.sync()
        return
    copy.sync()
    answer = copy.registry.download(name)
    assert (answer.status, b"secret" in answer.body) == (502, False)
    (unit,) = copy.rest.list("content/cargo/crates/", name=name, repository_version=latest(copy))
    assert (unit["description"], unit["artifact"], unit["is_read"]) == (None, None, False)
    assert unit["size"] is None


def latest(copy: Copy) -> str:
    """Return the newest version of the copy's repository."""
    return str(copy.rest.get(copy.registry.repository)["latest_version_href"])


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


def test_file_in_the_repository_goes_before_all_words(
    upstream: Upstream, copy_of: CopyOf, name: str
) -> None:
    """Once it is uploaded there, what it says holds, whatever the upstream says of it later."""
    crate = Crate(name)
    upstream.serve([told(crate, deps=deps("evil"))])
    copy = copy_of(upstream.index_url)
    copy.sync()
    assert copy.registry.entry(name)["deps"] != []
    copy.rest.upload("content/cargo/crates/", crate.packed(), repository=copy.registry.repository)
    assert copy.registry.entry(name)["deps"] == []
    for mirror in (False, True):
        copy.sync(mirror=mirror)
        assert copy.registry.entry(name)["deps"] == []


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

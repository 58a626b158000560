"""A sync that takes only what a trusted key has signed."""

from collections.abc import Callable

import pytest

from pulp_cargo.tests.functional.copies.conftest import Copy
from pulp_cargo.tests.support import upstream as fake
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.keys import Key
from pulp_cargo.tests.support.rest import Refused
from pulp_cargo.tests.support.signed_state import sign
from pulp_cargo.tests.support.upstream import ROOT, Upstream

CopyOf = Callable[..., Copy]


def test_sync_takes_what_is_signed(
    upstream: Upstream, copy_of: CopyOf, name: str, key: Key
) -> None:
    """And nothing else: neither other bytes or yanks, nor a version or snapshot without signature."""
    first, second = Crate(name), Crate(name, "1.1.0")
    upstream.have(first)
    copy = copy_of(upstream.index_url, snapshot_keys=key.public)
    with pytest.raises(Refused, match=r"requires a signed snapshot, but .*snapshot\.json could"):
        copy.sync()
    sign(upstream, key, [first])
    copy.sync()
    assert copy.version == 1
    upstream.have(first, second)
    with pytest.raises(Refused, match=f"lists `{name} 1.1.0`, which is not in its signed"):
        copy.sync()
    changed = Crate(name, "1.1.0", package={"description": "Other bytes"})
    sign(upstream, key, [first, changed], version=8)
    with pytest.raises(Refused, match="which has another checksum or yank mark in its"):
        copy.sync()
    sign(upstream, key, [first, second], yanked=True, version=8)
    with pytest.raises(Refused, match="which has another checksum or yank mark in its"):
        copy.sync()
    sign(upstream, key, [first, second, Crate("zoo")], version=8)
    lines = upstream.bodies[f"{ROOT}snapshot.jsonl"]
    upstream.bodies[f"{ROOT}snapshot.jsonl"] = lines.replace(b'"zoo"', b'"zoom"')
    with pytest.raises(Refused, match=r"but `snapshot\.json` has"):
        copy.sync()
    assert copy.version == 1
    upstream.bodies[f"{ROOT}snapshot.jsonl"] = lines
    copy.sync()
    assert [line["vers"] for line in copy.registry.index(name)] == ["1.0.0", "1.1.0"]


def test_snapshot_of_somebody_else(
    upstream: Upstream, copy_of: CopyOf, name: str, key: Key
) -> None:
    """It is not accepted, whatever it says; without keys, it does not matter."""
    other = Key("Somebody <else@example.org>")
    upstream.have(Crate(name))
    sign(upstream, other, [Crate(name)])
    other.close()
    copy = copy_of(upstream.index_url, snapshot_keys=key.public)
    with pytest.raises(Refused, match="snapshot is not accepted: the signature"):
        copy.sync()
    assert copy.version == 0
    copy_of(upstream.index_url).sync()


def test_older_snapshot_is_refused(
    upstream: Upstream, copy_of: CopyOf, name: str, key: Key
) -> None:
    """Its signature is right, so only the number tells; a request can accept it."""
    first, second = Crate(name), Crate(name, "1.1.0")
    copy = copy_of(upstream.index_url, snapshot_keys=key.public)
    upstream.have(first, second)
    sign(upstream, key, [first, second], version=8)
    copy.sync(mirror=True)
    upstream.have(first)
    sign(upstream, key, [first], version=7)
    with pytest.raises(Refused) as refused:
        copy.sync(mirror=True)
    assert (
        "the upstream's snapshot of version 7 of the repository `team` in the domain `default`,"
        " created 2026-11-02T00:00:00Z, is older than that of version 8 of the repository `team`"
    ) in refused.value.text
    assert "sync once with `accept_older_snapshot`" in refused.value.text
    assert [line["vers"] for line in copy.registry.index(name)] == ["1.0.0", "1.1.0"]
    copy.sync(mirror=True, accept_older_snapshot=True)
    assert [line["vers"] for line in copy.registry.index(name)] == ["1.0.0"]
    upstream.have(first, second)
    sign(upstream, key, [first, second], version=7)
    with pytest.raises(Refused, match="is of other crates than that of version 7"):
        copy.sync(mirror=True)
    sign(upstream, key, [first, second], version=9)
    copy.sync(mirror=True)


def test_older_snapshot_by_another_key_of_the_same_remote(
    upstream: Upstream, copy_of: CopyOf, name: str, key: Key
) -> None:
    """While a key is being replaced, the old one is trusted as well; another URL begins anew."""
    new = Key("New <new@example.org>")
    first, second = Crate(name), Crate(name, "1.1.0")
    copy = copy_of(upstream.index_url, snapshot_keys=key.public + new.public)
    upstream.have(first, second)
    sign(upstream, new, [first, second], version=8)
    new.close()
    copy.sync()
    upstream.have(first)
    sign(upstream, key, [first], version=7)
    with pytest.raises(Refused, match="is older than that of version 8"):
        copy.sync()
    sign(upstream, key, [first], version=9, repository="other")
    with pytest.raises(Refused, match=r"`other` .* is of another repository than .* `team`"):
        copy.sync()
    with fake.running() as moved:
        moved.have(first)
        sign(moved, key, [first], version=1)
        copy.rest.patch(copy.remote, url=moved.index_url)
        copy.sync()


def test_snapshot_with_the_crates_of_the_newest_is_accepted(
    upstream: Upstream, copy_of: CopyOf, name: str, key: Key
) -> None:
    """A sync that failed after it was accepted can be repeated."""
    crate = Crate(name)
    upstream.have(crate)
    copy = copy_of(upstream.index_url, snapshot_keys=key.public)
    for version in (7, 8, 8):
        sign(upstream, key, [crate], version=version)
        upstream.says["ETag"] = f'"{version}-{len(upstream.asked)}"'
        copy.sync()
    assert copy.version == 1
    # Otherwise the next one after 7 could be one that was replaced since.
    sign(upstream, key, [crate], version=7)
    upstream.says["ETag"] = '"older"'
    with pytest.raises(Refused, match="is older than that of version 8"):
        copy.sync()


def test_who_may_accept_an_older_snapshot(
    upstream: Upstream, copy_of: CopyOf, name: str, key: Key
) -> None:
    """Only who may change the remote, and with it the trusted keys."""
    upstream.have(Crate(name))
    sign(upstream, key, [Crate(name)])
    copy = copy_of(upstream.index_url, snapshot_keys=key.public)
    owner = copy.rest.new_user("cargo.cargorepository_owner", on=copy.registry.repository)
    owner.post(f"{copy.registry.repository}sync/")
    with pytest.raises(Refused, match="the right to change a remote that you may not") as refused:
        owner.post(f"{copy.registry.repository}sync/", accept_older_snapshot=True)
    assert refused.value.status == 403
    remote = copy.rest.get(copy.remote)["name"]
    assert remote not in refused.value.text
    copy.rest.post(
        f"{copy.remote}add_role/", role="cargo.cargoremote_viewer", users=[(owner.auth or ("",))[0]]
    )
    with pytest.raises(Refused, match=f"the right to change the remote `{remote}`, with the"):
        owner.post(f"{copy.registry.repository}sync/", accept_older_snapshot=True)

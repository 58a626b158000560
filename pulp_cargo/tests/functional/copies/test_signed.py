"""A sync that takes only what a trusted key has signed."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from pulp_glue.cargo.snapshot import Entry, render_entry

from pulp_cargo.tests.functional.copies.conftest import Copy
from pulp_cargo.tests.support.bundles import head_bytes
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.keys import Key
from pulp_cargo.tests.support.rest import Refused
from pulp_cargo.tests.support.upstream import PUBTIME, ROOT, Upstream

CopyOf = Callable[..., Copy]


@pytest.fixture(scope="module")
def key() -> Iterator[Key]:
    """The key of the upstream."""
    made = Key()
    yield made
    made.close()


def sign(upstream: Upstream, key: Key, crates: Sequence[Crate], *, yanked: bool = False) -> None:
    """Give the upstream a signed snapshot of these crates."""
    entries = sorted(
        (Entry(one.name, one.vers, one.cksum(), yanked, PUBTIME) for one in crates),
        key=lambda entry: entry.key,
    )
    head = head_bytes(entries)
    upstream.bodies |= {
        f"{ROOT}snapshot.json": head,
        f"{ROOT}snapshot.json.asc": key.sign(head),
        f"{ROOT}snapshot.jsonl": b"".join(map(render_entry, entries)),
    }


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
    sign(upstream, key, [first, changed])
    with pytest.raises(Refused, match="which has another checksum or yank mark in its"):
        copy.sync()
    sign(upstream, key, [first, second], yanked=True)
    with pytest.raises(Refused, match="which has another checksum or yank mark in its"):
        copy.sync()
    sign(upstream, key, [first, second, Crate("zoo")])
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

"""The signed snapshot of an upstream."""

from collections.abc import Sequence

from pulp_glue.cargo.snapshot import Entry, render_entry

from pulp_cargo.tests.support.bundles import head_bytes
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.keys import Key
from pulp_cargo.tests.support.upstream import PUBTIME, ROOT, Upstream


def sign(
    upstream: Upstream,
    key: Key,
    crates: Sequence[Crate],
    *,
    yanked: bool = False,
    version: int = 7,
    repository: str = "team",
    past: str = "",
) -> None:
    """Give the upstream a signed snapshot of these crates; `past` is the path of an older state."""
    root = ROOT + past
    entries = sorted(
        (Entry(one.name, one.vers, one.cksum(), yanked, PUBTIME) for one in crates),
        key=lambda entry: entry.key,
    )
    head = head_bytes(entries, version=version, repository=repository)
    upstream.bodies |= {
        f"{root}snapshot.json": head,
        f"{root}snapshot.json.asc": key.sign(head),
        f"{root}snapshot.jsonl": b"".join(map(render_entry, entries)),
    }

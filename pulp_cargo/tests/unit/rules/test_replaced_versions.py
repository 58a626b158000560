"""Which versions of an index file have other bytes than before."""

import json

from pulp_cargo.protocol.upstream_index import UpstreamIndex, parse_index_file
from pulp_cargo.rules import replaced_versions
from pulp_cargo.rules.replaced_versions import gone_from, replaced_in, version_key

A, B = "a" * 64, "b" * 64


def index(*versions: tuple[str, str], yanked: bool = False) -> UpstreamIndex:
    """An index file with these versions and checksums."""
    lines = [
        json.dumps({"name": "leaf", "vers": vers, "cksum": cksum, "yanked": yanked})
        for vers, cksum in versions
    ]
    return parse_index_file("".join(f"{line}\n" for line in lines).encode(), "leaf")


def test_line_from_before_stays_for_other_bytes() -> None:
    """And for nothing else: new versions and those that are the same have the upstream's lines."""
    before = index(("1.0.0", A), ("1.1.0", A)).versions
    found = index(("1.0.0", B), ("1.1.0", A), ("1.2.0", B))
    replaced = replaced_in(found, before, ())
    assert replaced.cksums == {"1.0.0": (A, B)}
    served = parse_index_file(found.with_lines(replaced.lines), "leaf").versions
    assert {vers: one.cksum for vers, one in served.items()} == {
        "1.0.0": A,
        "1.1.0": A,
        "1.2.0": B,
    }
    assert served["1.0.0"].line == before["1.0.0"].line


def test_only_the_accepted_bytes_are_let_in() -> None:
    """Others of the same version are not."""
    before = index(("1.0.0", A)).versions
    found = index(("1.0.0", B))
    assert replaced_in(found, before, {version_key("1.0.0", B)}).cksums == {}
    other = {version_key("1.0.0", "c" * 64), version_key("1.1.0", B)}
    assert replaced_in(found, before, other).cksums == {"1.0.0": (A, B)}


def test_yank_of_replaced_bytes_counts_for_the_version() -> None:
    """Whoever finds the replacement yanks it; that is no reason to offer the version."""
    before = index(("1.0.0", A)).versions
    (line,) = replaced_in(index(("1.0.0", B), yanked=True), before, ()).lines.values()
    assert (json.loads(line)["cksum"], json.loads(line)["yanked"]) == (A, True)


def test_what_has_gone_is_remembered() -> None:
    """One by one, or with the whole crate."""
    before = index(("1.0.0", A), ("1.1.0", A)).versions
    assert list(gone_from(index(("1.1.0", A)), before)) == ["1.0.0"]
    assert list(gone_from(None, before)) == ["1.0.0", "1.1.0"]


def test_what_is_remembered_cannot_be_flushed_out(monkeypatch) -> None:
    """There is a limit, and the first ones stay within it."""
    before = index(("1.0.0", A), ("1.1.0", A)).versions
    size = len(before["1.0.0"].line)
    monkeypatch.setattr(replaced_versions, "MOST_GONE", size)
    assert list(gone_from(None, before)) == ["1.0.0"]

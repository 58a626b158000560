"""Index files of other registries; `crates_io_cfg_if.jsonl` is one of crates.io."""

from pathlib import Path

import pytest

from pulp_cargo.protocol.index import parse_line
from pulp_cargo.protocol.upstream_index import (
    UpstreamVersion,
    merged,
    parse_index_file,
    parse_lines_of,
)
from pulp_cargo.tests.unit.protocol.index_lines import CKSUM, body, line, without

FROZEN = Path(__file__).with_name("crates_io_cfg_if.jsonl").read_bytes()


def versions(*lines: str) -> list[str]:
    """Return the versions that are found in an index file."""
    return list(parse_index_file(body(*lines), "leaf").versions)


def test_file_of_crates_io():
    """Every line is a version, and its values are those that the line has."""
    index = parse_index_file(FROZEN, "cfg-if")
    assert len(index.versions) == FROZEN.count(b"\n") == 17
    assert index.versions["1.0.2"].yanked and not index.versions["1.0.3"].yanked
    for entry in index.versions.values():
        parsed = parse_line(entry.line)
        assert (entry.vers, entry.cksum) == (parsed.vers, parsed.cksum)
        assert (entry.yanked, entry.pubtime) == (parsed.yanked, parsed.pubtime)


def test_one_version_is_read_as_the_whole_file_has_it():
    """Whichever it is, among lines that mention others; none is found where there is none."""
    for vers, entry in parse_index_file(FROZEN, "cfg-if").versions.items():
        assert parse_lines_of(FROZEN, "cfg-if", vers).versions[vers] == entry
    assert list(parse_lines_of(body(line(), line("2.0.0")), "leaf", "2.0.0").versions) == ["2.0.0"]
    twice = body(line(), line(cksum=CKSUM.replace("0", "1")))
    both = parse_index_file(twice, "leaf"), parse_lines_of(twice, "leaf", "1.0.0")
    assert both[0].versions == both[1].versions
    none = parse_lines_of(FROZEN, "cfg-if", "9.9.9")
    assert (none.versions, none.serve()) == ({}, b"")


def test_file_is_served_as_it_came():
    """A mirror's lines are the upstream's, byte by byte (120)."""
    assert parse_index_file(FROZEN, "cfg-if").serve() == FROZEN


def test_file_is_served_without_some_versions():
    """The others stay as they came, in their order."""
    left = b"".join(
        line for line in FROZEN.splitlines(True) if b'"1.0.5"' not in line and b'"0.1' not in line
    )
    index = parse_index_file(FROZEN, "cfg-if")
    assert left.count(b"\n") == 5
    assert index.serve({"1.0.5", *(f"0.1.{n}" for n in range(11))}) == left
    endless = parse_index_file(body(line(), line("2.0.0")).rstrip(), "leaf")
    assert endless.serve({"1.0.0"}) == body(line("2.0.0"))


@pytest.mark.parametrize(
    "sent",
    [
        body(line()).rstrip(),
        b"\n\n" + body(line(), "", " "),
        body(line()).replace(b"\n", b"\r\n"),
        body(line(), line("2.0.0").replace(" ", "  ")),
        body(line(links="\u2028\x85\x0b"), line("2.0.0", new={"key": "ü"})),
        body(line(), "no JSON"),
    ],
)
def test_nothing_of_the_form_is_changed(sent):
    """Blanks, line ends, unknown keys, a missing last newline: all of it stays."""
    assert parse_index_file(sent, "leaf").serve() == sent


def test_what_a_version_says():
    """The line stays text; what is missing has cargo's default."""
    text = line(yanked=True, pubtime="2024-03-26T06:00:49Z", v=2, unknown=[1])
    assert parse_index_file(body(text), "leaf").versions == {
        "1.0.0": UpstreamVersion(text, "1.0.0", CKSUM, True, "2024-03-26T06:00:49Z")
    }
    bare = without("yanked")
    assert parse_index_file(body(bare), "leaf").versions == {
        "1.0.0": UpstreamVersion(bare, "1.0.0", CKSUM, False, None)
    }


@pytest.mark.parametrize(
    "pubtime", [None, 1, "", "yesterday", "2024-03-26T06:00:49.5Z", "2024-03-26T06:00:49+00:00"]
)
def test_time_in_another_form_is_none(pubtime):
    """Cargo reads one form only; rules must not take a word for an early time."""
    entry = parse_index_file(body(line(pubtime=pubtime)), "leaf").versions["1.0.0"]
    assert entry.pubtime is None


def test_line_of_a_later_format_is_a_version():
    """It has a name, a version and a checksum, and a cargo that knows it may ask for the file."""
    assert list(parse_index_file(body(line(v=9)), "leaf").versions) == ["1.0.0"]


@pytest.mark.parametrize(
    "odd",
    [
        "no JSON",
        "[]",
        "1",
        "{}",
        "[" * 100_000,
        "\ufeff" + line("2.0.0"),
        without("name").replace("1.0.0", "2.0.0") * 2,
        without("vers"),
        without("cksum"),
        line("2.0"),
        line("v2.0.0"),
        line(vers="2.0.0", cksum=None),
        line(vers="2.0.0", cksum=CKSUM.upper()),
        line(vers="2.0.0", cksum=CKSUM[1:]),
        line(vers="2.0.0", yanked="false"),
        line(vers="2.0.0", yanked=0),
        line(vers="2.0.0", v="2"),
        line(vers="2.0.0", v=True),
    ],
)
def test_line_that_cargo_loses_is_no_version(odd):
    """It stays in the whole file, for a cargo that can read it, and goes when a rule leaves out."""
    sent = body(line(), odd, line("3.0.0"))
    index = parse_index_file(sent, "leaf")
    assert list(index.versions) == ["1.0.0", "3.0.0"]
    assert index.serve() == sent
    assert index.serve({"3.0.0"}) == body(line())


@pytest.mark.parametrize("last", ["[]", "1", "NaN", '"leaf"'])
def test_last_line_that_is_no_version_may_lack_its_end(last):
    """It is JSON, so nothing was cut off."""
    sent = body(line()) + last.encode()
    assert parse_index_file(sent, "leaf").serve() == sent


def test_what_cargo_skips_may_be_odd():
    """Half of a character in an unknown key is nothing to lose a version for."""
    odd = line("2.0.0", new="x").replace('"x"', '"\\ud800"')
    assert "ud800" in odd
    assert versions(line(), odd) == ["1.0.0", "2.0.0"]


def test_versions_that_differ_in_build_metadata_are_two():
    """Crates.io has `openssl-src 110.0.0` and `110.0.0+1.1.0f`; to cargo each is a version."""
    assert versions(line("110.0.0"), line("110.0.0+1.1.0f")) == ["110.0.0", "110.0.0+1.1.0f"]


def test_of_two_lines_with_one_version_the_last_counts():
    """Releases of cargo differ in which they take, so that one alone is served."""
    first, last = line(cksum="a" * 64), line(cksum="b" * 64, yanked=True)
    index = parse_index_file(body(first, line("2.0.0"), last), "leaf")
    assert index.versions["1.0.0"].cksum == "b" * 64
    assert sorted(index.serve().splitlines()) == sorted(body(last, line("2.0.0")).splitlines())


@pytest.mark.parametrize("name", ["leaf", "Leaf", "LEAF"])
def test_name_is_that_of_the_crate_in_any_case(name):
    """The path is lower case, the names inside keep their published spelling."""
    assert versions(line(name=name)) == ["1.0.0"]


def test_versions_of_several_files():
    """Each is from the first that has it, and build metadata does not make it another one."""
    first, second = body(line("1.0.0", yanked=True)), body(line("1.0.0+b"), line("2.0.0"))
    assert merged([(first, ()), (second, ())], "leaf") == first + body(line("2.0.0"))
    assert merged([(second, ()), (first, ())], "leaf") == second


def test_builds_of_one_version_in_one_file():
    """All come, in their order, unless a file before has one of them or leaves one out."""
    both = body(line("0.4.0"), line("1.0.0"), line("0.4.0+25"))
    assert merged([(both, ())], "leaf") == body(line("0.4.0"), line("0.4.0+25"), line("1.0.0"))
    first = body(line("0.4.0+7"))
    assert merged([(first, ()), (both, ())], "leaf") == first + body(line("1.0.0"))
    assert merged([(b"", ["0.4.0+25"]), (both, ())], "leaf") == body(line("1.0.0"))


def test_version_that_is_left_out_of_one_file_is_not_taken_from_the_next():
    """Whoever leaves it out means the version; nothing may be left of a file, or of all."""
    later = body(line("1.0.0+b"), line("2.0.0"))
    assert merged([(b"", ["1.0.0"]), (later, ())], "leaf") == body(line("2.0.0"))
    assert merged([(b"", ["1.0.0", "2.0.0"]), (later, ())], "leaf") == b""

"""What an upstream may send in place of an index file."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.protocol.unavailable import UpstreamIndexEmpty, UpstreamIndexInvalid
from pulp_cargo.protocol.upstream_index import MAX_SIZE, parse_index_file
from pulp_cargo.tests.unit.protocol.index_lines import body, line
from pulp_cargo.tests.unit.protocol.properties import QUICK

FROZEN = Path(__file__).with_name("crates_io_cfg_if.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (body(line(), line("2.0.0"))[:-20], "ends in the middle of a line"),
        (body(line(), "<html>")[:-1], "ends in the middle of a line"),
        (b"<html><body>Sign in</body></html>\n", "none of its lines is a version"),
        (b'{"errors":[{"detail":"no"}]}\n', "none of its lines is a version"),
        (body(line(vers=1), "<html>"), "none of its lines is a version"),
        (b'[{"code":"Denied"}]\n', "none of its lines is a version"),
        (body(line()) + b"\0", "NUL"),
        (b"\x1f\x8b\x08garbage", "not UTF-8 at byte 1"),
        (line().encode("utf-16"), "NUL"),
        (body(line(), line("2.0.0", name="leave")), "another crate, 'leave'"),
        (body(line(name="le-af")), "another crate, 'le-af'"),
        (b" " * MAX_SIZE + b"{}", f"more than {MAX_SIZE}"),
    ],
)
def test_body_that_is_no_index_file(sent, said):
    """The sentence names the crate and what is wrong; what was stored before stays."""
    with pytest.raises(UpstreamIndexInvalid, match=rf"index file of `leaf`.*{said}") as caught:
        parse_index_file(sent, "leaf")
    assert caught.value.status == 502


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b" \r\n\n",
        b"{}",
        b"[]\n{}\n",
        b"null\n" * 100,
        body(line("not a version"), line(cksum=None)),
    ],
)
def test_file_without_a_crate_in_it(sent):
    """Cargo skips all its lines, and finds no such crate (crates.io#6159)."""
    with pytest.raises(UpstreamIndexEmpty, match="index file of `leaf`"):
        parse_index_file(sent, "leaf")


@pytest.mark.parametrize("sent", [b"<html>\n", b'{"errors":[]}\n', b"[" * 100_000 + b"\n", b"1\n"])
def test_page_in_place_of_the_file_says_nothing_of_the_crate(sent):
    """Else whoever answers in the upstream's place would make room for the next one of a list."""
    with pytest.raises(UpstreamIndexInvalid) as caught:
        parse_index_file(sent, "leaf")
    assert not isinstance(caught.value, UpstreamIndexEmpty)


def test_name_of_letters_that_are_lower_case_ascii_only_to_unicode():
    """The Kelvin sign is a `k` in lower case, and in no crate's name."""
    with pytest.raises(UpstreamIndexInvalid, match="another crate"):
        parse_index_file(body(line(name="lea\u212a")), "leak")


@pytest.mark.parametrize("cut", range(1, len(FROZEN), 97))
def test_file_cut_off_anywhere(cut):
    """It is refused, unless a line ends there: that much only the announced length can tell."""
    sent = FROZEN[:cut]
    if FROZEN[cut - 1 : cut + 1] in (b"}\n", b"\n{"):
        assert parse_index_file(sent, "cfg-if").serve() == sent
        return
    with pytest.raises(UpstreamIndexInvalid, match="in the middle"):
        parse_index_file(sent, "cfg-if")


@QUICK
@given(
    st.binary() | st.text().map(str.encode) | st.lists(st.text()).map(lambda t: body(line(), *t))
)
def test_any_bytes_are_an_index_file_or_refused(data):
    """Nothing but UpstreamIndexInvalid comes of a bad body, and a good one is served as it came."""
    with contextlib.suppress(UpstreamIndexInvalid):
        assert parse_index_file(data, "leaf").serve() == data

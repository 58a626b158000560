"""Archives as no honest tool writes them: every field of a header may be odd, and what follows."""

from collections.abc import Callable

from hypothesis import strategies as st

from pulp_cargo.tests.unit.protocol.archives import (
    BLOCK,
    END,
    MANIFEST,
    Member,
    manifest,
    pax_record,
)

ROOT = b"leaf-1.0.0/"
USTAR, GNU, OLD = b"ustar\x0000", b"ustar  \0", bytes(8)
MAGICS = (USTAR, GNU, OLD)
ODD_MAGICS = (b"ustar\0\0\0", b"ustar 00", b"USTAR\x0000", b"ustar\0 \0", b"ustar  0", b"\0ustar00")

# How the number of bytes that follow may be written into the twelve bytes for it.
SIZES: dict[str, Callable[[int], bytes]] = {
    "octal": lambda size: b"%011o\0" % size,
    "octal to the end": lambda size: b"%012o" % size,
    "octal and a space": lambda size: b"%011o " % size,
    "octal between spaces": lambda size: b"%11o " % size,
    "octal before spaces": lambda size: b"%-12o" % size,
    "octal before nulls": lambda size: (b"%o" % size).ljust(12, b"\0"),
    "digits after a null": lambda size: b"%07o\x007777" % size,
    "digits after a space": lambda size: b"%07o 7777" % size,
    "a null first": lambda size: b"\0%011o" % size,
    "a plus": lambda size: b"+%010o\0" % size,
    "a minus": lambda size: b"-%010o\0" % size,
    "a tab first": lambda size: b"\t%010o\0" % size,
    "a tab last": lambda size: b"%010o\t\0" % size,
    "decimal": lambda size: b"%011d\0" % size,
    "hexadecimal": lambda size: b"0x%09x\0" % size,
    "base 256": lambda size: b"\x80" + size.to_bytes(11, "big"),
    "base 256 with high bits": lambda size: b"\x80\1\1\1" + size.to_bytes(8, "big"),
    "base 256, negative": lambda size: b"\xff" * 4 + size.to_bytes(8, "big"),
    "nulls": lambda size: bytes(12),
    "spaces": lambda size: b" " * 12,
    "a byte more": lambda size: b"%011o\0" % (size + 1),
    "a block more": lambda size: b"%011o\0" % (size + BLOCK),
    "zero": lambda size: b"%011o\0" % 0,
    "huge": lambda size: b"7" * 12,
}

# How the sum of a header's bytes may be written into the eight bytes for it.
CHECKSUMS: dict[str, Callable[[bytes], bytes]] = {
    "usual": lambda header: b"%06o\0 " % sum(header),
    "to the end": lambda header: b"%08o" % sum(header),
    "after spaces": lambda header: b"%7o\0" % sum(header),
    "before nulls": lambda header: (b"%o" % sum(header)).ljust(8, b"\0"),
    "digits after a null": lambda header: b"%05o\x0077" % sum(header),
    "digits after a space": lambda header: b"%05o 77" % sum(header),
    "a plus": lambda header: b"+%06o\0" % sum(header),
    "a tab first": lambda header: b"\t%06o\0" % sum(header),
    "decimal": lambda header: b"%07d\0" % sum(header),
    "of signed bytes": lambda header: b"%06o\0 " % sum(memoryview(header).cast("b")),
    "one more": lambda header: b"%06o\0 " % (sum(header) + 1),
    "nulls": lambda header: bytes(8),
}


def sealed(member: bytes, checksum: str = "usual") -> bytes:
    """Return a member whose header has a checksum of this kind, made as if it were spaces."""
    blank = member[:148] + b" " * 8 + member[156:BLOCK]
    return blank[:148] + CHECKSUMS[checksum](blank) + blank[156:] + member[BLOCK:]


def sized(member: Member, size: str) -> bytes:
    """Return a member whose size is written in this way."""
    field = SIZES[size](len(member.content))
    rendered = member.render()
    return sealed(rendered[:124] + field + rendered[136:])


def record(key: bytes, value: bytes) -> bytes:
    """Return a record of a pax header."""
    # The length of a record counts its own digits, which the helper does for texts.
    length = len(pax_record("k", "v" * (len(key) + len(value) - 1)))
    return b"%d %s=%s\n" % (length, key, value)


def hidden(text: bytes) -> bytes:
    """Return a record whose value has lines that are records themselves."""
    return record(b"comment", b"x\n" + text.removesuffix(b"\n"))


def _mostly(usual: st.SearchStrategy, seldom: st.SearchStrategy) -> st.SearchStrategy:
    return st.integers(0, 11).flatmap(lambda turn: usual if turn < 11 else seldom)


_paths = _mostly(
    st.sampled_from([ROOT + name for name in (b"Cargo.toml", b"a", b"src/", b"README", b"d" * 89)]),
    st.sampled_from((b"", b"a", b"/a", b"leaf-1.0.0", ROOT, ROOT + b"\xff", ROOT + b"../a")),
)
_contents = st.sampled_from((b"", b"x", MANIFEST, b"[package]\n", b"y" * BLOCK, b"z" * 700, END))
_long_names = st.builds(
    bytes.__add__,
    _paths | st.just(ROOT + b"a" * 120),
    _mostly(st.just(b"\0"), st.sampled_from((b"", b"\0\0", b"\n", b"\0a\0"))),
)

_keys = st.sampled_from((b"path", b"size", b"linkpath", b"mtime", b"uid", b"comment"))
_odd_keys = st.sampled_from((b"", b"GNU.sparse.name", b"pa\nth", b"\xff", b" path", b"PATH"))
_values = st.sampled_from((ROOT + b"Cargo.toml", ROOT + b"b", b"0", b"1", b"512", b"700"))
_odd_values = st.sampled_from(
    (*(b"", b"+1", b"01", b"-1", b" 1", b"1 ", b"1\0", b"9" * 20), b"x=y", b"\n", b"a\nb", b"\xff")
)
_records = st.builds(record, _mostly(_keys, _odd_keys), _mostly(_values, _odd_values))
_odd_records = (
    st.sampled_from((b"\n", b" ", b"\0", b"nonsense", b"5 a=\n", b"3 \n", b"1 =\n", b"4 a\n"))
    | _records.map(hidden)
    | st.builds(lambda text, cut: text[cut:], _records, st.integers(1, 5))
    | st.builds(lambda text, digits: digits + text, _records, st.sampled_from((b"0", b"+", b"1")))
)
pax_headers = st.lists(_mostly(_records, _odd_records), min_size=1, max_size=3).map(b"".join)


@st.composite
def members(draw: st.DrawFn) -> bytes:
    """Draw a file, a folder, an extension for what follows, or something else with a header."""
    flags, odd_flags = "0000xxLLK5\0", "1234567gSVNX"
    flag = draw(_mostly(st.sampled_from(flags), st.sampled_from(odd_flags))).encode()
    contents = {b"x": pax_headers, b"L": _long_names, b"K": _long_names, b"5": st.just(b"")}
    member = Member(
        draw(_paths),
        draw(contents.get(flag, _contents)),
        flag=flag,
        magic=draw(_mostly(st.sampled_from((USTAR, GNU)), st.sampled_from((OLD, *ODD_MAGICS)))),
        prefix=draw(_mostly(st.just(b""), st.sampled_from((b"leaf-1.0.0", b"leaf-1.0.0/src")))),
    )
    rendered = sized(member, draw(_mostly(st.just("octal"), st.sampled_from(list(SIZES)))))
    return sealed(rendered, draw(_mostly(st.just("usual"), st.sampled_from(list(CHECKSUMS)))))


_ends = _mostly(
    st.just(END),
    st.sampled_from((b"", bytes(1), bytes(BLOCK), bytes(BLOCK + 1), bytes(9 * BLOCK), END + b"x"))
    | st.builds(bytes.__add__, st.sampled_from((bytes(BLOCK), END)), members()),
)


_extended = st.builds(
    lambda name, flag, member: Member(b"x", name, flag, magic=GNU).render() + member.render(),
    _long_names,
    st.sampled_from((b"L", b"K")),
    st.builds(Member, st.just(ROOT + b"a"), flag=st.sampled_from((b"0", b"2")), link=st.just(b"b")),
)
_links = st.builds(
    Member,
    st.sampled_from([ROOT + name for name in (b"a", b"src", b"src/a", b"README", b"Cargo.toml")]),
    flag=st.sampled_from((b"1", b"2")),
    link=st.sampled_from((b".", b"..", b"src", b"Cargo.toml", ROOT + b"Cargo.toml", ROOT + b"a")),
)
_parts = st.sampled_from(
    (b"Cargo.toml", b"cargo.toml", b"a", b"src", b"README", b".", b"..", b"", b"Cargo.toml.")
)
_behind = st.builds(
    Member,
    st.lists(_parts, min_size=1, max_size=3).map(lambda parts: ROOT + b"/".join(parts)),
    _contents,
    st.sampled_from((b"0", b"0", b"\0", b"7", b"V")),
)


@st.composite
def linked_archives(draw: st.DrawFn) -> bytes:
    """Draw a crate with links and files that may be behind them, with or without an end marker."""
    parts = draw(st.lists(_mostly(_links | _behind, _extended), min_size=1, max_size=5))
    files = [
        manifest().render(),
        *(one if isinstance(one, bytes) else one.render() for one in parts),
    ]
    return b"".join(draw(st.permutations(files))) + draw(st.sampled_from((END, b"", bytes(BLOCK))))


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """Draw an archive; now and then a byte of a block is another, and the checksum agrees."""
    archive = b"".join(draw(st.lists(members(), max_size=4)))
    for _ in range(draw(_mostly(st.just(0), st.integers(1, 2)))):
        block = BLOCK * draw(st.integers(0, len(archive) // BLOCK))
        changed = bytearray(archive[block:])
        changed[draw(st.integers(0, BLOCK - 1)) : BLOCK][:1] = bytes([draw(st.integers(0, 255))])
        archive = archive[:block] + sealed(bytes(changed))
    return archive + draw(_ends)

"""An index file of another registry (Cargo Book, Registry Index, "Index Format").

A cache serves the lines as received, so it parses only what it needs: versions, checksums, and the
fields that policies use. Everything else in a line is for cargo.
"""

import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from pulp_cargo.protocol.index import CKSUM, LONGEST_LINE, is_pubtime
from pulp_cargo.protocol.packed_index import MAX_SIZE
from pulp_cargo.protocol.semver import is_version, parse_version
from pulp_cargo.protocol.unavailable import UpstreamIndexEmpty, UpstreamIndexInvalid


class _Line(msgspec.Struct, frozen=True, gc=False):
    """The fields that we need of a line, of any type; skipping others takes a tenth of the time."""

    name: Any = None
    vers: Any = None
    cksum: Any = None
    yanked: Any = None
    pubtime: Any = None
    v: Any = None


_DECODER = msgspec.json.Decoder(_Line)


class UpstreamVersion(msgspec.Struct, frozen=True, gc=False):
    """A version in the upstream's index: its line as received, and the parsed fields.

    `pubtime` is None where it is missing or no time; times of this form sort as text.
    """

    line: str
    vers: str
    cksum: str
    yanked: bool
    pubtime: str | None


# Maximum length of a line for the slow parser, which creates objects for everything in it.
LONGEST_ODD_LINE = 256 * 1024
# A file may consist of newlines, which are skipped.
_LINES = re.compile(rb"[^\n]+")

# Lines that cargo would skip take longer than others, and an index has hardly any.
MOST_SKIPPED = 1_000


@dataclass(frozen=True, slots=True)
class UpstreamIndex:
    """An index file: its bytes, and its versions by `vers`, in the order of the file.

    Not all lines are versions. One that cargo skips or marks as broken (no JSON, no checksum, a
    `yanked` that is a string) has no file that could be downloaded here, so no policy applies to
    it. It stays in a file that is served whole: cargo from 1.85 on names such versions in
    its errors, and a later cargo may be able to read them.
    """

    body: bytes
    versions: Mapping[str, UpstreamVersion]
    is_sound: bool

    def serve(self, left_out: Container[str] = ()) -> bytes:
        """Return the file without some versions; if none is left out, the upstream's exact bytes.

        Leaving out a version also drops the lines that are no versions: a policy may mean them,
        too.
        """
        staying = [entry.line for vers, entry in self.versions.items() if vers not in left_out]
        if self.is_sound and len(staying) == len(self.versions):
            return self.body
        return "".join(f"{line}\n" for line in staying).encode()

    def with_lines(self, lines: Mapping[str, str]) -> bytes:
        """Return the file with new lines for some versions; without lines that are no versions."""
        served = (lines.get(vers, entry.line) for vers, entry in self.versions.items())
        return "".join(f"{line}\n" for line in served).encode()


def merged(parts: Iterable[tuple[bytes, Iterable[str]]], name: str) -> bytes:
    """Merge several index files; each version is from the first that has it.

    Each file comes with the versions that were left out of it: no later file can supply these.
    Versions that differ in build metadata only count as one (SemVer 2.0, 10), but all of one file
    are included.
    """
    lines: dict[str, list[str]] = {}
    for body, left_out in parts:
        # Nothing may remain of a file.
        found = parse_index_file(body, name).versions if body else {}
        served = {vers: f"{entry.line}\n" for vers, entry in found.items()}
        own: dict[str, list[str]] = {}
        for vers, line in (served | dict.fromkeys(left_out, "")).items():
            own.setdefault(parse_version(vers).without_build, []).append(line)
        lines |= {number: builds for number, builds in own.items() if number not in lines}
    return "".join(line for builds in lines.values() for line in builds).encode()


def parse_index_file(body: bytes, name: str) -> UpstreamIndex:
    """Parse the index file of a crate; raises UpstreamIndexInvalid.

    A file without a crate raises UpstreamIndexEmpty.

    If two lines have the same version, the last counts, as in cargo up to 1.95; later releases may
    use the checksum of the first. Only one file can be stored, so other lines are never served.
    """
    versions: dict[str, UpstreamVersion] = {}
    repeated = False
    for entry in _entries(_text(body, name), name):
        repeated = repeated or entry.vers in versions
        versions[entry.vers] = entry
    if not versions:
        if _is_about_nothing(body):
            raise UpstreamIndexEmpty(name)
        raise UpstreamIndexInvalid(name, "none of its lines is a version of a crate")
    return UpstreamIndex(body, versions, is_sound=not repeated)


def parse_lines_of(body: bytes, name: str, vers: str) -> UpstreamIndex:
    """Parse only those lines that may be about a version, in a tenth of the time.

    The whole file was parsed when it was received; errors in other lines are not detected here.

    >>> parse_lines_of(b"{}", "a", "1.0.0").versions
    {}
    """
    mark = f'"{vers}"'.encode()
    lines = b"".join(one[0] + b"\n" for one in _LINES.finditer(body) if mark in one[0])
    return parse_index_file(lines, name) if lines else UpstreamIndex(b"", {}, is_sound=True)


def _text(body: bytes, name: str) -> str:
    if len(body) > MAX_SIZE:
        raise UpstreamIndexInvalid(name, f"it has {len(body)} bytes, more than {MAX_SIZE}")
    if not body.strip():
        raise UpstreamIndexEmpty(name)
    if b"\0" in body:
        raise UpstreamIndexInvalid(name, "it has a NUL character")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise UpstreamIndexInvalid(name, f"it is not UTF-8 at byte {error.start}") from error


def _entries(text: str, name: str) -> Iterator[UpstreamVersion]:
    # Not splitlines, which splits at characters that JSON allows in strings.
    at = skipped = 0
    # Not all at once: a file of newlines would be millions of lines.
    while (end := text.find("\n", at)) >= 0:
        line, at = text[at:end], end + 1
        values = _read(line) if line else None
        if values is not None and (entry := _entry(line, values, name)):
            yield entry
        else:
            skipped += 1
            if skipped > MOST_SKIPPED:
                what = f"more than {MOST_SKIPPED} of its lines are not versions of the crate"
                raise UpstreamIndexInvalid(name, what)
    last = text[at:]
    if not last.strip():
        return
    # Some registries end without a newline. A truncated line is never JSON.
    values = _read(last)
    if values is None:
        raise UpstreamIndexInvalid(name, "it ends in the middle of a line")
    if entry := _entry(last, values, name):
        yield entry


def _is_about_nothing(body: bytes) -> bool:
    """Whether a file without versions is still an index file, of lines that cargo skips.

    An HTML page or an error in JSON in its place says nothing about the crate.
    """
    lines = (found[0] for found in _LINES.finditer(body))
    return all(_is_skipped(line) for line in lines if line.strip())


def _is_skipped(line: bytes) -> bool:
    if len(line) > LONGEST_ODD_LINE:
        return False
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return not values or (isinstance(values, dict) and isinstance(values.get("name"), str))


def _read(line: str) -> _Line | None:
    """Parse a line; None if it is not JSON, or too long to be a version."""
    if len(line) > LONGEST_LINE:
        return None
    try:
        return _DECODER.decode(line)
    except (msgspec.MsgspecError, RecursionError):
        return _read_leniently(line)


def _read_leniently(line: str) -> _Line | None:
    """Parse a line as leniently as cargo, which accepts lone surrogates in keys that it skips."""
    if len(line) > LONGEST_ODD_LINE:
        return None
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    known = values if isinstance(values, dict) else {}
    return _Line(**{key: known.get(key) for key in _Line.__struct_fields__})


def _entry(line: str, values: _Line, name: str) -> UpstreamVersion | None:
    """Return the version in a line, None if cargo finds none in it."""
    _require_name(values.name, name)
    vers, cksum, yanked, v = values.vers, values.cksum, values.yanked, values.v
    if not (isinstance(cksum, str) and CKSUM.fullmatch(cksum)):
        return None
    if not (isinstance(vers, str) and is_version(vers)):
        return None
    # In Python, true is a number.
    if not isinstance(yanked, bool | None) or not isinstance(v, int | None) or type(v) is bool:
        return None
    return UpstreamVersion(line, vers, cksum, bool(yanked), _pubtime(values.pubtime))


def _require_name(found: object, name: str) -> None:
    # An index file is for all spellings that differ in case, and no others.
    if isinstance(found, str) and (found.lower() != name.lower() or not found.isascii()):
        raise UpstreamIndexInvalid(name, f"it has a line of another crate, {found[:80]!r}")


def _pubtime(value: object) -> str | None:
    # Cargo 1.94 loses a version with a time of another form, 1.93 ignores the time.
    return value if isinstance(value, str) and is_pubtime(value) else None

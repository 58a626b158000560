"""A snapshot: what a repository version has, in a canonical form that can be signed.

`snapshot.jsonl` has a line for each crate version, in the order of name and version:

    {"name":"leaf","vers":"1.0.0","cksum":"…","yanked":false,"pubtime":"2026-11-01T12:00:00Z"}

`snapshot.json` is one line, the head. Its `root` is that of the Merkle tree whose leaves are the
lines (RFC 9162, 2.1.1), so who signs the head signs every line:

    {"snapshot":1,"domain":"default","repository":"team","version":42,
     "created":"2026-11-01T12:00:00Z","count":1,"root":"…"}

There is one way to write each, byte for byte, and parsers refuse every other. Both come from other
machines. The server and the client use this module, which knows neither Django nor HTTP.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from pulp_glue.cargo.export.versions import CKSUM, LONGEST_VERS, NAME, VERS

FORMAT = 1
HEAD, SIGNATURE, LINES = "snapshot.json", "snapshot.json.asc", "snapshot.jsonl"
# Maximum bytes of a head, of a signature, and of a line with its line feed: a name has 64 characters,
# a version 150.
MOST_HEAD = 4 * 1024
MOST_SIGNATURE = 64 * 1024
MOST_LINE = 512

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}Z")
_LARGEST = 2**53


class InvalidSnapshot(Exception):
    """A snapshot is damaged, or not in the canonical form; the message says where."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A crate version in a snapshot; `pubtime` is the time in its index line, None without one."""

    name: str
    vers: str
    cksum: str
    yanked: bool
    pubtime: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What identifies a crate version, and orders the lines."""
        return self.name, self.vers

    @property
    def file_name(self) -> str:
        """The name of its file, as in cargo's local registries."""
        return f"{self.name}-{self.vers}.crate"


@dataclass(frozen=True, slots=True)
class Head:
    """What a snapshot is of, how many crate versions it has, and the root of their tree in hex."""

    domain: str
    repository: str
    version: int
    created: str
    count: int
    root: str

    @property
    def what(self) -> str:
        """Words for messages."""
        return f"version {self.version} of the repository `{self.repository}`"


class MerkleTree:
    """The root of a Merkle tree whose leaves are added one by one (RFC 9162, 2.1.1).

    It has only the roots of complete subtrees, at most one of each height.
    """

    def __init__(self) -> None:
        self._subtrees: list[tuple[int, bytes]] = []
        self.count = 0

    def add(self, leaf: bytes) -> None:
        """Add the next leaf."""
        height, digest = 0, hashlib.sha256(b"\0" + leaf).digest()
        while self._subtrees and self._subtrees[-1][0] == height:
            digest = _node(self._subtrees.pop()[1], digest)
            height += 1
        self._subtrees.append((height, digest))
        self.count += 1

    def root(self) -> str:
        """Return the root of all leaves so far, in hex.

        >>> MerkleTree().root()
        'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
        """
        if not self._subtrees:
            return hashlib.sha256().hexdigest()
        digest = self._subtrees[-1][1]
        for _, left in reversed(self._subtrees[:-1]):
            digest = _node(left, digest)
        return digest.hex()


def render_entry(entry: Entry) -> bytes:
    """Return the line of a crate version, with its line feed.

    >>> render_entry(Entry("leaf", "1.0.0", "ab" * 32, False))[-30:]
    b'","yanked":false,"pubtime":null}\\n'[-30:]
    """
    return _line(
        {
            "name": entry.name,
            "vers": entry.vers,
            "cksum": entry.cksum,
            "yanked": entry.yanked,
            "pubtime": entry.pubtime,
        }
    )


def leaf_of(line: bytes) -> bytes:
    """Return what the tree hashes of a line: all of it but the line feed."""
    return line.removesuffix(b"\n")


def parse_entry(line: bytes) -> Entry:
    """Return the crate version of a line; raises InvalidSnapshot for any but the canonical form."""
    values = _object(line, f"the line {_shown(line)}")
    entry = Entry(
        _text(values, "name", NAME),
        _vers(values),
        _text(values, "cksum", CKSUM),
        values.get("yanked") is True,
        None if values.get("pubtime") is None else _time(values, "pubtime"),
    )
    if render_entry(entry) != line:
        raise InvalidSnapshot(f"the line {_shown(line)} is not in the canonical form")
    return entry


def render_head(head: Head) -> bytes:
    """Return the content of `snapshot.json`."""
    return _line(
        {
            "snapshot": FORMAT,
            "domain": head.domain,
            "repository": head.repository,
            "version": head.version,
            "created": head.created,
            "count": head.count,
            "root": head.root,
        }
    )


def parse_head(data: bytes) -> Head:
    """Return the head in a `snapshot.json`; raises InvalidSnapshot for any but the canonical form."""
    values = _object(data, f"`{HEAD}`")
    if values.get("snapshot") != FORMAT:
        raise InvalidSnapshot(f"`{HEAD}` is not a snapshot of format {FORMAT}")
    head = Head(
        _text(values, "domain"),
        _text(values, "repository"),
        _number(values, "version"),
        _time(values, "created"),
        _number(values, "count"),
        _text(values, "root", CKSUM),
    )
    if render_head(head) != data:
        raise InvalidSnapshot(f"`{HEAD}` is not in the canonical form")
    return head


def read_entries(lines: BinaryIO, head: Head) -> Iterator[Entry]:
    """Yield the crate versions of a `snapshot.jsonl`, and check at its end that they are the head's.

    So a caller must read all before it relies on any. Raises InvalidSnapshot.
    """
    tree, before = MerkleTree(), ("", "")
    while line := lines.readline(MOST_LINE + 1):
        entry = parse_entry(line)
        if entry.key <= before:
            raise InvalidSnapshot(
                f"`{entry.name} {entry.vers}` in `{LINES}` is not in order after"
                f" `{before[0]} {before[1]}`"
            )
        tree.add(leaf_of(line))
        before = entry.key
        if tree.count > head.count:
            break
        yield entry
    require_root(tree, head)


def require_root(tree: MerkleTree, head: Head) -> None:
    """Raise InvalidSnapshot unless a tree is that of the head."""
    if tree.count != head.count:
        more = "more" if tree.count > head.count else f"{tree.count}"
        raise InvalidSnapshot(
            f"`{HEAD}` announces {head.count} crate versions, but `{LINES}` has {more}"
        )
    if tree.root() != head.root:
        raise InvalidSnapshot(
            f"the crate versions in `{LINES}` have the root {tree.root()}, but `{HEAD}` has {head.root}"
        )


def head_of(
    entries: Iterable[Entry], *, domain: str, repository: str, version: int, created: str
) -> Head:
    """Return the head of crate versions that are in order."""
    tree = MerkleTree()
    for entry in entries:
        tree.add(leaf_of(render_entry(entry)))
    return Head(domain, repository, version, created, tree.count, tree.root())


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _object(data: bytes, what: str) -> dict[str, Any]:
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidSnapshot(f"{what} is not JSON") from error
    if not isinstance(values, dict):
        raise InvalidSnapshot(f"{what} is not a JSON object")
    return values


def _text(values: dict[str, Any], key: str, pattern: re.Pattern[str] | None = None) -> str:
    value = values.get(key)
    if not isinstance(value, str) or (pattern and not pattern.fullmatch(value)):
        raise InvalidSnapshot(f"`{key}` of a snapshot is {_shown(value)}")
    if "\0" in value or not value.isprintable():
        raise InvalidSnapshot(f"`{key}` of a snapshot is {_shown(value)}")
    return value


def _time(values: dict[str, Any], key: str) -> str:
    """Return a time that exists, not such as the 31st of February."""
    text = _text(values, key, _TIME)
    try:
        datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError as error:
        raise InvalidSnapshot(f"`{key}` of a snapshot is {_shown(text)}") from error
    return text


def _vers(values: dict[str, Any]) -> str:
    vers = _text(values, "vers", VERS)
    if len(vers) > LONGEST_VERS:
        raise InvalidSnapshot(f"`vers` of a snapshot has more than {LONGEST_VERS} characters")
    return vers


def _number(values: dict[str, Any], key: str) -> int:
    value = values.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _LARGEST:
        raise InvalidSnapshot(f"`{key}` of a snapshot is {_shown(value)}")
    return value


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]}…"

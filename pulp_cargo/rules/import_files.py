"""Which files of another registry an import uses, recognised by their paths.

The layouts and where they are documented are listed in docs/dev/import-layouts.md. All of them have
`.crate` files in some folders, and most have an index of cargo's format in another, so that no kind
of registry has to be named.
"""

import re
from enum import Enum

from pulp_cargo.protocol.names import CRATE_NAME
from pulp_cargo.protocol.paths import name_at
from pulp_cargo.protocol.semver import is_version

CRATE_SUFFIX = ".crate"
# In the folder of each crate that `cargo vendor` has unpacked.
CHECKSUMS = ".cargo-checksum.json"
# kellnr's database, and the log of its last changes (SQLite, "Write-Ahead Logging").
DATABASE = "db.sqlite"
DATABASE_FILES = (DATABASE, f"{DATABASE}-wal")

_DIGEST = re.compile(r"[0-9a-f]{64}")
# Pulp stores a file below the first two digits of its digest.
_ARTIFACT = re.compile(r"(?:.*/)?artifact/[0-9a-f]{2}/[0-9a-f]{62}")
_PLAIN = r"(?!\.\.?(?:/|\Z))[^/\0]+"
# What `git` needs to read the newest commit: the objects, and the references that lead to it.
_GIT = re.compile(
    r"(?P<place>(?:.*/)?)"
    r"(?P<file>HEAD|packed-refs"
    rf"|refs/heads(?:/{_PLAIN})+"
    r"|objects/info/alternates"
    r"|objects/pack/pack-[0-9a-f]{40,64}\.(?:pack|idx)"
    r"|objects/[0-9a-f]{2}/(?:[0-9a-f]{38}|[0-9a-f]{62}))"
)


class Kind(Enum):
    """What a file is for an import."""

    CRATE = "a .crate file"
    MAYBE_CRATE = "a file that may be a .crate file by its content"
    INDEX = "an index file"
    CHECKSUMS = "the checksums of an unpacked crate"
    DATABASE = "a file of kellnr's database"
    GIT = "a file of a git repository"
    OTHER = "a file that is not imported"


def kind_of(path: str) -> Kind:
    """Return the kind of a file by its path below the folder or archive.

    >>> kind_of("crates/a-1.0.0.crate"), kind_of("index/se/rd/serde").name
    (<Kind.CRATE: 'a .crate file'>, 'INDEX')
    >>> kind_of("crates/serde/1.0.0/download").name, kind_of("download").name
    ('CRATE', 'MAYBE_CRATE')
    >>> kind_of("index/.git/objects/pack/pack-" + 40 * "0" + ".idx").name, kind_of("README.md").name
    ('GIT', 'OTHER')
    """
    name = path.rpartition("/")[2]
    if name.endswith(CRATE_SUFFIX):
        return Kind.CRATE
    if name == "download":
        return Kind.CRATE if _is_of_version(path) else Kind.MAYBE_CRATE
    if name == CHECKSUMS:
        return Kind.CHECKSUMS
    if name in DATABASE_FILES:
        return Kind.DATABASE
    # Before index files, of which a crate with such a name would have one.
    if _DIGEST.fullmatch(name) or _ARTIFACT.fullmatch(path):
        return Kind.MAYBE_CRATE
    if index_name(path) is not None:
        return Kind.INDEX
    return Kind.GIT if _GIT.fullmatch(path) else Kind.OTHER


def index_name(path: str) -> str | None:
    """Return the lower-case name of the crate whose index file has such a path, None for no such path.

    The index may be in any folder. Some registries leave the case of names in paths unchanged.

    >>> index_name("data/index/se/rd/serde"), index_name("Se/rd/Serde"), index_name("3/l/log")
    ('serde', 'serde', 'log')
    >>> index_name("src/serde"), index_name("x/2/io")
    (None, 'io')
    """
    parts = path.lower().rsplit("/", 3)[-3:]
    return name_at("/".join(parts)) or name_at("/".join(parts[-2:]))


def git_file(path: str) -> tuple[str, str]:
    """Return the folder of the git repository that a file of kind GIT belongs to, and its path there.

    >>> git_file("index/.git/refs/heads/main"), git_file("HEAD")
    (('index/.git/', 'refs/heads/main'), ('', 'HEAD'))
    """
    found = _GIT.fullmatch(path)
    if found is None:
        raise ValueError(f"{path!r} is not a file of a git repository")
    return found["place"], found["file"]


def _is_of_version(path: str) -> bool:
    """Whether a path ends like that of a default download URL (Cargo Book, "Index Configuration")."""
    parts = path.split("/")
    return len(parts) > 2 and bool(CRATE_NAME.fullmatch(parts[-3])) and is_version(parts[-2])

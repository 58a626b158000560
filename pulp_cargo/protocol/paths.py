"""Paths of index files (Cargo Book, Registry Index, "Index Files")."""

from pulp_cargo.protocol.names import CRATE_NAME


def index_prefix(name: str) -> str:
    """Return the folders before a crate's name, with the case of its letters unchanged.

    >>> index_prefix("a"), index_prefix("io"), index_prefix("log"), index_prefix("Serde")
    ('1', '2', '3/l', 'Se/rd')
    """
    if len(name) <= 2:
        return str(len(name))
    if len(name) == 3:
        return f"3/{name[0]}"
    return f"{name[:2]}/{name[2:4]}"


def index_path(name: str) -> str:
    """Return the path of a crate's index file below the index root.

    >>> index_path("a"), index_path("io"), index_path("log"), index_path("Serde")
    ('1/a', '2/io', '3/l/log', 'se/rd/serde')
    """
    name = name.lower()
    return f"{index_prefix(name)}/{name}"


def name_at(path: str) -> str | None:
    """Return the lower-case crate name whose index file is at the path, None if it is invalid.

    >>> name_at("se/rd/serde"), name_at("xx/yy/serde"), name_at("Se/rd/Serde")
    ('serde', None, None)
    """
    name = path.rpartition("/")[2]
    if CRATE_NAME.fullmatch(name) and index_path(name) == path:
        return name
    return None


def is_misplaced(path: str) -> bool:
    """Whether a file of an index seems to be an index file, but is at another path than cargo reads.

    Other files are config.json, hidden ones, and those at the root that describe the index.

    >>> is_misplaced("serde"), is_misplaced("xx/yy/serde"), is_misplaced("se/rd/serde")
    (True, True, False)
    >>> is_misplaced("config.json"), is_misplaced("README"), is_misplaced(".github/ci.yml")
    (False, False, False)
    """
    *folders, name = path.split("/")
    if any(part.startswith(".") for part in (*folders, name)):
        return False
    if not folders:
        return bool(CRATE_NAME.fullmatch(name)) and name == name.lower()
    return name_at(path) is None

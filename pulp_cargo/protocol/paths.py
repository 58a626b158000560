"""Where a crate's index file lives (Cargo Book, Registry Index, "Index Files")."""

from pulp_cargo.protocol.names import CRATE_NAME


def index_path(name: str) -> str:
    """Return the path of a crate's index file below the index root.

    >>> index_path("a"), index_path("io"), index_path("log"), index_path("Serde")
    ('1/a', '2/io', '3/l/log', 'se/rd/serde')
    """
    name = name.lower()
    if len(name) <= 2:
        return f"{len(name)}/{name}"
    if len(name) == 3:
        return f"3/{name[0]}/{name}"
    return f"{name[:2]}/{name[2:4]}/{name}"


def name_at(path: str) -> str | None:
    """Return the lower-case crate name whose index file is at the path, if there can be one.

    >>> name_at("se/rd/serde"), name_at("xx/yy/serde"), name_at("Se/rd/Serde")
    ('serde', None, None)
    """
    name = path.rpartition("/")[2]
    if CRATE_NAME.fullmatch(name) and index_path(name) == path:
        return name
    return None

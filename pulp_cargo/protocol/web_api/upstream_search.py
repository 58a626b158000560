"""The response of another registry to a search (Cargo Book, Registry Web API, "Search").

Cargo requires a name and a version of each crate; crates.io and registries like it send more. Anybody
may have written these texts, so a crate with any field of another type or size is left out.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from pulp_cargo.protocol.errors import InvalidName, InvalidVersion, ReservedName
from pulp_cargo.protocol.names import CanonicalName, canonical_name, parse_crate_name
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.protocol.table import Table, parse_json_object
from pulp_cargo.protocol.unavailable import UpstreamSearchInvalid

# A crate of crates.io takes about a kilobyte.
MAX_SIZE = 1024 * 1024
# The most that cargo and crates.io ask for.
MOST_HITS = 100
# In characters; crates.io allows 1000 bytes for a description.
LONGEST_DESCRIPTION = 2_000
LONGEST_URL = 500
LONGEST_TIME = 40
MOST_VERSIONS = 1_000_000
# Control characters could change what a terminal shows.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class UpstreamHit:
    """A crate that an upstream has found; None and an empty text stand for what it did not send.

    `max_version` is `0.0.0` on crates.io if all versions are yanked.
    """

    name: str
    max_version: str
    max_stable_version: str = ""
    newest_version: str = ""
    default_version: str = ""
    num_versions: int | None = None
    yanked: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None
    description: str | None = None
    homepage: str | None = None
    documentation: str | None = None
    repository: str | None = None

    @property
    def canonical_name(self) -> CanonicalName:
        """The form in which all spellings of its name are equal."""
        return canonical_name(self.name)


def parse_search_response(body: bytes) -> tuple[UpstreamHit, ...]:
    """Return the crates in a response, each once; raises UpstreamSearchInvalid.

    >>> body = b'{"crates":[{"name":"a","max_version":"1.0.0"},{"name":"b"}],"meta":{"total":2}}'
    >>> [(hit.name, hit.max_version) for hit in parse_search_response(body)]
    [('a', '1.0.0')]
    """
    if len(body) > MAX_SIZE:
        raise UpstreamSearchInvalid(f"it has more than {MAX_SIZE} bytes")
    table = parse_json_object(body, "it", UpstreamSearchInvalid)
    values = table.values.get("crates")
    if not isinstance(values, list):
        raise UpstreamSearchInvalid("it has no list `crates`")
    hits: dict[str, UpstreamHit] = {}
    for value in values[:MOST_HITS]:
        try:
            hit = _hit(table.below("crates", value))
        except (UpstreamSearchInvalid, InvalidName, ReservedName, InvalidVersion):
            continue
        hits.setdefault(hit.canonical_name, hit)
    return tuple(hits.values())


def _hit(table: Table) -> UpstreamHit:
    return UpstreamHit(
        name=parse_crate_name(table.text("name")),
        max_version=str(parse_version(table.text("max_version"))),
        max_stable_version=_version(table, "max_stable_version"),
        newest_version=_version(table, "newest_version"),
        default_version=_version(table, "default_version"),
        num_versions=_count(table, "num_versions"),
        yanked=table.flag("yanked", default=False),
        created_at=_time(table, "created_at"),
        updated_at=_time(table, "updated_at"),
        description=_text(table, "description", LONGEST_DESCRIPTION),
        homepage=_text(table, "homepage", LONGEST_URL),
        documentation=_text(table, "documentation", LONGEST_URL),
        repository=_text(table, "repository", LONGEST_URL),
    )


def _text(table: Table, key: str, longest: int) -> str | None:
    text = table.text_or_none(key)
    if text is not None and (len(text) > longest or _CONTROL.search(text)):
        raise UpstreamSearchInvalid(f"`{key}` is too long, or has a control character")
    return text


def _version(table: Table, key: str) -> str:
    text = table.text_or_none(key)
    return "" if text is None else str(parse_version(text))


def _count(table: Table, key: str) -> int | None:
    number = table.number_or_none(key)
    if number is not None and not 0 <= number <= MOST_VERSIONS:
        raise UpstreamSearchInvalid(f"`{key}` is out of range")
    return number


def _time(table: Table, key: str) -> datetime | None:
    text = _text(table, key, LONGEST_TIME)
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            raise UpstreamSearchInvalid(f"`{key}` has no time zone")
        return time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UpstreamSearchInvalid(f"`{key}` is not a time") from error

"""Requests and responses about the owners of crates (Cargo Book, Registry Web API, "Owners").

An owner is named by its login: the name of a user, or `group:` and the name of a group.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pulp_cargo.protocol.errors import BadRequest
from pulp_cargo.protocol.json_body import to_json
from pulp_cargo.protocol.table import parse_json_object

# As on crates.io.
MOST_LOGINS = 10
# Names of users and groups have up to 150 characters, which may take six bytes each in JSON.
MAX_BODY_BYTES = 16 * 1024


class InvalidOwners(BadRequest):
    """A request to add or remove owners has the wrong shape."""


@dataclass(frozen=True, slots=True)
class ShownOwner:
    """An owner as cargo lists it; `id` is an unsigned 32-bit integer, or cargo fails."""

    id: int
    login: str
    name: str | None
    is_group: bool


def parse_logins(body: bytes) -> tuple[str, ...]:
    """Return the logins in the body of a request, each once; crates.io also reads `owners`.

    >>> parse_logins(b'{"users": ["alice", "group:devs", "alice"]}')
    ('alice', 'group:devs')
    """
    table = parse_json_object(body, "the request", InvalidOwners, unique_keys=True)
    users, owners = table.texts_or_none("users"), table.texts_or_none("owners")
    if users is not None and owners is not None:
        raise InvalidOwners("the request has both `users` and `owners`: send one of them")
    logins = tuple(dict.fromkeys(users or owners or ()))
    if not logins:
        raise InvalidOwners('the request names no owner: send {"users": ["a login"]}')
    if len(logins) > MOST_LOGINS:
        raise InvalidOwners(
            f"the request names {len(logins)} owners; {MOST_LOGINS} can be changed at once"
        )
    return logins


def owners_body(owners: Iterable[ShownOwner]) -> bytes:
    """Return the list of owners that `cargo owner --list` prints.

    >>> owners_body([ShownOwner(1, "alice", None, False)])
    b'{"users":[{"id":1,"login":"alice","kind":"user","url":null,"name":null,"avatar":null}]}'
    """
    return to_json({"users": [_owner_object(one) for one in owners]})


def owner_users_body(owners: Iterable[ShownOwner]) -> bytes:
    """Return those of the owners that are users, in the form of crates.io's `owner_user`."""
    return to_json({"users": [_owner_object(one) for one in owners if not one.is_group]})


def owner_teams_body(owners: Iterable[ShownOwner]) -> bytes:
    """Return those of the owners that are groups, in the form of crates.io's `owner_team`.

    >>> owner_teams_body([ShownOwner(1, "alice", None, False)])
    b'{"teams":[]}'
    """
    return to_json({"teams": [_owner_object(one) for one in owners if one.is_group]})


def changed_body(message: str) -> bytes:
    """Return the response to a change of owners; cargo requires `msg` for removals, too.

    >>> changed_body("done")
    b'{"ok":true,"msg":"done"}'
    """
    return to_json({"ok": True, "msg": message})


def enumerated(names: Sequence[str], most: int = MOST_LOGINS) -> str:
    """Return names for a sentence.

    >>> enumerated(["a", "b", "c"]), enumerated(["a", "b", "c"], most=1)
    ('`a`, `b` and `c`', '`a` and 2 more')
    """
    shown = [f"`{name}`" for name in names[:most]]
    if len(names) > most:
        shown.append(f"{len(names) - most} more")
    *first, last = shown
    return f"{', '.join(first)} and {last}" if first else last


def _owner_object(owner: ShownOwner) -> Mapping[str, object]:
    """Return the JSON object of an owner; Pulp has neither pages nor pictures of users."""
    return {
        "id": owner.id,
        "login": owner.login,
        "kind": "team" if owner.is_group else "user",
        "url": None,
        "name": owner.name,
        "avatar": None,
    }

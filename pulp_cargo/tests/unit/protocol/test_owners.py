"""Requests and responses about owners (Cargo Book, Registry Web API, "Owners")."""

import json

import pytest

from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.owners import (
    MAX_BODY_BYTES,
    InvalidOwners,
    ShownOwner,
    changed_body,
    enumerated,
    owner_teams_body,
    owner_users_body,
    owners_body,
    parse_logins,
)

TEN = [f"u{number}" for number in range(10)]


@pytest.mark.parametrize("key", ["users", "owners"])
def test_both_keys_are_read(key: str) -> None:
    """Cargo sends `users`, and crates.io documents `owners`, too."""
    assert parse_logins(json.dumps({key: ["b", "a", "b"]}).encode()) == ("b", "a")


def test_other_keys_are_ignored() -> None:
    """What a newer cargo may send does no harm."""
    assert parse_logins(b'{"users":["a"],"more":1,"owners":null}') == ("a",)


def test_ten_owners_can_be_named() -> None:
    """A duplicate does not count."""
    assert parse_logins(json.dumps({"users": [*TEN, "u0"]}).encode()) == tuple(TEN)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "the request is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"[]", "the request is not a JSON object"),
        (b'["a"]', "the request is not a JSON object"),
        (b"{}", 'the request names no owner: send {"users": ["a login"]}'),
        (b'{"users":[]}', 'the request names no owner: send {"users": ["a login"]}'),
        (b'{"users":"a"}', "`users` of the request must be a list"),
        (b'{"users":[1]}', "`users` of the request must contain only strings"),
        (b'{"users":["a\\u0000"]}', "`users` of the request must contain only strings"),
        (b'{"users":["\\ud800"]}', "`users` of the request must contain only strings"),
        (
            b'{"users":["a"],"owners":["b"]}',
            "the request has both `users` and `owners`: send one of them",
        ),
        (
            b'{"users":["a"],"users":["b"]}',
            "the request is not JSON: the key 'users' occurs twice",
        ),
        (
            json.dumps({"users": [*TEN, "v"]}).encode(),
            "the request names 11 owners; 10 can be changed at once",
        ),
    ],
)
def test_request_of_another_shape_is_refused(body: bytes, said: str) -> None:
    """The sentence says what is wrong; the status is 400."""
    with pytest.raises(InvalidOwners) as refused:
        parse_logins(body)
    assert (str(refused.value), refused.value.status) == (said, 400)


def test_ten_long_names_fit_into_a_request() -> None:
    """Names have up to 150 characters, each of which JSON may write with six bytes."""
    names = [f"group:{number}{'é' * 149}" for number in range(10)]
    assert len(json.dumps({"users": names}).encode()) <= MAX_BODY_BYTES
    assert len(parse_logins(json.dumps({"users": names}).encode())) == 10


def test_list_is_what_cargo_reads() -> None:
    """Cargo needs an integer `id` and a `login`; other keys are additions of crates.io [105]."""
    owners = [
        ShownOwner(1, "alice", "Alice Liddell", is_group=False),
        ShownOwner(4294967295, "group:devs", None, is_group=True),
    ]
    assert owners_body(owners) == (
        b'{"users":[{"id":1,"login":"alice","kind":"user","url":null,"name":"Alice Liddell",'
        b'"avatar":null},{"id":4294967295,"login":"group:devs","kind":"team","url":null,'
        b'"name":null,"avatar":null}]}'
    )
    assert owners_body([]) == b'{"users":[]}'


def test_users_and_groups_are_listed_apart() -> None:
    """As crates.io lists its users and teams."""
    owners = [ShownOwner(1, "alice", None, is_group=False), ShownOwner(2, "group:a", None, True)]
    (user,) = json.loads(owner_users_body(owners))["users"]
    (team,) = json.loads(owner_teams_body(owners))["teams"]
    assert (user["login"], user["kind"]) == ("alice", "user")
    assert (team["login"], team["kind"]) == ("group:a", "team")


def test_change_has_a_message() -> None:
    """Cargo's parser wants `msg` for removals, too, which the documentation does not say [105]."""
    assert changed_body("`é` owns it") == '{"ok":true,"msg":"`é` owns it"}'.encode()


def test_names_in_a_sentence() -> None:
    """Of many only the first are shown."""
    assert enumerated(["a"]) == "`a`"
    assert enumerated(["a", "b"]) == "`a` and `b`"
    assert enumerated(["a", "b", "c", "d"], most=2) == "`a`, `b` and 2 more"


def test_errors_are_told_to_cargo() -> None:
    """They are in the tree of errors that become cargo's JSON."""
    assert issubclass(InvalidOwners, RegistryError)

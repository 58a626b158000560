"""Pulp's content guards on a registry: who gets in, what caches hear, and that nothing breaks."""

import base64
import time
from collections.abc import Mapping
from typing import Any

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Answer, Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.stack import Stack

GUARDS = "contentguards/core"
PATHS = ("config.json", "se/cr/secret", "api/v1/crates/secret/1.0.0/download")


def in_base64(value: str | bytes) -> str:
    """Return how a client has to send what a header guard knows."""
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


def make_guard(stack: Stack, kind: str, **fields: Any) -> str:
    """Make a guard and return its href."""
    made = stack.rest.make(f"{GUARDS}/{kind}/", name=unique("guard"), **fields)
    return str(made["pulp_href"])


def guarded_by(stack: Stack, guard: str, **fields: Any) -> Registry:
    """Make a registry with this guard and the crate `secret`."""
    registry = stack.make_registry(content_guard=guard, **fields)
    registry.publish(Crate("secret"))
    return registry


@pytest.fixture(scope="module")
def team_guard(stack: Stack) -> str:
    """A guard that wants `X-Team: crates`, in Base64."""
    return make_guard(stack, "header", header_name="X-Team", header_value="crates")


@pytest.fixture(scope="module")
def team(stack: Stack, team_guard: str) -> Registry:
    """A registry behind that guard."""
    return guarded_by(stack, team_guard)


def reads(registry: Registry, headers: Mapping[str, str]) -> list[Answer]:
    """Read one thing of each kind."""
    return [registry.request("GET", path, headers=headers) for path in PATHS]


def statuses(registry: Registry, headers: Mapping[str, str]) -> set[int]:
    """Return how reads are answered."""
    return {answer.status for answer in reads(registry, headers)}


def test_header_guard_lets_in_who_sends_the_header(team: Registry) -> None:
    """Whatever else is sent with it, the first time and when it is remembered."""
    right = {"X-Team": in_base64("crates")}
    assert [statuses(team, right) for _ in range(2)] == [{200}, {200}]
    assert statuses(team, right | {"If-None-Match": '"x"', "X-Request-Id": unique("id")}) == {200}
    assert statuses(team, right | {"Authorization": "nonsense"}) == {200}


@pytest.mark.parametrize(
    "value", [None, "", "crates", "???", in_base64("other"), in_base64(b"\xff\xfe"), "x" * 4000]
)
def test_header_guard_refuses_with_a_challenge(team: Registry, value: str | None) -> None:
    """Also what is no Base64 or no UTF-8, and right after somebody was let in."""
    assert statuses(team, {"X-Team": in_base64("crates")}) == {200}
    for answer in reads(team, {} if value is None else {"X-Team": value}):
        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Cargo login_url=")
        assert answer.headers["cache-control"] == "no-store"
        assert "is guarded by" in answer.detail


@pytest.mark.parametrize(
    "value",
    ["[]", "[" * 5000, "{", '"text"', "\xff", '{"team": null}', "null"],
    ids=lambda value: value[:12],
)
def test_filter_that_does_not_suit_a_header_refuses(stack: Stack, value: str) -> None:
    """Pulp's guard raises all sorts of errors then."""
    guard = make_guard(
        stack, "header", header_name="X-Who", header_value="crates", jq_filter=".team"
    )
    registry = guarded_by(stack, guard)
    right = {"X-Who": in_base64('{"team": "crates"}')}
    assert statuses(registry, right) == {200}
    assert statuses(registry, {"X-Who": in_base64(value)}) == {401}


def test_header_guard_does_not_make_cargo_send_a_token(stack: Stack, team: Registry) -> None:
    """With `auth-required` cargo would not even try without a token, which nobody asks for."""
    config = team.request("GET", "config.json", headers={"X-Team": in_base64("crates")})
    assert config.json()["auth-required"] is False
    guard = make_guard(stack, "header", header_name="authorization", header_value="crates")
    config = guarded_by(stack, guard).get("config.json", token=in_base64("crates"))
    assert config.json()["auth-required"] is True


def test_caches_hear_what_the_answer_depends_on(team: Registry) -> None:
    """On an answer of a guarded registry, new or remembered, whole or a part of it."""
    right = {"X-Team": in_base64("crates"), "Accept-Encoding": "gzip"}
    for _ in range(2):
        for answer in (*reads(team, right), *reads(team, right | {"Range": "bytes=0-3"})):
            names = {name.strip() for name in answer.headers["vary"].split(",")}
            assert names >= {"Authorization", "X-Team"}
            assert answer.headers["cache-control"].startswith("private")


def test_token_and_guard_are_both_asked_for(stack: Stack, team_guard: str) -> None:
    """A registry may have both: what one lets in, the other may refuse."""
    registry = guarded_by(stack, team_guard, auth_required=True)
    header = {"X-Team": in_base64("crates")}
    token = {"Authorization": str(registry.token)}
    for _ in range(2):
        assert statuses(registry, header | token) == {200}
        assert statuses(registry, header) == {401}
        assert statuses(registry, token) == {401}


def test_composite_guard_lets_in_by_either(stack: Stack, team_guard: str) -> None:
    """By the header or by the role of the token's user, and no more by a member that is gone."""
    rbac = make_guard(stack, "rbac")
    both = make_guard(stack, "composite", guards=[rbac, team_guard])
    registry = guarded_by(stack, both)
    header = {"X-Team": in_base64("crates")}
    token = {"Authorization": str(registry.token)}
    for _ in range(2):
        assert statuses(registry, header) == {200}
        assert statuses(registry, token) == {200}
        assert statuses(registry, {}) == {401}
    stack.rest.patch(both, guards=[rbac])
    _until_refused(registry, header, seconds=3)
    assert statuses(registry, token) == {200}


def test_changed_guard_holds_at_once(stack: Stack) -> None:
    """A new value of the header, and another guard on the registry."""
    guard = make_guard(stack, "header", header_name="X-Team", header_value="old")
    registry = guarded_by(stack, guard)
    old, new = ({"X-Team": in_base64(value)} for value in ("old", "new"))
    assert (statuses(registry, old), statuses(registry, new)) == ({200}, {401})
    stack.rest.patch(guard, header_value="new")
    _until_refused(registry, old, seconds=3)
    assert statuses(registry, new) == {200}
    stack.rest.patch(registry.href, content_guard=make_guard(stack, "rbac"))
    _until_refused(registry, new, seconds=3)


def test_public_registry_that_gets_a_guard_is_open_to_nobody(stack: Stack, team_guard: str) -> None:
    """What was remembered for everybody is not told to strangers."""
    registry = stack.make_registry()
    registry.publish(Crate("secret"))
    assert statuses(registry, {}) == {200}
    stack.rest.patch(registry.href, content_guard=team_guard)
    _until_refused(registry, {}, seconds=3)


def test_verdict_is_remembered_for_seconds_only(stack: Stack) -> None:
    """Also where Pulp says nothing of a change, because it was made in the database."""
    guard = make_guard(stack, "header", header_name="X-Team", header_value="old")
    registry = guarded_by(stack, guard)
    right = {"X-Team": in_base64("old")}
    assert statuses(registry, right) == {200}
    with stack.connect() as connection:
        connection.execute(
            "UPDATE core_headercontentguard SET header_value = 'new' WHERE contentguard_ptr_id = %s",
            [guard.rstrip("/").rpartition("/")[2]],
        )
    _until_refused(registry, right, seconds=30)


def test_guard_that_may_look_at_anything_is_asked_every_time(stack: Stack) -> None:
    """Pulp signs single URLs for the content redirect guard, so nothing of it may be shared."""
    redirect = make_guard(stack, "content_redirect")
    registry = guarded_by(stack, redirect)
    assert statuses(registry, {}) == {401}
    assert registry.get("config.json?expires=9999999999&validate_token=00:00").status == 401
    header = make_guard(stack, "header", header_name="X-Team", header_value="crates")
    registry = guarded_by(stack, make_guard(stack, "composite", guards=[redirect, header]))
    for answer in reads(registry, {"X-Team": in_base64("crates")}):
        assert answer.status == 200
        assert answer.headers["vary"] == "*"


def _until_refused(registry: Registry, headers: Mapping[str, str], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while statuses(registry, headers) != {401}:
        assert time.monotonic() < deadline, "who has no right any more is still let in"
        time.sleep(0.05)

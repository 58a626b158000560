"""`cargo/crate-policies/`: rules for what may come in from upstream."""

from typing import Any

import pytest

from pulp_cargo.tests.support.rest import Refused, Rest, unique
from pulp_cargo.tests.support.stack import Stack

POLICIES = "cargo/crate-policies/"
REMOTES = "remotes/cargo/cargo/"
DISTRIBUTIONS = "distributions/cargo/cargo/"
URL = "sparse+https://crates.example.org/"
DEFAULTS = {
    "cooldown_days": 0,
    "allow": None,
    "block": [],
    "exceptions": [],
    "licenses": None,
    "hide_yanked": False,
    "dry_run": False,
}
HELD = (
    "INSERT INTO cargo_heldversion"
    " (policy_id, name, vers, rule, sentence, dry_run, first_at, last_at, times)"
    " VALUES (%s, %s, %s, %s, 'why', true, now(), now() + %s * interval '1 s', 3)"
)


@pytest.fixture
def policy(rest: Rest) -> dict[str, Any]:
    """A policy without rules."""
    return rest.make(POLICIES, name=unique("policy"))


def test_policy_without_rules_lets_everything_in(policy: dict[str, Any]) -> None:
    """All fields but the name have a default."""
    assert {name: policy[name] for name in DEFAULTS} == DEFAULTS


def test_rules_are_kept(rest: Rest) -> None:
    """Lines without versions mean all, licences stand in SPDX's spelling, times in UTC."""
    made = rest.make(
        POLICIES,
        name=unique("policy"),
        cooldown_days=7,
        allow=[{"crate": "serde*"}, {"crate": "*", "versions": ">=1"}],
        block=[{"crate": "left-pad", "versions": "<1.2, >=1", "reason": "broken"}],
        exceptions=[{"crate": "ring", "reason": "a fix", "ends": "2031-03-10T12:00:00+02:00"}],
        licenses=["mit", "MIT", "apache-2.0 with llvm-exception"],
        hide_yanked=True,
        dry_run=True,
    )
    expected = {
        "cooldown_days": 7,
        "allow": [
            {"crate": "serde*", "versions": "*", "reason": ""},
            {"crate": "*", "versions": ">=1", "reason": ""},
        ],
        "block": [{"crate": "left-pad", "versions": "<1.2, >=1", "reason": "broken"}],
        "exceptions": [
            {
                "crate": "ring",
                "versions": "*",
                "reason": "a fix",
                "ends": "2031-03-10T10:00:00Z",
            }
        ],
        "licenses": ["MIT", "Apache-2.0 WITH LLVM-exception"],
        "hide_yanked": True,
        "dry_run": True,
    }
    assert {name: rest.get(made["pulp_href"])[name] for name in expected} == expected


def test_change_and_delete(rest: Rest, policy: dict[str, Any]) -> None:
    """At once, without a task; what a change does not name stays, what a PUT does not name goes."""
    href = policy["pulp_href"]
    changed = rest.patch(href, cooldown_days=3, block=[{"crate": "leaf"}])
    assert (changed["cooldown_days"], changed["dry_run"]) == (3, False)
    assert rest.patch(href, dry_run=True)["block"] == changed["block"]
    left = rest.put(href, name=policy["name"], hide_yanked=True)
    assert {name: left[name] for name in DEFAULTS} == DEFAULTS | {"hide_yanked": True}
    rest.delete(href)
    assert rest.list(POLICIES, name=policy["name"]) == []


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"name": ""}, "blank"),
        ({"cooldown_days": -1}, "greater than or equal to 0"),
        ({"cooldown_days": 36501}, "less than or equal to 36500"),
        ({"block": [{"crate": "*-sys"}]}, r"the crate pattern '\*-sys'"),
        ({"block": [{"crate": "a", "versions": "1.x.y"}]}, "the requirement '1.x.y'"),
        ({"block": [{"versions": "1"}]}, "required"),
        ({"block": [{"crate": "a", "version": "1"}]}, '"version":.*Unexpected field'),
        ({"block": ["a"]}, "Expected a dictionary"),
        ({"block": None}, "null"),
        ({"allow": [{"crate": ""}]}, "blank"),
        ({"allow": [None]}, "allow.*null"),
        ({"block": [None]}, "block.*null"),
        ({"exceptions": [{"crate": "a", "ends": "2031-03-10T12:00:00Z"}]}, '"reason".*required'),
        ({"exceptions": [{"crate": "a", "reason": "b"}]}, '"ends".*required'),
        ({"exceptions": [{"crate": "a", "reason": "b", "ends": "soon"}]}, "wrong format"),
        ({"exceptions": [{"crate": "a", "reason": "", "ends": "2031-03-10T12:00:00Z"}]}, "blank"),
        ({"licenses": ["beer"]}, "'beer' is not an SPDX expression"),
        ({"licenses": ["MIT OR Apache-2.0"]}, "more than one licence"),
        ({"cooldown": 7}, "Unexpected field"),
    ],
)
def test_bad_fields_are_refused(
    rest: Rest, policy: dict[str, Any], fields: dict[str, Any], reason: str
) -> None:
    """Each answer is a 400 that names the value or the rule, on create and on change."""
    for method, path, more in (
        ("POST", POLICIES, {"name": unique("policy")}),
        ("PATCH", policy["pulp_href"], {}),
    ):
        with pytest.raises(Refused, match=reason) as refused:
            rest.call(method, path, json=more | fields)
        assert refused.value.status == 400


def test_name_is_unique(rest: Rest, policy: dict[str, Any]) -> None:
    """In the domain; a policy keeps its own."""
    with pytest.raises(Refused, match="unique") as refused:
        rest.make(POLICIES, name=policy["name"])
    assert refused.value.status == 400
    rest.patch(policy["pulp_href"], name=policy["name"])


def test_policy_of_a_remote_and_of_a_distribution(rest: Rest, policy: dict[str, Any]) -> None:
    """It is given by href or PRN, and taken away with null."""
    remote = rest.make(REMOTES, name=unique("up"), url=URL, crate_policy=policy["pulp_href"])
    path = unique("cache")
    registry = rest.make(DISTRIBUTIONS, name=path, base_path=path, crate_policy=policy["prn"])
    for made in (remote, registry):
        assert made["crate_policy"] == policy["pulp_href"]
        rest.patch(made["pulp_href"], crate_policy=None)
        assert rest.get(made["pulp_href"])["crate_policy"] is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("/pulp/api/v3/cargo/crate-policies/019a9b1e-0000-7000-8000-000000000000/", "not exist"),
        ("prn:cargo.cargocratepolicy:019a9b1e-0000-7000-8000-000000000000", "not exist"),
        ("/pulp/api/v3/cargo/tokens/019a9b1e-0000-7000-8000-000000000000/", "Incorrect URL match"),
        (7, "Incorrect type"),
    ],
)
def test_what_is_no_policy_is_refused(rest: Rest, value: object, reason: str) -> None:
    """For remotes and distributions alike."""
    for path, fields in ((REMOTES, {"url": URL}), (DISTRIBUTIONS, {"base_path": unique("x")})):
        with pytest.raises(Refused, match=reason) as refused:
            rest.make(path, name=unique("x"), crate_policy=value, **fields)
        assert refused.value.status == 400


def test_policy_in_use_cannot_be_deleted(rest: Rest, policy: dict[str, Any]) -> None:
    """The answer names who uses it, as far as the asker may see them."""
    name = unique("cache")
    used_by = {"name": name, "crate_policy": policy["pulp_href"]}
    remote = rest.need(REMOTES, url=URL, **used_by)["pulp_href"]
    registry = rest.need(DISTRIBUTIONS, base_path=name, **used_by)["pulp_href"]
    owner = rest.new_user("cargo.cargocratepolicy_owner", on=policy["pulp_href"])
    rest.grant(owner, "cargo.cargoremote_viewer", remote)
    for asker, users in (
        (rest, f"the remote `{name}`, the distribution `{name}`"),
        (owner, f"the remote `{name}`, 1 that you may not view"),
    ):
        with pytest.raises(Refused) as refused:
            asker.delete(policy["pulp_href"])
        assert (refused.value.status, refused.value.text) == (
            400,
            f'["The crate policy `{policy["name"]}` is in use by {users}:'
            ' set another policy there, or none, before you delete it."]',
        )
    for href in (remote, registry):
        rest.set(href, crate_policy=None)
    owner.delete(policy["pulp_href"])


def test_what_was_held_back_is_listed(stack: Stack, policy: dict[str, Any]) -> None:
    """By pages, the last first; filtered by crate, version, rule and dry run."""
    pk = policy["prn"].rpartition(":")[2]
    with stack.connect() as database:
        for number, (name, rule) in enumerate([("a", "block"), ("b", "cooldown"), ("b", "block")]):
            database.execute(HELD, [pk, name, f"1.0.{number}", rule, number])
    held = f"{policy['pulp_href']}held/"
    page = stack.rest.get(held, limit=2)
    assert page["count"] == 3 and page["next"]
    assert [one["vers"] for one in page["results"]] == ["1.0.2", "1.0.1"]
    first = page["results"][0]
    assert (first["name"], first["rule"], first["sentence"]) == ("b", "block", "why")
    assert (first["dry_run"], first["times"]) == (True, 3)
    assert first["first_at"] < first["last_at"]
    for wanted, found in (
        ({"name": "b"}, ["1.0.2", "1.0.1"]),
        ({"name": "b", "rule": "cooldown"}, ["1.0.1"]),
        ({"vers": "1.0.0"}, ["1.0.0"]),
        ({"dry_run": "false"}, []),
        ({"offset": 2}, ["1.0.0"]),
    ):
        assert [one["vers"] for one in stack.rest.list(held, **wanted)] == found
    assert stack.rest.list(held, fields="vers", limit=1) == [{"vers": "1.0.2"}]
    stack.rest.delete(policy["pulp_href"])


def test_roles(rest: Rest, policy: dict[str, Any]) -> None:
    """Who may see a policy sees what it held back; only its owner changes it."""
    href = policy["pulp_href"]
    viewer = rest.new_user("cargo.cargocratepolicy_viewer", on=href)
    owner = rest.new_user("cargo.cargocratepolicy_owner", on=href)
    nobody = rest.new_user()
    assert [one["pulp_href"] for one in viewer.list(POLICIES)] == [href]
    assert viewer.list(f"{href}held/") == []
    assert owner.patch(href, cooldown_days=2)["cooldown_days"] == 2
    assert nobody.list(POLICIES) == []
    for user, status in ((viewer, 403), (nobody, 404)):
        with pytest.raises(Refused) as refused:
            user.patch(href, cooldown_days=1)
        assert refused.value.status == status
    with pytest.raises(Refused) as refused:
        nobody.get(f"{href}held/")
    assert refused.value.status == 404
    with pytest.raises(Refused) as refused:
        nobody.make(POLICIES, name=unique("policy"))
    assert refused.value.status == 403
    creator = rest.new_user("cargo.cargocratepolicy_creator")
    creator.delete(creator.make(POLICIES, name=unique("policy"))["pulp_href"])

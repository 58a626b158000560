"""`pulp cargo crate-policy`: rules, by whom they are used, and what they held back."""

import json
from typing import Any

import pytest

from pulp_cargo.tests.support.pulp import Pulp, PulpFailed
from pulp_cargo.tests.support.stack import Stack

HELD = (
    "INSERT INTO cargo_heldversion"
    " (policy_id, name, vers, rule, sentence, dry_run, first_at, last_at, times)"
    " VALUES (%s, %s, %s, %s, 'why', true, now(), now() + %s * interval '1 s', 3)"
)
RULES = ("cooldown_days", "allow", "block", "exceptions", "licenses", "hide_yanked", "dry_run")


@pytest.fixture
def policy(pulp: Pulp, name: str) -> dict[str, Any]:
    """A policy without rules."""
    return pulp.cargo("crate-policy", "create", "--name", name)


def test_rules_are_set_and_removed(pulp: Pulp, policy: dict[str, Any]) -> None:
    """Lists come as JSON or from a file; an empty value removes what was set."""
    name = policy["name"]
    file = pulp.home / "block.json"
    file.write_text(json.dumps([{"crate": "left-*", "versions": "<2", "reason": "broken"}]))
    update = ("crate-policy", "update", "--name", name)
    pulp.cargo(
        *(*update, "--cooldown-days", "7", "--block", f"@{file}"),
        *("--allow", '[{"crate": "*"}]', "--license", "MIT", "--license", "apache-2.0"),
        *("--exceptions", '[{"crate": "ring", "reason": "a fix", "ends": "2031-03-10"}]'),
        *("--hide-yanked", "--dry-run"),
    )
    shown = pulp.cargo("crate-policy", "show", "--name", name)
    assert [shown[field] for field in RULES] == [
        7,
        [{"crate": "*", "versions": "*", "reason": ""}],
        [{"crate": "left-*", "versions": "<2", "reason": "broken"}],
        [{"crate": "ring", "versions": "*", "reason": "a fix", "ends": "2031-03-10T00:00:00Z"}],
        ["MIT", "Apache-2.0"],
        True,
        True,
    ]
    pulp.cargo(*update, "--allow", "", "--block", "", "--exceptions", "", "--license", "")
    pulp.cargo(*update, "--cooldown-days", "0", "--no-hide-yanked", "--no-dry-run")
    shown = pulp.cargo("crate-policy", "show", "--href", policy["pulp_href"])
    assert [shown[field] for field in RULES] == [0, None, [], [], None, False, False]


def test_remote_and_distribution_have_a_policy(pulp: Pulp, policy: dict[str, Any]) -> None:
    """By name, href or PRN; a policy that somebody uses stays."""
    name = policy["name"]
    pulp.cargo(
        *("remote", "create", "--name", name, "--url", "sparse+https://x.example/"),
        *("--crate-policy", name, "--token", "secret", "--index-max-age", "5"),
        *("--stale-for", "60"),
    )
    pulp.cargo("distribution", "create", "--name", name, "--base-path", name)
    for kind in ("href", "prn"):
        given = policy["pulp_href" if kind == "href" else "prn"]
        pulp.cargo("distribution", "update", "--name", name, "--crate-policy", given)
        shown = pulp.cargo("distribution", "show", "--name", name)
        assert shown["crate_policy"] == policy["pulp_href"]
    with pytest.raises(PulpFailed) as refused:
        pulp.cargo("crate-policy", "destroy", "--name", name)
    assert refused.value.said == (
        f"Error: The crate policy `{name}` is in use by the remote `{name}`, the distribution"
        f" `{name}`: set another policy there, or none, before you delete it.\n"
    )
    remote = pulp.cargo("remote", "show", "--name", name)
    assert (remote["index_max_age"], remote["stale_for"]) == (5, 60)
    for given in (True, False):
        names = ("forbidden-means-missing", "search-upstream")
        options = [f"--{'' if given else 'no-'}{one}" for one in names]
        pulp.cargo("remote", "update", "--name", name, *options)
        shown = pulp.cargo("remote", "show", "--name", name)
        assert [shown[one.replace("-", "_")] for one in names] == [given, given]
    emptied = ("--crate-policy", "", "--token", "", "--index-max-age", "", "--stale-for", "")
    pulp.cargo("remote", "update", "--name", name, *emptied)
    pulp.cargo("distribution", "update", "--name", name, "--crate-policy", "")
    remote = pulp.cargo("remote", "show", "--name", name)
    assert [remote[key] for key in ("crate_policy", "index_max_age", "stale_for")] == [None] * 3
    assert {"name": "token", "is_set": False} in remote["hidden_fields"]
    pulp.cargo("crate-policy", "destroy", "--name", name)
    assert pulp.cargo("crate-policy", "list", "--name", name) == []


def test_what_was_held_back_is_listed(
    stack: Stack, pulp: Pulp, policy: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last first, however many there are; by crate and by rule."""
    from pulp_glue.cargo import base

    monkeypatch.setattr(base, "RECORDS_PAGE", 2)
    pk = policy["prn"].rpartition(":")[2]
    with stack.connect() as database:
        for number in range(5):
            rule = "block" if number % 2 else "cooldown"
            database.execute(HELD, [pk, f"leaf{number // 3}", f"1.0.{number}", rule, number])
    held = ("crate-policy", "held", policy["name"])

    def versions(*more: str) -> list[str]:
        return [one["vers"] for one in pulp.cargo(*held, *more)]

    assert versions() == ["1.0.4", "1.0.3", "1.0.2", "1.0.1", "1.0.0"]
    assert versions("--limit", "3", "--offset", "1") == ["1.0.3", "1.0.2", "1.0.1"]
    assert versions("--crate", "leaf1") == ["1.0.4", "1.0.3"]
    assert versions("--crate", "leaf0", "--rule", "block") == ["1.0.1"]
    assert versions("--rule", "allow") == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("--block", '[{"crate": "*-sys"}]'), "crate: the crate pattern '*-sys' is invalid"),
        (("--block", '[{"crate": "a", "versions": "x.1"}]'), "versions: the requirement 'x.1'"),
        (("--license", "beer"), "licenses: `license` 'beer' is not an SPDX expression"),
        (("--exceptions", '[{"crate": "a", "ends": "2031-03-10"}]'), "reason"),
    ],
)
def test_bad_rules_are_refused_in_one_line(
    pulp: Pulp, policy: dict[str, Any], given: tuple[str, ...], says: str
) -> None:
    """It names the value and the rule."""
    with pytest.raises(PulpFailed) as refused:
        pulp.cargo("crate-policy", "update", "--name", policy["name"], *given)
    assert says in refused.value.said
    assert len(refused.value.said.splitlines()) == 1


def test_roles_are_given_and_taken(stack: Stack, pulp: Pulp, policy: dict[str, Any]) -> None:
    """Whoever has one sees the policy."""
    name = policy["name"]
    stack.rest.make("users/", username=name, password=f"{name}-pw-1")
    theirs = Pulp(pulp.home, pulp.base_url, (name, f"{name}-pw-1"))
    given = ("--name", name, "--role", "cargo.cargocratepolicy_viewer", "--user", name)
    pulp.cargo("crate-policy", "role", "add", *given)
    assert [one["name"] for one in theirs.cargo("crate-policy", "list")] == [name]
    pulp.cargo("crate-policy", "role", "remove", *given)
    assert theirs.cargo("crate-policy", "list") == []

"""`pulp cargo distribution` with lists of upstreams: made by names, explained, compared."""

import json
from pathlib import Path

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.pulp import Pulp, PulpFailed
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.stack import Stack


@pytest.fixture
def ours(stack: Stack, name: str) -> Registry:
    """A registry with one crate, and a remote of the same name."""
    registry = stack.make_registry()
    registry.publish(Crate(name))
    stack.rest.need(
        "remotes/cargo/cargo/", name=registry.name, url="sparse+https://crates.example.org/"
    )
    return registry


@pytest.fixture
def listed(pulp: Pulp, ours: Registry, tmp_path: Path) -> str:
    """The name of a list of upstreams with both."""
    name = unique("list")
    entries = [
        {"name": "ours", "repository": ours.name},
        {"name": "far", "remote": ours.name, "patterns": ["serde*"]},
    ]
    file = tmp_path / "upstreams.json"
    file.write_text(json.dumps(entries))
    pulp.cargo(
        *("distribution", "create", "--name", name, "--base-path", name),
        *("--upstreams", f"@{file}", "--reserved-name", "acme-*", "--reserved-name", "a*"),
    )
    return name


def test_list_is_made_changed_and_removed(pulp: Pulp, listed: str, ours: Registry) -> None:
    """Repositories and remotes are named; what is not said stays."""
    shown = pulp.cargo("distribution", "show", "--name", listed)
    assert [one["name"] for one in shown["upstreams"]] == ["ours", "far"]
    assert shown["upstreams"][0]["repository"] == ours.repository
    assert shown["reserved_names"] == ["acme-*", "a*"]
    update = ("distribution", "update", "--name", listed)
    pulp.cargo(*update, "--mixed-name", "log", "--reserved-name", "")
    shown = pulp.cargo("distribution", "show", "--name", listed)
    assert (shown["reserved_names"], shown["mixed_names"]) == ([], ["log"])
    assert len(shown["upstreams"]) == 2
    pulp.cargo(*update, "--upstreams", "[]", "--mixed-name", "")
    assert pulp.cargo("distribution", "show", "--name", listed)["upstreams"] == []


def test_answer_for_a_crate_is_explained(pulp: Pulp, listed: str, name: str) -> None:
    """With the rule, and what each upstream has."""
    words = ("--crate", name.upper(), "--format", "json")
    told = pulp.cargo("distribution", "explain", listed, *words)
    assert (told["rule"], told["answers"]) == ("claim", ["ours"])
    words = ("--distribution", listed, "--crate", "serde_x", "--format", "json")
    told = pulp.cargo("distribution", "explain", *words)
    assert (told["rule"], told["answers"]) == ("order", None)
    assert [(one["upstream"], one["has"]) for one in told["upstreams"]] == [
        ("ours", False),
        ("far", None),
    ]
    with pytest.raises(PulpFailed, match="the crate name 'a b' has the character"):
        pulp.cargo("distribution", "explain", listed, "--crate", "a b")


def test_explanation_is_readable(pulp: Pulp, listed: str, name: str) -> None:
    """The rule, who answers, and a row for each upstream."""
    said = pulp.run("cargo", "explain", name, "--distribution", listed).stdout.splitlines()
    assert said[:4] == [
        f"`{name}` is claimed by the private repository `ours`.",
        "Answered by `ours`.",
        "",
        "UPSTREAM  VERSIONS  CHECKED  REASON",
    ]
    assert [line.split()[:3] for line in said[4:]] == [["ours", "1", "-"], ["far", "unknown", "-"]]


def test_private_names_are_compared_with_a_file_of_names(
    pulp: Pulp, listed: str, name: str, tmp_path: Path
) -> None:
    """One a line, however many; without a file, with what is known here."""
    file = tmp_path / "names"
    file.write_text("".join(f"other{number}\n" for number in range(10_000)) + f"{name}\n")
    found = pulp.cargo("distribution", "collisions", listed, "--names", f"@{file}")
    assert found == [{"name": name, "private": ["ours"], "upstreams": []}]
    assert pulp.cargo("distribution", "collisions", listed) == []


REFUSALS = {
    "{": "The value of --upstreams is not valid JSON: Expecting property name enclosed in"
    " double quotes: line 1 column 2 (char 1)",
    '"ours"': "--upstreams requires a list of objects, such as "
    '[{"name": "ours", "repository": "team"}, {"name": "crates.io", "remote": "crates-io"}]',
    '[{"name": "x"}]': "upstreams: `x` has neither a `repository` nor a `remote`: it needs one of"
    " them.",
    '[{"name": "x", "repository": "no-such"}]': "There is no cargo repository with name 'no-such':"
    " see the list of cargo repositories, or create it first.",
}


@pytest.mark.parametrize("value", REFUSALS)
def test_list_that_makes_no_sense_is_refused_in_one_line(pulp: Pulp, value: str) -> None:
    """Which names the value and the rule."""
    with pytest.raises(PulpFailed) as refused:
        pulp.cargo(
            *("distribution", "create", "--name", "x", "--base-path", "x", "--upstreams", value)
        )
    assert refused.value.said == f"Error: {REFUSALS[value]}\n"

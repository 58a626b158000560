"""`yank/`, `unyank/` and `remove/` of a repository: changes by names and versions of crates."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Refused, Rest, unique
from pulp_cargo.tests.support.stack import Stack

Current = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def served(stack: Stack) -> Registry:
    """A registry of the repository."""
    return stack.make_registry()


@pytest.fixture
def repository(rest: Rest, served: Registry) -> dict[str, Any]:
    """The repository that is changed."""
    found: dict[str, Any] = rest.get(served.repository)
    return found


@pytest.fixture
def name(served: Registry) -> str:
    """A crate that the repository has as 1.0.0+a and 1.1.0."""
    name = unique("Leaf")
    for vers in ("1.0.0+a", "1.1.0"):
        served.publish(Crate(name, vers))
    return name


def _number(rest: Rest, repository: dict[str, Any]) -> int:
    latest: str = rest.get(repository["pulp_href"])["latest_version_href"]
    return int(latest.rstrip("/").rpartition("/")[2])


def test_yank_and_back_in_one_step_each(
    rest: Rest, repository: dict[str, Any], current: Current, name: str
) -> None:
    """The name in any spelling; what holds already makes no version."""
    href, wanted = repository["pulp_href"], {"name": name.lower(), "vers": "1.0.0+a"}
    task = rest.post(f"{href}yank/", **wanted)
    assert task["created_resources"] == [f"{href}versions/3/"]
    (mark,) = current("yanks")
    assert (mark["name"], mark["vers"]) == (name.lower().replace("-", "_"), "1.0.0+a")
    assert rest.post(f"{href}yank/", **wanted)["created_resources"] == []
    assert rest.post(f"{href}unyank/", **wanted)["created_resources"] == [f"{href}versions/4/"]
    assert current("yanks") == []
    assert rest.post(f"{href}unyank/", **wanted)["created_resources"] == []
    assert len(current("crates")) == 2


@pytest.mark.parametrize("action", ["yank", "unyank"])
@pytest.mark.parametrize(
    ("vers", "said"),
    [
        ("2.0.0", "`{0} 2.0.0`"),
        ("1.0.0+b", "`{0} 1.0.0+b` (it has `{0} 1.0.0+a`)"),
        ("1.0.0", "`{0} 1.0.0` (it has `{0} 1.0.0+a`)"),
    ],
)
def test_only_the_very_version_is_yanked(
    rest: Rest, repository: dict[str, Any], name: str, action: str, vers: str, said: str
) -> None:
    """Another build metadata is another file: the 400 says which one is there."""
    with pytest.raises(Refused) as refused:
        rest.post(f"{repository['pulp_href']}{action}/", name=name, vers=vers)
    assert refused.value.status == 400
    assert json.loads(refused.value.text) == [
        f"this repository does not have {said.format(name)}; nothing was changed"
    ]
    assert _number(rest, repository) == 2


def test_crates_are_removed_together_with_their_marks(
    rest: Rest, repository: dict[str, Any], current: Current, name: str
) -> None:
    """In one version."""
    href = repository["pulp_href"]
    rest.post(f"{href}yank/", name=name, vers="1.1.0")
    both = [{"name": name.upper(), "vers": "1.0.0+a"}, {"name": name, "vers": "1.1.0"}]
    task = rest.post(f"{href}remove/", crates=both)
    assert task["created_resources"] == [f"{href}versions/4/"]
    assert (current("crates"), current("yanks")) == ([], [])


def test_what_is_not_there_keeps_the_rest_from_being_removed(
    rest: Rest, repository: dict[str, Any], current: Current, name: str
) -> None:
    """The 400 names all that is missing, ten at most."""
    there = {"name": name, "vers": "1.1.0"}
    missing = [{"name": "other", "vers": f"1.0.{number}"} for number in range(12)]
    with pytest.raises(Refused) as refused:
        rest.post(f"{repository['pulp_href']}remove/", crates=[there, *missing])
    assert refused.value.status == 400
    assert "`other 1.0.0`, `other 1.0.1`" in refused.value.text
    assert "`other 1.0.9`, and 2 more; nothing was changed" in refused.value.text
    assert name not in refused.value.text
    assert len(current("crates")) == 2


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, {"crates": ["This field is required."]}),
        ({"crates": []}, {"crates": {"non_field_errors": ["This list may not be empty."]}}),
        (
            {"crates": [{"name": "leaf", "vers": "1.0.0", "cksum": "0"}]},
            {"crates": {"0": {"cksum": ["Unexpected field"]}}},
        ),
        (
            {"crates": [{"name": "leaf", "vers": "1"}]},
            {
                "crates": {
                    "0": {
                        "vers": [
                            "the version '1' is not SemVer: expected three numbers such as"
                            " `1.2.3`, optionally with `-pre` and `+build`"
                        ]
                    }
                }
            },
        ),
    ],
    ids=["nothing", "none", "checksum", "no version"],
)
def test_bad_lists_are_refused(
    rest: Rest, repository: dict[str, Any], body: dict[str, Any], said: dict[str, Any]
) -> None:
    """With what is wrong, where it is; a checksum would be ignored otherwise."""
    with pytest.raises(Refused) as refused:
        rest.post(f"{repository['pulp_href']}remove/", **body)
    assert refused.value.status == 400
    assert json.loads(refused.value.text) == said


def test_a_crate_that_went_meanwhile_fails_the_task(
    rest: Rest, repository: dict[str, Any], current: Current, name: str
) -> None:
    """Two requests that were both right when they came: the second changes nothing."""
    href, wanted = repository["pulp_href"], {"crates": [{"name": name, "vers": "1.1.0"}]}
    url = rest.url(f"{href}remove/")
    answers = [rest.session.post(url, json=wanted) for _ in range(2)]
    ended = []
    for answer in answers:
        if answer.status_code == 202:
            try:
                ended.append(rest.wait_task(answer.json()["task"])["state"])
            except Refused as failed:
                ended.append(failed.text)
        else:
            ended.append(answer.text)
    assert ended[0] == "completed"
    assert f"does not have `{name} 1.1.0`; nothing was changed" in ended[1]
    assert [unit["vers"] for unit in current("crates")] == ["1.0.0+a"]


@pytest.mark.parametrize("action", ["yank", "unyank", "remove"])
def test_changes_take_the_right_to_modify(
    rest: Rest, repository: dict[str, Any], name: str, action: str
) -> None:
    """Who sees a repository does not change it by that."""
    one = {"name": name, "vers": "1.1.0"}
    body = {"crates": [one]} if action == "remove" else one
    href = repository["pulp_href"]
    viewer = rest.new_user("cargo.cargorepository_viewer", on=repository["prn"])
    with pytest.raises(Refused) as refused:
        viewer.post(f"{href}{action}/", **body)
    assert refused.value.status == 403
    publisher = rest.new_user("cargo.cargorepository_publisher", on=repository["prn"])
    assert publisher.post(f"{href}{action}/", **body)["state"] == "completed"

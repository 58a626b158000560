"""Labels of repository versions and differences between two, in the REST API."""

from typing import Any

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Refused, Rest
from pulp_cargo.tests.support.stack import Stack


@pytest.fixture(scope="module")
def old(stack: Stack) -> Registry:
    """A registry with `leaf` 1.0.0, `leaf` 1.1.0, and a yank of the first, in versions 1 to 3."""
    registry = stack.make_registry()
    registry.publish(Crate("leaf"))
    registry.publish(Crate("leaf", "1.1.0"))
    registry.yank("leaf")
    return registry


def test_labels_are_added_listed_and_removed(rest: Rest, stack: Stack) -> None:
    """Without a number the newest version gets the label."""
    registry = stack.make_registry()
    registry.publish(Crate("leaf"))
    home = registry.repository
    assert rest.post(f"{home}label_version/", label="newest")["number"] == 1
    made = rest.post(f"{home}label_version/", label="empty", number=0)
    assert sorted(made) == ["created_at", "label", "labelled_at", "number"]
    listed = rest.get(f"{home}version_labels/", limit=1)
    assert listed["count"] == 2
    assert [(one["label"], one["number"]) for one in listed["results"]] == [("empty", 0)]
    assert rest.post(f"{home}unlabel_version/", label="empty") == made
    found = rest.list(f"{home}version_labels/")
    assert [(one["label"], one["number"]) for one in found] == [("newest", 1)]


@pytest.mark.parametrize(
    ("action", "fields", "message"),
    [
        ("label_version", {}, "This field is required."),
        ("label_version", {"label": "7"}, "a label begins with a letter"),
        ("label_version", {"label": "a b"}, "a label begins with a letter"),
        ("label_version", {"label": "2026-11-01"}, "a label begins with a letter"),
        ("label_version", {"label": "x" * 65}, "a label begins with a letter"),
        ("label_version", {"label": "x" * 101}, "no more than 100 characters"),
        ("label_version", {"label": "a\0"}, ""),
        ("label_version", {"label": "a", "number": -1}, "greater than or equal to 0"),
        ("label_version", {"label": "a", "number": 9}, "there is no version 9"),
        ("label_version", {"label": "a", "number": "x"}, "A valid integer is required."),
        ("unlabel_version", {"label": "none"}, "no version of this repository has the label"),
        ("unlabel_version", {}, "This field is required."),
        ("unlabel_version", {"label": "a", "number": 1}, "Unexpected field"),
    ],
)
def test_bad_label_is_refused(
    rest: Rest, old: Registry, action: str, fields: dict[str, Any], message: str
) -> None:
    """With a sentence."""
    with pytest.raises(Refused) as refused:
        rest.post(f"{old.repository}{action}/", **fields)
    assert refused.value.status == 400
    assert message in refused.value.text


def test_label_is_taken(rest: Rest, stack: Stack) -> None:
    """It never moves to another version."""
    registry = stack.make_registry()
    registry.publish(Crate("leaf"))
    rest.post(f"{registry.repository}label_version/", label="a", number=0)
    with pytest.raises(Refused) as refused:
        rest.post(f"{registry.repository}label_version/", label="a", number=1)
    assert "version 0 has the label `a`, which cannot be moved" in refused.value.text


def test_difference_names_what_changed(rest: Rest, old: Registry) -> None:
    """By numbers; the newest version is the default."""
    found = rest.get(f"{old.repository}diff/", old=1)
    first, newest = found.pop("old"), found.pop("new")
    assert (first["number"], newest["number"]) == (1, 3)
    changes = found.pop("results")
    assert found == {
        "crates_added": 0,
        "crates_removed": 0,
        "versions_added": 1,
        "versions_removed": 0,
        "versions_yanked": 1,
        "versions_unyanked": 0,
        "count": 2,
    }
    cksums = {vers: Crate("leaf", vers).cksum(old.index_url) for vers in ("1.0.0", "1.1.0")}
    same = {"name": "leaf", "whole_crate": False}
    assert changes == [
        same | {"change": "yanked", "vers": "1.0.0", "checksum": cksums["1.0.0"]},
        same | {"change": "added", "vers": "1.1.0", "checksum": cksums["1.1.0"]},
    ]
    second = rest.get(f"{old.repository}diff/", old=1, new=3, limit=1, offset=1)
    assert (second["count"], second["results"]) == (2, changes[1:])
    back = rest.get(f"{old.repository}diff/", old=3, new=1)
    assert [one["change"] for one in back["results"]] == ["unyanked", "removed"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "This field is required."),
        ({"old": "x y"}, "does not name a state of this registry"),
        ({"old": "99"}, "there is no version 99"),
        ({"old": "1", "new": "2020-01-01"}, "had no version at 2020-01-01T23:59:59Z"),
        ({"old": "1", "new": "9999-01-01"}, "is in the future"),
        ({"old": "1", "limit": 0}, "greater than or equal to 1"),
        ({"old": "1", "limit": 1001}, "less than or equal to 1000"),
        ({"old": "1", "offset": -1}, "greater than or equal to 0"),
    ],
)
def test_bad_difference_is_refused(
    rest: Rest, old: Registry, asked: dict[str, Any], message: str
) -> None:
    """With a sentence."""
    with pytest.raises(Refused) as refused:
        rest.get(f"{old.repository}diff/", **asked)
    assert refused.value.status == 400
    assert message in refused.value.text


def test_rights(rest: Rest, old: Registry) -> None:
    """Viewers see labels and differences; labels are for who may change the repository."""
    viewer = rest.new_user("cargo.cargorepository_viewer", on=old.repository)
    publisher = rest.new_user("cargo.cargorepository_publisher", on=old.repository)
    owner = rest.new_user("cargo.cargorepository_owner", on=old.repository)
    for user in (viewer, publisher, owner):
        assert user.get(f"{old.repository}version_labels/")["count"] >= 0
        assert user.get(f"{old.repository}diff/", old=1)["count"] == 2
    for user in (viewer, publisher):
        for action in ("label_version", "unlabel_version"):
            with pytest.raises(Refused) as refused:
                user.post(f"{old.repository}{action}/", label="theirs")
            assert refused.value.status == 403
    owner.post(f"{old.repository}label_version/", label="owned")
    owner.post(f"{old.repository}unlabel_version/", label="owned")
    stranger = rest.new_user()
    for path in ("version_labels/", "diff/?old=1"):
        with pytest.raises(Refused) as hidden:
            stranger.get(f"{old.repository}{path}")
        assert hidden.value.status in (403, 404)

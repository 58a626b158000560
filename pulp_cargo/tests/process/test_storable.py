"""Requests with values that PostgreSQL cannot store."""

from typing import Any

import pytest
from django.http import QueryDict

NUL = "has a NUL character, which PostgreSQL cannot store"
SURROGATE = "has an unpaired surrogate, which PostgreSQL cannot store"

# The serializers of responses only.
ANSWERS = {
    "AddedOwnersSerializer",
    "CargoConfigSerializer",
    "CollisionSerializer",
    "CollisionsSerializer",
    "CrateOwnerSerializer",
    "DiffSerializer",
    "ExplainedUpstreamSerializer",
    "ExplanationSerializer",
    "PolicyRefusalSerializer",
    "LockFileReportSerializer",
    "RemovedOwnersSerializer",
    "ReplacedVersionSerializer",
    "ShownFields",
    "VersionLabelSerializer",
}


def errors(name: str, data: Any) -> dict[str, list[str]]:
    """Return the faults of a partial request."""
    from rest_framework.renderers import JSONRenderer

    from pulp_cargo.app import serializers

    serializer = getattr(serializers, name)(data=data, partial=True)
    assert not serializer.is_valid()
    # A response that cannot be encoded would be a 500.
    assert JSONRenderer().render(serializer.errors)
    return {field: [str(one) for one in found] for field, found in serializer.errors.items()}


@pytest.mark.parametrize(
    ("name", "data", "field", "fault"),
    [
        ("CargoRemoteSerializer", {"headers": [{"a": "\0"}]}, "headers", f"`[0].a` {NUL}"),
        ("CargoRemoteSerializer", {"headers": [{"\0": 1}]}, "headers", f"a key of `[0]` {NUL}"),
        (
            "CargoRemoteSerializer",
            {"headers": [{"a": "\ud800"}]},
            "headers",
            f"`[0].a` {SURROGATE}",
        ),
        (
            "CargoRemoteSerializer",
            {"headers": [{"a": float("inf")}]},
            "headers",
            "`[0].a` is infinite or not a number, which PostgreSQL cannot store",
        ),
        ("CargoRepositorySerializer", {"pulp_labels": {"a": "\0"}}, "pulp_labels", f"`a` {NUL}"),
        ("CargoDistributionSerializer", {"pulp_labels": {"a": "\0"}}, "pulp_labels", f"`a` {NUL}"),
        # Read-only, and stored with the task all the same.
        ("CargoDistributionSerializer", {"prn": "\0"}, "prn", f"the text {NUL}"),
        ("CargoCratePolicySerializer", {"pulp_labels": {"a": "\0"}}, "pulp_labels", f"`a` {NUL}"),
        (
            "CargoCratePolicySerializer",
            {"block": [{"crate": "*", "\ud800": 1}]},
            "block",
            f"a key of `[0]` {SURROGATE}",
        ),
        ("CargoTokenSerializer", {"pulp_labels": {"a": "\0"}}, "pulp_labels", f"`a` {NUL}"),
        ("CrateYankSerializer", {"pulp_labels": {"a": "\0"}}, "pulp_labels", f"`a` {NUL}"),
        (
            "NamedVersionSerializer",
            {"\ud800": 1},
            "non_field_errors",
            f"the name of a field {SURROGATE}",
        ),
        (
            "LockFileSerializer",
            {"\ud800": 1},
            "non_field_errors",
            f"the name of a field {SURROGATE}",
        ),
    ],
)
def test_value_that_cannot_be_stored_is_a_fault_of_its_field(
    name: str, data: dict[str, Any], field: str, fault: str
) -> None:
    """At any level: core stores the whole request with the task, as JSON."""
    assert errors(name, data) == {field: [fault]}


def test_value_of_a_form_is_checked() -> None:
    """Forms can have NUL characters, too."""
    form = QueryDict("name=a%00")
    assert errors("CargoRemoteSerializer", form) == {"name": [f"the text {NUL}"]}


def test_lock_file_that_is_not_utf_8_has_the_message_of_its_parser() -> None:
    """It names the position, and nothing of the text is stored."""
    (fault,) = errors("LockFileSerializer", {"lock_file": "a = '\ud800'"})["lock_file"]
    assert "is not UTF-8 at byte 5" in fault


def test_every_request_is_checked() -> None:
    """A new serializer with fields to send is a StorableRequest, or part of one."""
    from rest_framework.serializers import Serializer

    from pulp_cargo.app import serializers
    from pulp_cargo.app.serializers import explain
    from pulp_cargo.app.serializers.storable import StorableRequest

    known = [getattr(serializers, name) for name in serializers.__all__]
    known += [one for one in vars(explain).values() if isinstance(one, type)]
    unchecked = {
        one.__name__
        for one in known
        if issubclass(one, Serializer) and not issubclass(one, StorableRequest)
    }
    assert unchecked == ANSWERS


@pytest.mark.parametrize("value", [0, True, 1.5, [], {}, [None]], ids=repr)
def test_reference_of_another_type_is_a_fault_of_its_field(value: Any) -> None:
    """Core's fields for references fail at all but text."""
    from rest_framework.serializers import HyperlinkedRelatedField

    from pulp_cargo.app import serializers
    from pulp_cargo.app.serializers.storable import StorableRequest

    tried = set()
    for name in serializers.__all__:
        known = getattr(serializers, name)
        if not issubclass(known, StorableRequest):
            continue
        for field, one in known().get_fields().items():
            if isinstance(one, HyperlinkedRelatedField) and not one.read_only:
                tried.add(f"{name}.{field}")
                sentence = f"Incorrect type. Expected URL string, received {type(value).__name__}."
                assert errors(name, {field: value}) == {field: [sentence]}, f"{name}.{field}"
    assert {
        "CargoRepositorySerializer.remote",
        "CargoDistributionSerializer.repository_version",
        "ModifyRepositorySerializer.base_version",
        "SyncSerializer.remote",
        "CargoTokenSerializer.distribution",
    } <= tried

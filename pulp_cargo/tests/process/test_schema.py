"""What generated clients make of the OpenAPI schema: names, kinds of requests, and what is shown."""

from typing import Any

import pytest


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The schema of the plugin."""
    from django.test import RequestFactory
    from rest_framework.request import Request

    from pulpcore.openapi import PulpSchemaGenerator

    asked = RequestFactory().get("/pulp/api/v3/docs/api.json", {"component": "cargo", "pk_path": 1})
    found: dict[str, Any] = PulpSchemaGenerator().get_schema(Request(asked), public=True)
    return found


@pytest.fixture
def schemas(document: dict[str, Any]) -> dict[str, Any]:
    """The forms of requests and answers."""
    found: dict[str, Any] = document["components"]["schemas"]
    return found


def _body(document: dict[str, Any], action: str) -> dict[str, Any]:
    (path,) = (path for path in document["paths"] if path.endswith(f"/{action}/"))
    found: dict[str, Any] = document["paths"][path]["post"]["requestBody"]["content"]
    return found


@pytest.mark.parametrize("action", ["check", "prefetch"])
def test_a_lock_file_is_text_in_json_or_a_file_of_a_form(
    document: dict[str, Any], schemas: dict[str, Any], action: str
) -> None:
    """JSON comes first: a generated client makes its arguments of the first, and sends JSON."""
    kinds = {
        kind: schemas[one["schema"]["$ref"].rpartition("/")[2]]["properties"]["lock_file"]
        for kind, one in _body(document, action).items()
    }
    assert list(kinds) == [
        "application/json",
        "multipart/form-data",
        "application/x-www-form-urlencoded",
    ]
    formats = [field.get("format") for field in kinds.values()]
    assert formats == [None, "binary", "binary"]


def test_sets_of_values_have_names_of_ours(schemas: dict[str, Any]) -> None:
    """Clients of several plugins in one program do not overwrite each other's `KindEnum`."""
    sets = {name: schema for name, schema in schemas.items() if "enum" in schema}
    assert sorted(sets) == [
        "CargoChangeEnum",
        "CargoCratePolicyRuleEnum",
        "CargoDependencyKindEnum",
        "CargoExportFormatEnum",
        "CargoLockFileFlagEnum",
        "CargoLockFilePresenceEnum",
        "CargoLockFileVerdictEnum",
        "CargoRemotePolicyEnum",
        "CargoSearchOrderEnum",
        "CargoTokenScopeEnum",
        "CargoUnmetReasonEnum",
        "CargoUpstreamRuleEnum",
    ]


def test_members_of_sets_have_names_that_people_would_give(schemas: dict[str, Any]) -> None:
    """openapi-generator would make `PUBLISH_MINUS_NEW` of `publish-new`."""
    scopes = schemas["CargoTokenScopeEnum"]
    assert scopes["enum"] == [
        "read",
        "publish-new",
        "publish-update",
        "yank",
        "change-owners",
        "api",
    ]
    assert scopes["x-enum-varnames"] == [
        "READ",
        "PUBLISH_NEW",
        "PUBLISH_UPDATE",
        "YANK",
        "CHANGE_OWNERS",
        "API",
    ]
    lengths = [
        (len(one["enum"]), len(one["x-enum-varnames"])) for one in schemas.values() if "enum" in one
    ]
    assert all(values == names for values, names in lengths)


@pytest.mark.parametrize("form", ["cargo.PolicyRefusalResponse", "cargo.ExplanationResponse"])
def test_rules_are_of_a_set(schemas: dict[str, Any], form: str) -> None:
    """A program can compare with them, and knows which there are."""
    assert "RuleEnum" in str(schemas[form]["properties"]["rule"])


def test_a_yank_mark_shows_the_name_of_its_crate(schemas: dict[str, Any]) -> None:
    """What is sent as `name` is found there again."""
    assert "name" in schemas["cargo.CrateYank"]["properties"]
    assert {"name", "canonical_name"} <= schemas["cargo.CrateYankResponse"]["properties"].keys()

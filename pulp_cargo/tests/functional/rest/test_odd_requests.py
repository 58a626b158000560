"""Requests at which Django REST framework, core or PostgreSQL fail, to any of the endpoints."""

from typing import Any

import pytest

from pulp_cargo.tests.functional.rest.crate_files import crate_file
from pulp_cargo.tests.functional.rest.test_parameters import lists
from pulp_cargo.tests.functional.rest.world import World, make_world
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import Stack

JSON = {"Content-Type": "application/json"}
CRATES = "content/cargo/crates/"
KINDS = (
    CRATES,
    "content/cargo/yanks/",
    "cargo/crate-policies/",
    "cargo/tokens/",
    "distributions/cargo/cargo/",
    "exporters/cargo/cargo/",
    "remotes/cargo/cargo/",
    "repositories/cargo/cargo/",
)
# The ends of parameters that core resolves to objects.
REFERENCES = (
    "href",
    "href__in",
    "prn",
    "prn__in",
    "content",
    "content__in",
    "remote",
    "with_content",
)
REFERENCES += ("repository_version", "repository_version_added", "repository_version_removed")
NO_OBJECTS = (
    "/pulp/api/v3/",
    "http://[",
    "prn:a:b",
    "prn:auth.user:1",
    "prn:core.repositoryversion:x",
)


@pytest.fixture(scope="module")
def world(stack: Stack) -> World:
    """Objects of each kind."""
    return make_world(stack, unique("odd").replace("-", ""))


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 100_000], ids=["lists", "objects"])
def test_body_with_too_many_levels(rest: Rest, world: World, body: str) -> None:
    """It is refused by every operation that reads a body."""
    found = {}
    for call in world.calls():
        # A run of an exporter has no body, which is not read either.
        if call.method in ("post", "put", "patch") and not call.href.endswith("/exports/"):
            answer = rest.session.request(
                call.method, rest.url(call.href), data=body, headers=JSON, timeout=60
            )
            found[call.method, call.href] = (answer.status_code, answer.text)
    sentence = '{"detail":"JSON parse error - it has too many levels"}'
    assert found == dict.fromkeys(found, (400, sentence))


def test_body_beyond_the_limits_of_django(rest: Rest, world: World) -> None:
    """It is refused with the setting: too many bytes, fields of a form, or files."""
    check, upload = f"{world.registry.href}check/", f"{CRATES}upload/"
    files = [("file", ("a.crate", b"a"))] * 200
    answers = [
        rest.session.post(rest.url(check), json={"lock_file": "a" * 3_000_000}, timeout=60),
        rest.session.post(rest.url(upload), data={str(at): "" for at in range(2_000)}, timeout=60),
        rest.session.post(rest.url(upload), files=files, timeout=60),
    ]
    found = [(answer.status_code, answer.json()["detail"]) for answer in answers]
    beyond = "the request is larger than the setting `DATA_UPLOAD_MAX_{}` allows, which is {}"
    assert found == [
        (413, beyond.format("MEMORY_SIZE", 2_621_440)),
        (413, beyond.format("NUMBER_FIELDS", 1_000)),
        (413, beyond.format("NUMBER_FILES", 100)),
    ]


@pytest.mark.parametrize("body", ["1", '"a"', "[]", '["pulp_labels"]', "true"])
def test_body_that_is_no_object(rest: Rest, body: str) -> None:
    """It is refused with its type."""
    found = {}
    for path in KINDS:
        answer = rest.session.post(rest.url(path), data=body, headers=JSON, timeout=60)
        found[path] = (answer.status_code, "Invalid data. Expected a dictionary" in answer.text)
    assert found == dict.fromkeys(KINDS, (400, True))


@pytest.mark.parametrize("labels", ["a", "[" * 100_000, ""])
def test_labels_of_a_crate_that_are_not_json(rest: Rest, labels: str) -> None:
    """A form has them as text, which is refused with the name of the field."""
    answer = rest.session.post(
        rest.url(CRATES),
        files={"file": ("a.crate", crate_file(unique("a"), "1.0.0"))},
        data={"pulp_labels": labels},
        timeout=60,
    )
    assert answer.status_code == 400
    assert answer.json() == {"pulp_labels": [f"{labels[:200]!r} is not JSON"]}


def test_name_with_a_nul_in_a_change_of_roles(rest: Rest, world: World) -> None:
    """Core would look it up as it is."""
    for href in (world.registry.repository, world.token["pulp_href"], world.policy["pulp_href"]):
        for action in ("add_role", "remove_role"):
            answer = rest.session.post(
                rest.url(f"{href}{action}/"), json={"role": "a\0", "users": ["b\0"]}, timeout=60
            )
            assert answer.status_code == 400
            assert answer.json() == {
                "role": ["the text has a NUL character, which PostgreSQL cannot store"],
                "users": ["`[0]` has a NUL character, which PostgreSQL cannot store"],
            }


def test_filters_by_what_is_no_object(rest: Rest, document: dict[str, Any], world: World) -> None:
    """A URL or PRN of something else, or of nothing, is refused, or finds nothing."""
    found = {
        (href, parameter, value): rest.session.get(
            rest.url(href), params={parameter: value}, timeout=60
        )
        for href, parameters in lists(document, world).items()
        for parameter in parameters
        if parameter.endswith(REFERENCES)
        for value in NO_OBJECTS
    }
    assert {
        one: answer.status_code for one, answer in found.items() if answer.status_code >= 500
    } == {}
    refused = found[CRATES, "prn__in", "prn:a:b"]
    assert refused.status_code == 400
    assert refused.json() == {
        "prn__in": ["This value cannot be used: it is not the URL or PRN of an object of this kind"]
    }


def test_limit_beyond_all_numbers(rest: Rest, document: dict[str, Any], world: World) -> None:
    """PostgreSQL refuses it, which is no error of the server; the largest one is accepted."""
    for href in lists(document, world):
        refused = rest.session.get(rest.url(href), params={"limit": str(2**63)}, timeout=60)
        # A list with less than a page has no need of a limit.
        assert refused.status_code in (200, 400), href
        if refused.status_code == 400:
            assert refused.json() == {"limit": ["This value cannot be used: bigint out of range"]}
        assert rest.get(href, limit=2**63 - 1)["count"] >= 0


@pytest.mark.parametrize("path", [CRATES, "content/cargo/yanks/"])
def test_combined_filters_of_units(rest: Rest, path: str) -> None:
    """The parameter `q` of each list, also where the list is one of units, in the order of the list."""
    name = unique("q").replace("-", "")
    if path == CRATES:
        for vers in ("1.0.0", "2.0.0", "3.0.0"):
            rest.need_crate(crate_file(name, vers))
    else:
        for vers in ("1.0.0", "2.0.0", "3.0.0"):
            rest.make(path, name=name, vers=vers)

    def found(query: str, **more: Any) -> list[str]:
        page = rest.get(path, q=query, canonical_name=name, **more)
        return [one["vers"] for one in page["results"]]

    assert found("NOT vers=2.0.0") == ["3.0.0", "1.0.0"]
    assert found("vers=1.0.0 OR vers=3.0.0", ordering="pulp_created") == ["1.0.0", "3.0.0"]
    assert found("NOT vers=1.0.0 AND NOT vers=2.0.0") == ["3.0.0"]
    assert found("NOT vers=2.0.0", limit=1, offset=1) == ["1.0.0"]
    (one,) = rest.list(path, canonical_name=name, vers="1.0.0")
    assert rest.get(one["pulp_href"], q="NOT vers=2.0.0")["vers"] == "1.0.0"

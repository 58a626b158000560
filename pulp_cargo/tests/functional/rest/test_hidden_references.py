"""Who may not view an object gets the answer for one that does not exist, wherever a request names it.

A field or a filter that is new has to be added here: the schema and the classes of the filters say
which there are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from pulp_cargo.tests.functional.rest.crate_files import crate_file
from pulp_cargo.tests.support.rest import PATIENCE, Refused, Rest, unique
from pulp_cargo.tests.support.stack import DISTRIBUTIONS, REPOSITORIES, Stack

REMOTES, POLICIES, TOKENS = "remotes/cargo/cargo/", "cargo/crate-policies/", "cargo/tokens/"
CRATES, YANKS = "content/cargo/crates/", "content/cargo/yanks/"
UPSTREAM = "sparse+https://registry.example/"
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
KINDS = ("repository", "remote", "distribution", "cratepolicy")
SIGNING_SERVICE = (
    "INSERT INTO core_signingservice (pulp_id, pulp_created, name, public_key, pubkey_fingerprint,"
    " script) VALUES (%(id)s, now(), %(name)s, '', '', '')",
    "INSERT INTO core_asciiarmoreddetachedsigningservice (signingservice_ptr_id) VALUES (%(id)s)",
)
# What the fields of requests reference.
OF_FIELD = {
    "repository": ("repository",),
    "repository_version": ("version",),
    "base_version": ("version",),
    "source": ("repository", "name"),
    "remote": ("remote",),
    "content_guard": ("header guard", "RBAC guard"),
    "crate_policy": ("policy",),
    "distribution": ("distribution",),
    "signing_service": ("signing service",),
    "upload": ("upload",),
    "artifact": ("artifact",),
    "add_content_units": ("crate", "yank"),
    "remove_content_units": ("crate", "yank"),
    "upstreams": ("repository", "remote"),
}
# Fields with other URLs.
NO_REFERENCES = {"url", "proxy_url", "homepage", "dl"}
# Core's filters that take an object, by the names of their classes, which its plugin API lacks.
FILTERS = {
    "RepoVersionHrefPrnFilter",
    "RepositoryContentFilter",
    "WithContentFilter",
    "DistributionWithContentFilter",
    "HyperlinkRelatedFilter",
}
# What the parameters of lists reference.
OF_PARAMETER = {
    "repository_version": ("version", "repository"),
    "repository_version_added": ("version", "repository"),
    "repository_version_removed": ("version", "repository"),
    "added_between": ("version", "repository"),
    "removed_between": ("version", "repository"),
    "with_content": ("crate", "yank"),
    "latest_with_content": ("crate", "yank"),
    "content": ("crate", "yank"),
    "content__in": ("crate", "yank"),
    "remote": ("remote",),
    "repository": ("repository",),
    "repository__in": ("repository",),
    "distribution": ("distribution",),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request names objects: a field of a body, or a parameter of a list."""

    method: str
    path: str
    name: str

    @property
    def is_parameter(self) -> bool:
        """Whether it is a parameter of a list."""
        return self.method == "get"


@pytest.fixture(scope="module")
def hidden(rest: Rest, stack: Stack) -> dict[str, str]:
    """One object of each kind, which belongs to the administrator."""
    name = unique("hidden").replace("-", "")
    repository = rest.need(REPOSITORIES, name=name)["pulp_href"]
    crate = rest.need_crate(crate_file(name, "1.0.0"), repository=repository)
    yank = rest.make(YANKS, name=name, vers="1.0.0", repository=repository)
    service = uuid4()
    with stack.connect() as database:
        for statement in SIGNING_SERVICE:
            database.execute(statement, {"id": service, "name": name})
    registry = {"name": name, "base_path": name, "repository": repository}
    header = {"name": name, "header_name": "X-Team", "header_value": "a"}
    return {
        "name": name,
        "repository": repository,
        "version": f"{repository}versions/1/",
        "crate": crate["pulp_href"],
        "yank": yank["pulp_href"],
        "artifact": crate["artifact"],
        "remote": rest.need(REMOTES, name=name, url=UPSTREAM)["pulp_href"],
        "policy": rest.need(POLICIES, name=name)["pulp_href"],
        "distribution": rest.make(DISTRIBUTIONS, auth_required=True, **registry)["pulp_href"],
        "header guard": rest.make("contentguards/core/header/", **header)["pulp_href"],
        "RBAC guard": rest.make("contentguards/core/rbac/", name=f"{name}-rbac")["pulp_href"],
        "upload": rest.make("uploads/", size=1)["pulp_href"],
        "signing service": f"/pulp/api/v3/signing-services/{service}/",
    }


@pytest.fixture(scope="module")
def eve(rest: Rest) -> Rest:
    """Somebody with objects of her own only."""
    return rest.new_user(*(f"cargo.cargo{kind}_creator" for kind in KINDS))


@pytest.fixture(scope="module")
def own(eve: Rest) -> dict[str, str]:
    """Her objects, by the path of their list."""
    name = unique("eve").replace("-", "")
    repository = eve.make(REPOSITORIES, name=name)["pulp_href"]
    registry = {"name": name, "base_path": name, "repository": repository}
    return {
        REPOSITORIES: repository,
        REMOTES: eve.make(REMOTES, name=name, url=UPSTREAM)["pulp_href"],
        DISTRIBUTIONS: eve.make(DISTRIBUTIONS, **registry)["pulp_href"],
        POLICIES: eve.make(POLICIES, name=name)["pulp_href"],
        TOKENS: eve.make(TOKENS, name=name)["pulp_href"],
    }


def places(document: dict[str, Any]) -> Iterator[Place]:
    """Yield the places for references in the schema, except those in exporters, for administrators."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path.startswith("/pulp/api/v3/exporters/"):
                continue
            for one in operation.get("parameters", []):
                if one["in"] == "query" and one["name"] in OF_PARAMETER:
                    yield Place("get", path, one["name"])
            content = operation.get("requestBody", {}).get("content", {})
            for field, schema in _fields(document, content).items():
                text = f"{schema} {field}"
                if field not in NO_REFERENCES and re.search(r"'uri'|href|units|upstreams$", text):
                    yield Place(method, path, field)


def _fields(document: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    for described in content.values():
        name = described["schema"]["$ref"].rpartition("/")[2]
        fields: dict[str, Any] = document["components"]["schemas"][name]["properties"]
        return {key: one for key, one in fields.items() if not one.get("readOnly")}
    return {}


def test_answer_for_what_is_hidden_is_that_for_nothing(
    rest: Rest, eve: Rest, own: dict[str, str], hidden: dict[str, str], document: dict[str, Any]
) -> None:
    """By href, by PRN and by name: the same status and the same text.

    It takes long because it sends two requests for each spelling of each reference in the API.
    """
    told: dict[tuple[Place, str], list[str]] = {}
    found = list(places(document))
    for place in found:
        for kind in (OF_PARAMETER if place.is_parameter else OF_FIELD)[place.name]:
            for value in _spellings(rest, hidden[kind], place):
                nothing = ID.sub(str(uuid4()), value) if ID.search(value) else unique("nothing")
                told[place, value] = [
                    _answer(eve, own, document, place, one).replace(one, "X")
                    for one in (value, nothing)
                ]
    assert {place.name for place in found} == {*OF_FIELD, *OF_PARAMETER}
    assert {key: both for key, both in told.items() if both[0] != both[1]} == {}
    accepted = {place for (place, _), (one, _) in told.items() if not one.startswith("400")}
    # These compare ids, and look for no object.
    assert {(place.method, place.name) for place in accepted} == {
        ("get", name) for name in ("remote", "repository", "repository__in", "distribution")
    }


def test_what_an_object_references_already_can_stay(
    rest: Rest, eve: Rest, own: dict[str, str], hidden: dict[str, str]
) -> None:
    """Programs send back what they have read; once it is gone, it is as hidden as before."""
    for path, field, kind in (
        (DISTRIBUTIONS, "content_guard", "header guard"),
        (REPOSITORIES, "signing_service", "signing service"),
    ):
        rest.patch(own[path], **{field: hidden[kind]})
        eve.patch(own[path], **{field: eve.get(own[path])[field], "pulp_labels": {"a": "b"}})
        assert eve.get(own[path])[field] == hidden[kind]
        eve.patch(own[path], **{field: None})
        with pytest.raises(Refused, match="Object does not exist"):
            eve.patch(own[path], **{field: hidden[kind]})


def test_every_filter_by_an_object_is_tried(rest: Rest) -> None:
    """The schema does not say which filters take one."""
    from pulpcore.plugin.viewsets import NamedModelViewSet

    from pulp_cargo.app import viewsets

    found = set()
    for viewset in vars(viewsets).values():
        if not (isinstance(viewset, type) and issubclass(viewset, NamedModelViewSet)):
            continue
        filters = getattr(getattr(viewset, "filterset_class", None), "base_filters", {})
        for name, one in filters.items():
            if FILTERS & {base.__name__ for base in type(one).__mro__}:
                found.add(name)
    assert found == OF_PARAMETER.keys()


def _spellings(rest: Rest, value: str, place: Place) -> list[str]:
    """Return an href and the PRN; units in bodies are named by their hrefs only."""
    if not ID.search(value) or place.name.endswith("units"):
        return [value]
    if "signing-services" in value:
        return [value, f"prn:core.signingservice:{ID.search(value)[0]}"]
    return [value, rest.get(value)["prn"]]


def _answer(
    eve: Rest, own: dict[str, str], document: dict[str, Any], place: Place, value: str
) -> str:
    """Return the status and the text, without ids that differ from request to request."""
    path = place.path.removeprefix("/pulp/api/v3/")
    start = next((one for one in own if path.startswith(f"{one}{{")), "")
    below = re.sub(r"^\{\w+\}/", "", path.removeprefix(start))
    url = eve.url(f"{own[start]}{below}" if start else path)
    if place.is_parameter:
        both = place.name.endswith("between")
        asked = {place.name: f"{own[REPOSITORIES]},{value}" if both else value}
        answer = eve.session.get(url, params=asked, timeout=PATIENCE)
    else:
        body = _body(path, own) | {place.name: _shaped(place.name, value)}
        operation = document["paths"][place.path][place.method]
        is_json = "application/json" in operation["requestBody"]["content"]
        sent: dict[str, Any] = {"json": body} if is_json else {"data": body}
        answer = eve.session.request(place.method, url, timeout=PATIENCE, **sent)
    return f"{answer.status_code} {ID.sub('ID', answer.text)}"


def _shaped(field: str, value: str) -> Any:
    if field == "upstreams":
        kind = "remote" if "remote" in value else "repository"
        return [{"name": "hers", kind: value}]
    return [value] if field.endswith("units") else value


def _body(path: str, own: dict[str, str]) -> dict[str, Any]:
    """Return the other fields that a request needs."""
    name = unique("eve")
    if path.endswith("}/promote/"):
        return {"crates": [{"name": "a", "vers": "1.0.0"}]}
    if path == YANKS:
        return {"name": "a", "vers": "1.0.0", "repository": own[REPOSITORIES]}
    if path == CRATES:
        return {"repository": own[REPOSITORIES]}
    fields: dict[str, dict[str, Any]] = {
        DISTRIBUTIONS: {"name": name, "base_path": name},
        REPOSITORIES: {"name": name},
        REMOTES: {"name": name, "url": UPSTREAM},
        TOKENS: {"name": name},
    }
    below = re.sub(r"\{\w+\}/$", "", path)
    return fields.get(below, {})

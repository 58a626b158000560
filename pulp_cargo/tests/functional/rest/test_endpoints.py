"""The REST API as a whole: what there is, that all of it is described, and that nothing breaks it."""

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from pulp_cargo.tests.functional.rest.crate_files import crate_file
from pulp_cargo.tests.support.rest import Rest, unique

if TYPE_CHECKING:
    from schemathesis import Case
    from schemathesis.schemas import APIOperation

METHODS = {"get", "post", "put", "patch", "delete"}
EXPECTED = {
    "cargo/crate-policies/": "get post",
    "cargo/crate-policies/{pk}/": "delete get patch put",
    "cargo/crate-policies/{pk}/held/": "get",
    "cargo/tokens/": "get post",
    "cargo/tokens/{pk}/": "delete get",
    "content/cargo/crates/": "get post",
    "content/cargo/crates/upload/": "post",
    "content/cargo/crates/{pk}/": "get",
    "content/cargo/yanks/": "get post",
    "content/cargo/yanks/{pk}/": "get",
    "distributions/cargo/cargo/": "get post",
    "distributions/cargo/cargo/{pk}/": "delete get patch put",
    "distributions/cargo/cargo/{pk}/check/": "post",
    "distributions/cargo/cargo/{pk}/collisions/": "get post",
    "distributions/cargo/cargo/{pk}/config/": "get",
    "distributions/cargo/cargo/{pk}/daily_downloads/": "get",
    "distributions/cargo/cargo/{pk}/downloads/": "get",
    "distributions/cargo/cargo/{pk}/explain/": "get",
    "distributions/cargo/cargo/{pk}/prefetch/": "post",
    "distributions/cargo/cargo/{pk}/search/": "get",
    "distributions/cargo/cargo/{pk}/version_downloads/": "get",
    "exporters/cargo/cargo/": "get post",
    "exporters/cargo/cargo/{pk}/": "delete get patch put",
    "exporters/cargo/cargo/{pk}/exports/": "get post",
    "exporters/cargo/cargo/{pk}/exports/{pk}/": "delete get",
    "remotes/cargo/cargo/": "get post",
    "remotes/cargo/cargo/{pk}/": "delete get patch put",
    "remotes/cargo/cargo/{pk}/accept/": "post",
    "remotes/cargo/cargo/{pk}/replaced/": "get",
    "repositories/cargo/cargo/": "get post",
    "repositories/cargo/cargo/{pk}/": "delete get patch put",
    "repositories/cargo/cargo/{pk}/add_owners/": "post",
    "repositories/cargo/cargo/{pk}/check_closure/": "post",
    "repositories/cargo/cargo/{pk}/check_dependencies/": "post",
    "repositories/cargo/cargo/{pk}/diff/": "get",
    "repositories/cargo/cargo/{pk}/import_bundle/": "post",
    "repositories/cargo/cargo/{pk}/import_crates/": "post",
    "repositories/cargo/cargo/{pk}/snapshot/": "post",
    "repositories/cargo/cargo/{pk}/label_version/": "post",
    "repositories/cargo/cargo/{pk}/modify/": "post",
    "repositories/cargo/cargo/{pk}/owners/": "get",
    "repositories/cargo/cargo/{pk}/promote/": "post",
    "repositories/cargo/cargo/{pk}/remove/": "post",
    "repositories/cargo/cargo/{pk}/remove_owners/": "post",
    "repositories/cargo/cargo/{pk}/sync/": "post",
    "repositories/cargo/cargo/{pk}/unlabel_version/": "post",
    "repositories/cargo/cargo/{pk}/unyank/": "post",
    "repositories/cargo/cargo/{pk}/version_labels/": "get",
    "repositories/cargo/cargo/{pk}/versions/": "get",
    "repositories/cargo/cargo/{pk}/versions/{pk}/": "delete get",
    "repositories/cargo/cargo/{pk}/versions/{pk}/repair/": "post",
    "repositories/cargo/cargo/{pk}/yank/": "post",
}
ROLE_ACTIONS = ("add_role", "list_roles", "my_permissions", "remove_role")
LABEL_ACTIONS = ("set_label", "unset_label")


def test_endpoints(document: dict[str, Any]) -> None:
    """A viewset that is not re-exported is absent without a word, so each endpoint stands here."""
    found = {}
    for path, operations in document["paths"].items():
        parts = path.removeprefix("/pulp/api/v3/").split("/")
        plain = "/".join("{pk}" if part.startswith("{") else part for part in parts)
        if parts[-2] not in ROLE_ACTIONS + LABEL_ACTIONS:
            found[plain] = " ".join(sorted(METHODS & operations.keys()))
    assert found == EXPECTED


def test_every_field_is_described(document: dict[str, Any]) -> None:
    """The schema tells what each field of ours means."""
    bare = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        if name.removeprefix("Patched").startswith("cargo.")
        for field, described in schema["properties"].items()
        if not described.get("description")
    ]
    assert bare == []


@pytest.mark.parametrize(
    "examples", [1, pytest.param(30, marks=[pytest.mark.long, pytest.mark.timeout(7200)])]
)
def test_no_request_breaks_an_endpoint(
    rest: Rest,
    document: dict[str, Any],
    repository: dict[str, Any],
    registry: dict[str, Any],
    examples: int,
) -> None:
    """Whatever is sent, Pulp answers without a 500.

    It takes long because it sends a request of each kind to every endpoint.
    """
    # Every worker imports this module to collect its tests, and this would take it half a second.
    import schemathesis

    remote = rest.need("remotes/cargo/cargo/", name=unique("up"), url="sparse+https://r.example/")
    token = rest.need("cargo/tokens/", name=unique("ci"))
    mark = rest.make("content/cargo/yanks/", name=unique("leaf"), vers="1.0.0")
    crate = rest.need_crate(crate_file(unique("leaf"), "1.0.0"))
    policy = rest.need("cargo/crate-policies/", name=unique("policy"))
    made = (repository, registry, remote, token, mark, crate, policy)
    objects = [one["pulp_href"] for one in made]
    _leave_out_faults_of_core(document)
    schema = schemathesis.openapi.from_dict(document)
    broken = []
    for found in schema.get_all_operations():
        operation = found.ok()
        known = _existing(operation.path, objects)
        broken += answers_of_500(rest, operation, known, examples=examples)
    assert broken == []


def answers_of_500(
    rest: Rest, operation: "APIOperation", path: dict[str, Any], *, examples: int
) -> list[str]:
    """Return the requests, of some that the schema allows, that an endpoint does not survive."""
    broken = []

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def send(case: "Case") -> None:
        if operation.method.upper() != "DELETE":
            case.path_parameters.update(path)
        answer = case.call(base_url=rest.origin, session=rest.session, timeout=30)
        if answer.status_code >= 500:
            broken.append(f"{case.method} {answer.request.url} {answer.request.body!r}")

    send()
    return broken


def _existing(path: str, objects: list[str]) -> dict[str, Any]:
    """Return the path parameters that name one of our objects, so that more than 404 is seen."""
    names = re.findall(r"{(\w+)}", path)
    hrefs = [href for href in objects if names and href.startswith(path.split("{")[0])]
    values = [hrefs[0].split("/")[-2], 0] if hrefs else []
    return dict(zip(names, values, strict=False))


def _leave_out_faults_of_core(document: dict[str, Any]) -> None:
    """Take out what core itself answers badly: random credentials, and dates in filters.

    A username with a NUL, and a date whose offset PostgreSQL does not know, are a 500 everywhere.
    """
    for path in document["paths"].values():
        for method in METHODS & path.keys():
            path[method].pop("security", None)
            path[method]["parameters"] = [
                parameter
                for parameter in path[method].get("parameters", [])
                if "date-time" not in str(parameter["schema"])
            ]

"""The REST API where Pulp's domains are enabled: what is in one is nothing to the other."""

import re
from typing import Any
from uuid import uuid4

import pytest

from pulp_cargo.tests.functional.domains.conftest import DomainRest, Domains, Side
from pulp_cargo.tests.functional.rest.crate_files import crate_file
from pulp_cargo.tests.support.rest import LISTS, PATIENCE, Refused, unique

UPSTREAM = "sparse+https://registry.example/"
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
METHODS = ("get", "post", "put", "patch", "delete")
# In Pulp's words: by some fields it looks for the object, by others it compares the domains.
FOREIGN = "does not exist|Could not find|a part of the (other|current) domain"


@pytest.fixture(scope="package")
def objects(domains: Domains) -> dict[str, str]:
    """An object of each kind in the default domain, by the path of its list."""
    rest, name = domains.default.rest, unique("apart")
    crate = name.replace("-", "")
    made = domains.default.make_registry(name=name)
    repository, paths = made.repository, "content/cargo/crates/"
    unit = rest.upload(paths, crate_file(crate, "1.0.0"), repository=repository)
    yank = rest.make("content/cargo/yanks/", name=crate, vers="1.0.0", repository=repository)
    return {
        "repositories/cargo/cargo/": repository,
        "distributions/cargo/cargo/": made.href,
        "remotes/cargo/cargo/": rest.make("remotes/cargo/cargo/", name=name, url=UPSTREAM)[
            "pulp_href"
        ],
        "cargo/tokens/": rest.make("cargo/tokens/", name=name)["pulp_href"],
        "cargo/crate-policies/": rest.make("cargo/crate-policies/", name=name)["pulp_href"],
        paths: unit["pulp_href"],
        "content/cargo/yanks/": yank["pulp_href"],
    }


def test_every_path_to_an_object_is_closed_from_the_other_domain(
    domains: Domains, objects: dict[str, str]
) -> None:
    """Each operation that names an object by its id, as the API's own description lists them."""
    document = domains.default.rest.get("docs/api.json", component="cargo", pk_path=1)
    tried, open_paths = 0, []
    for path, operations in document["paths"].items():
        url = _in_other_domain(path, objects)
        for method in METHODS if url else ():
            if method in operations:
                tried += 1
                if not _is_closed(domains.other.rest, method, str(url)):
                    open_paths.append((method, path))
    assert tried > 30
    assert open_paths == []


def _in_other_domain(path: str, objects: dict[str, str]) -> str | None:
    """Return the path of the object in the default domain as the other one would spell it."""
    below = path.partition("/api/v3/")[2]
    start = next((one for one in objects if below.startswith(f"{one}{{")), None)
    if start is None:
        return None
    key = objects[start].rstrip("/").rpartition("/")[2]
    first = re.sub(r"\{\w+\}", key, below, count=1)
    return f"/pulp/other/api/v3/{re.sub(r'{[^}]+}', '1', first)}"


def _is_closed(rest: DomainRest, method: str, path: str) -> bool:
    """Whether there is nothing: no such object, or no versions of it."""
    if method == "get" and path.endswith("/versions/"):
        return rest.list(path) == []
    return _status(rest, method, path) == 404


def _status(rest: DomainRest, method: str, path: str) -> int:
    answer = rest.session.request(method, rest.url(path), json={}, timeout=PATIENCE)
    return int(answer.status_code)


def test_lists_show_one_domain(domains: Domains, objects: dict[str, str]) -> None:
    """Also Pulp's own lists over all plugins; names may be the same in both."""
    masters = ("repositories/", "distributions/", "remotes/", "content/")
    for path in (*objects, *masters):
        hrefs = {one["pulp_href"] for one in domains.other.rest.list(path, limit=1000)}
        assert all(href.startswith("/pulp/other/") for href in hrefs), path
        assert not hrefs & set(objects.values())


def references(objects: dict[str, str], own: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Every field by which an object may name another one, filled with one of another domain."""
    repository = objects["repositories/cargo/cargo/"]
    crate = objects["content/cargo/crates/"]
    path = unique("mixed")
    registry = {"name": path, "base_path": path}
    return {
        "repository of a registry": (
            "distributions/cargo/cargo/",
            registry | {"repository": repository},
        ),
        "version of a registry": (
            "distributions/cargo/cargo/",
            registry | {"repository_version": f"{repository}versions/1/"},
        ),
        "repository of an upstream": (
            "distributions/cargo/cargo/",
            registry | {"upstreams": [{"name": "x", "repository": repository}]},
        ),
        "remote of an upstream": (
            "distributions/cargo/cargo/",
            registry | {"upstreams": [{"name": "x", "remote": objects["remotes/cargo/cargo/"]}]},
        ),
        "remote of a registry": (
            "distributions/cargo/cargo/",
            registry | {"repository": own, "remote": objects["remotes/cargo/cargo/"]},
        ),
        "remote of a repository": (
            "repositories/cargo/cargo/",
            {"name": path, "remote": objects["remotes/cargo/cargo/"]},
        ),
        "policy of a registry": (
            "distributions/cargo/cargo/",
            registry | {"crate_policy": objects["cargo/crate-policies/"]},
        ),
        "policy of a remote": (
            "remotes/cargo/cargo/",
            {"name": path, "url": UPSTREAM, "crate_policy": objects["cargo/crate-policies/"]},
        ),
        "registry of a token": (
            "cargo/tokens/",
            {"name": path, "distribution": objects["distributions/cargo/cargo/"]},
        ),
        "content to add": (f"{own}modify/", {"add_content_units": [crate]}),
        "content to remove": (f"{own}modify/", {"remove_content_units": [crate]}),
        "version to go back to": (f"{own}modify/", {"base_version": f"{repository}versions/1/"}),
        "repository of a yank": (
            "content/cargo/yanks/",
            {"name": path, "vers": "1.0.0", "repository": repository},
        ),
    }


@pytest.mark.parametrize("field", references(dict.fromkeys(LISTS, ""), ""))
def test_nothing_names_what_is_in_another_domain(
    domains: Domains, objects: dict[str, str], field: str
) -> None:
    """It is refused, and nothing is made or changed."""
    own = domains.other.registry.repository
    path, body = references(objects, own)[field]
    before = domains.other.rest.get(own)["latest_version_href"]
    with pytest.raises(Refused, match=FOREIGN) as refused:
        domains.other.rest.make(path, **body)
    assert refused.value.status == 400
    assert domains.other.rest.get(own)["latest_version_href"] == before
    if "name" in body and "yank" not in path:
        assert domains.other.rest.list(path, name=body["name"]) == []


@pytest.mark.parametrize("field", references(dict.fromkeys(LISTS, ""), ""))
def test_answer_for_what_is_in_another_domain_is_that_for_nothing(
    domains: Domains, objects: dict[str, str], field: str
) -> None:
    """Word for word, so that nobody learns what is there; also by PRN, which has no domain."""
    prns = {path: domains.default.rest.get(href)["prn"] for path, href in objects.items()}
    for there in (objects, prns):
        nothing = {path: ID.sub(str(uuid4()), one) for path, one in there.items()}
        answers = {
            _answer(domains.other.rest, *references(ones, domains.other.registry.repository)[field])
            for ones in (there, nothing)
        }
        assert len(answers) == 1, answers


def _answer(rest: DomainRest, path: str, body: dict[str, Any]) -> tuple[int, str]:
    answer = rest.session.post(rest.url(path), json=body, timeout=PATIENCE)
    return answer.status_code, ID.sub("ID", answer.text)


def test_same_bytes_are_a_unit_of_each_domain(domains: Domains) -> None:
    """With an artifact of its own, so that neither can be deleted from under the other."""
    name = unique("same").replace("-", "")
    units = [
        side.rest.upload("content/cargo/crates/", crate_file(name, "1.0.0"))
        for side, _ in domains.sides
    ]
    assert units[0]["cksum"] == units[1]["cksum"]
    for key in ("pulp_href", "artifact"):
        assert units[0][key].startswith("/pulp/default/")
        assert units[1][key].startswith("/pulp/other/")
        assert units[0][key].rsplit("/", 2)[1] != units[1][key].rsplit("/", 2)[1]


def test_role_in_one_domain_is_for_no_other(domains: Domains) -> None:
    """An owner of a domain's repositories makes, sees and changes them there only."""
    for side, other in domains.sides:
        user = side.new_user("cargo.cargorepository_creator", "cargo.cargorepository_owner")
        there = user.seen_by(user.auth, other.name)
        made = user.make("repositories/cargo/cargo/", name=unique("mine"))
        assert made["pulp_href"].startswith(f"/pulp/{side.name}/")
        assert len(user.list("repositories/cargo/cargo/")) > 1
        assert there.list("repositories/cargo/cargo/") == []
        assert _refusal(there, other) == (403, 404)


def test_versions_are_for_the_roles_of_their_own_domain(domains: Domains) -> None:
    """Core asks for the roles in the domain of the URL, whatever repository that names."""
    user = domains.other.new_user("cargo.cargorepository_owner")
    foreign = domains.default.registry.repository.replace("/default/", "/other/")
    assert user.list(f"{foreign}versions/") == []
    assert _status(user, "get", f"{foreign}versions/0/") == 404
    assert _status(user, "post", f"{foreign}versions/0/repair/") == 404
    assert user.list(f"{domains.other.registry.repository}versions/") != []


def _refusal(user: DomainRest, side: Side) -> tuple[int, int]:
    create = _status(user, "post", f"/pulp/{side.name}/api/v3/repositories/cargo/cargo/")
    return create, _status(user, "delete", side.registry.repository)

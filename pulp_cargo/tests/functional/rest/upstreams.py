"""Makes repositories, remotes and lists of upstreams."""

from typing import Any

from pulp_cargo.tests.support.rest import Rest, unique

DISTRIBUTIONS = "distributions/cargo/cargo/"
UPSTREAM = "sparse+https://crates.example.org/"


def new_repository(rest: Rest) -> str:
    """Make a repository and return its href."""
    return str(rest.need("repositories/cargo/cargo/", name=unique("repo"))["pulp_href"])


def new_remote(rest: Rest, url: str = UPSTREAM) -> str:
    """Make a remote and return its href."""
    return str(rest.need("remotes/cargo/cargo/", name=unique("up"), url=url)["pulp_href"])


def new_registry(rest: Rest, **fields: Any) -> dict[str, Any]:
    """Make a distribution that a test only requires, under a fresh name."""
    return rest.need(DISTRIBUTIONS, **_under_a_fresh_name(fields))


def sent_registry(rest: Rest, **fields: Any) -> dict[str, Any]:
    """Make a distribution by a request, under a fresh name."""
    return rest.make(DISTRIBUTIONS, **_under_a_fresh_name(fields))


def _under_a_fresh_name(fields: dict[str, Any]) -> dict[str, Any]:
    name = unique("registry")
    return {"name": name, "base_path": name} | fields


def refusal(rest: Rest, method: str, path: str, **fields: Any) -> Any:
    """Return the JSON of the 400 that a request must get."""
    answer = rest.session.request(method, rest.url(path), json=fields, timeout=60)
    assert answer.status_code == 400, answer.text
    return answer.json()


def refused_list(rest: Rest, *entries: Any, **fields: Any) -> Any:
    """Return the JSON of the 400 that a new list must get."""
    name = unique("registry")
    wanted = {"name": name, "base_path": name, "upstreams": list(entries)} | fields
    return refusal(rest, "POST", DISTRIBUTIONS, **wanted)

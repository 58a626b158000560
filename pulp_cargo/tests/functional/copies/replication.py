"""`upstream-pulp replicate`, and what it leaves in the Pulp that follows."""

from typing import Any

from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import DISTRIBUTIONS, Stack

REMOTES = "remotes/cargo/cargo/"


def upstream_at(base_url: str, stack: Stack, second: Stack, label: str, **fields: Any) -> str:
    """Tell the second Pulp of the first one, with an administrator's name and password."""
    user, password = stack.rest.auth or ("", "")
    made = {"policy": "labeled", "q_select": f"pulp_label_select='{label}'", **fields}
    return str(
        second.rest.make(
            "upstream-pulps/",
            name=unique("up"),
            base_url=base_url,
            api_root="/pulp/",
            username=user,
            password=password,
            **made,
        )["pulp_href"]
    )


def replicate(rest: Rest, upstream_pulp: str) -> list[dict[str, Any]]:
    """Replicate, wait for all tasks, and return them."""
    answer = rest.session.post(rest.url(f"{upstream_pulp}replicate/"), timeout=60)
    assert answer.status_code == 202, answer.text
    group = rest.get(answer.json()["task_group"])
    for task in group["tasks"]:
        rest.wait_task(task["pulp_href"])
    group = rest.get(group["pulp_href"])
    return [rest.wait_task(task["pulp_href"]) for task in group["tasks"]]


def copied(second: Stack, registry: Registry) -> Registry:
    """Return the registry of the second Pulp that is the copy of one of the first."""
    (found,) = second.rest.list(DISTRIBUTIONS, name=registry.name)
    return Registry(registry.name, found["base_url"], second.ready["token"], found["pulp_href"])


def names(second: Stack, path: str) -> set[str]:
    """Return the names of all that the second Pulp has of a kind."""
    return {one["name"] for one in second.rest.list(path, limit=100)}


def made(tasks: list[dict[str, Any]]) -> list[str]:
    """Return the repository versions that tasks have made."""
    return [href for task in tasks for href in task["created_resources"] if "/versions/" in href]

"""Each operation of the schema is called, and its answer is what the schema says: status and body."""

from typing import Any

from jsonschema import Draft202012Validator

from pulp_cargo.tests.functional.rest.test_answers import OF_CORE
from pulp_cargo.tests.functional.rest.world import World, path_of
from pulp_cargo.tests.support.rest import Rest

METHODS = ("get", "post", "put", "patch", "delete")


def test_every_operation_answers_as_the_schema_says(
    rest: Rest, document: dict[str, Any], world: World
) -> None:
    """A generated client takes nothing else: another status is an error to it, and so is a null.

    It takes long because it waits for the task of each operation that has one.
    """
    tried, faults = set(), set()
    for one in world.calls():
        answer = rest.session.request(one.method, rest.url(one.href), timeout=60, **one.sent)
        path = path_of(document, rest.url(one.href).removeprefix(rest.origin))
        tried.add((one.method, path))
        described = document["paths"][path][one.method]["responses"].get(str(answer.status_code))
        if described is None:
            faults.add(f"{one.method} {path} is {answer.status_code}: {answer.text[:300]}")
            continue
        for kind in described.get("content", {}).values():
            schema = kind["schema"] | {"components": document["components"]}
            for error in Draft202012Validator(schema).iter_errors(answer.json()):
                field = next((part for part in reversed(error.path) if isinstance(part, str)), "")
                if field not in OF_CORE:
                    faults.add(f"{one.method} {path} {field}: {error.message}")
        if answer.status_code == 202:
            rest.wait_task(answer.json()["task"])
    assert faults == set()
    there = {
        (method, path)
        for path, operations in document["paths"].items()
        for method in METHODS
        if method in operations
    }
    assert there - tried == set()

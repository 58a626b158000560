"""What the REST API answers is what its schema says, also where there is nothing to show."""

import re
from typing import Any

from jsonschema import Draft202012Validator

from pulp_cargo.tests.functional.rest.crate_files import crate_file
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.traces import remove_orphan

REPLACED = (
    "INSERT INTO cargo_replacedversion (remote_id, name, vers, cksum_before, cksum, found_at)"
    " VALUES (%s, 'leaf', '1.0.0', 'a', 'b', now())"
)
# Fields of core, of which its schema does not say that they may be null.
OF_CORE = {
    "base_version",
    "headers",
    "next",
    "no_content_change_since",
    "previous",
    "vuln_report",
}
WITHOUT_FILE = "UPDATE core_contentartifact SET artifact_id = NULL WHERE content_id = %s"


def _pk(made: dict[str, Any]) -> str:
    return str(made["prn"].rpartition(":")[2])


def _made(stack: Stack, rest: Rest) -> list[str]:
    """Make an object of each kind with as little in it as there can be, and return their URLs."""
    name = unique("bare")
    remote = rest.make("remotes/cargo/cargo/", name=name, url="sparse+https://r.example/")
    repository = rest.make("repositories/cargo/cargo/", name=name)
    registry = rest.make("distributions/cargo/cargo/", name=name, base_path=name)
    sent = crate_file(name, "1.0.0")
    crate = rest.upload("content/cargo/crates/upload/", sent)
    with stack.connect() as database:
        database.execute(REPLACED, [_pk(remote)])
        database.execute(WITHOUT_FILE, [_pk(crate)])
    remove_orphan(stack, sent)
    objects = [
        remote,
        repository,
        registry,
        crate,
        rest.make("content/cargo/yanks/", name=name, vers="1.0.0"),
        rest.make("cargo/tokens/", name=name),
        rest.make("cargo/crate-policies/", name=name),
    ]
    hrefs = [one["pulp_href"] for one in objects]
    more = [f"{remote['pulp_href']}replaced/", f"{repository['pulp_href']}versions/0/"]
    return [*hrefs, *more, *(f"{href.rsplit('/', 2)[0]}/" for href in hrefs)]


def test_answers_are_as_the_schema_says(stack: Stack, rest: Rest, document: dict[str, Any]) -> None:
    """Generated clients take no null, say, where the schema does not allow it."""
    faults = set()
    for href in _made(stack, rest):
        path = next(one for one in document["paths"] if re.fullmatch(_pattern(one), href))
        described = document["paths"][path]["get"]["responses"]["200"]["content"]
        schema = described["application/json"]["schema"] | {"components": document["components"]}
        for error in Draft202012Validator(schema).iter_errors(rest.get(href)):
            field = next((one for one in reversed(error.path) if isinstance(one, str)), "")
            if field not in OF_CORE:
                faults.add(f"{path} {field}: {error.message}")
    assert faults == set()


def _pattern(path: str) -> str:
    return re.sub(r"{\w+}", "[0-9a-f-]+", path)

"""References to other objects that are none."""

from collections.abc import Iterator
from typing import Any

import pytest

from pulp_cargo.tests.support.rest import Refused, Rest, unique
from pulp_cargo.tests.support.stack import DISTRIBUTIONS, REPOSITORIES

NOBODY = "00000000-0000-4000-8000-000000000000"
OF_NOTHING = "Invalid hyperlink - Object does not exist."


def _references(repository: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return the path, the field and the other fields of requests with a reference."""
    registry = {"name": unique("none"), "base_path": unique("none")}
    exporter = {"name": unique("none"), "format": "git", "path": "/none"}
    for field in ("repository", "repository_version", "remote", "content_guard", "crate_policy"):
        yield DISTRIBUTIONS, field, registry
    for field in ("remote", "signing_service"):
        yield REPOSITORIES, field, {"name": unique("none")}
    yield f"{repository}sync/", "remote", {}
    yield f"{repository}modify/", "base_version", {}
    yield f"{repository}import_crates/", "upload", {}
    yield f"{repository}import_bundle/", "upload", {}
    yield f"{repository}promote/", "source", {"crates": [{"name": "a", "vers": "1.0.0"}]}
    yield "exporters/cargo/cargo/", "distribution", exporter
    yield "cargo/tokens/", "distribution", {"name": unique("none")}
    yield "content/cargo/yanks/", "repository", {"name": "a", "vers": "1.0.0"}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (1, "Incorrect type. Expected URL string, received int."),
        (["a"], "Incorrect type. Expected URL string, received list."),
        *(
            (f"prn:{model}:{NOBODY}", OF_NOTHING)
            for model in (
                "cargo.cargoremote",
                "cargo.cargorepository",
                "cargo.cargodistribution",
                "core.repositoryversion",
                "core.upload",
                "core.task",
            )
        ),
        ("prn:auth.user:1", OF_NOTHING),
        ("http://[", "Invalid hyperlink - No URL match."),
        # Core checks the key of a model only if the model has it from none of its parents.
        ("prn:cargo.cargoremote:x", OF_NOTHING),
    ],
)
def test_reference_to_nothing_is_refused(rest: Rest, value: Any, sentence: str) -> None:
    """With the field and the reason, whatever the field refers to."""
    repository = rest.make(REPOSITORIES, name=unique("none"))["pulp_href"]
    found = {}
    for path, field, others in _references(repository):
        with pytest.raises(Refused) as refused:
            rest.post(path, **others, **{field: value})
        found[path, field] = (refused.value.status, sentence in str(refused.value))
    assert found == dict.fromkeys(found, (400, True))

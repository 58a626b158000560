"""Requests about lock files that are refused, and to whom."""

import json

import pytest

from pulp_cargo.tests.functional.lock_files.conftest import Gate
from pulp_cargo.tests.support.lock_file import lock_file, package
from pulp_cargo.tests.support.rest import Refused, Rest
from pulp_cargo.tests.support.stack import Stack


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "neither a `version` nor packages"),
        (b"no toml", "is not TOML"),
        (b"version = 9", "has the format `version = 9`"),
        (b"\xff", "is not UTF-8"),
        (b"#" * (2 * 1024 * 1024 + 1), "more than 2097152"),
    ],
    ids=["empty", "no TOML", "of the future", "no text", "too large"],
)
def test_broken_lock_file_is_refused(rest: Rest, gate: Gate, content: bytes, said: str) -> None:
    """With a sentence about the field."""
    for action in ("check", "prefetch"):
        with pytest.raises(Refused) as refused:
            rest.call("POST", f"{gate.href}{action}/", files={"lock_file": ("Cargo.lock", content)})
        assert refused.value.status == 400
        (sentence,) = json.loads(refused.value.text)["lock_file"]
        assert said in sentence


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "No file was submitted"),
        ({"lock_file": None}, "may not be null"),
        ({"lock_file": 1}, "was not a file"),
        ({"x": "y"}, "No file was submitted"),
    ],
    ids=["nothing", "null", "number", "another field"],
)
def test_request_must_have_a_lock_file(
    rest: Rest, gate: Gate, fields: dict[str, object], said: str
) -> None:
    """Anything else is a 400."""
    with pytest.raises(Refused, match=f'"lock_file".*{said}') as refused:
        rest.post(f"{gate.href}check/", **fields)
    assert refused.value.status == 400


def test_checking_takes_the_right_to_read(rest: Rest, stack: Stack, name: str) -> None:
    """The report tells what is in the registry."""
    registry = stack.make_registry(auth_required=True)
    (distribution,) = rest.list("distributions/cargo/cargo/", name=registry.name)
    lock = lock_file(package(name, source=registry.index_url))
    viewer = rest.new_user("cargo.cargodistribution_viewer", on=distribution["prn"])
    with pytest.raises(Refused) as refused:
        Gate(viewer, registry.href, None).check(lock)
    assert refused.value.status == 403
    reader = rest.new_user("cargo.cargodistribution_reader", on=distribution["prn"])
    assert Gate(reader, registry.href, None).row(lock)["verdict"] == "missing"

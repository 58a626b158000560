"""The keys by which dependents of a crate are found."""

import json

import pytest

from pulp_cargo.protocol.dependents import dependency_keys, keys_of
from pulp_cargo.protocol.registry_url import CRATES_IO, CRATES_IO_SPARSE

OURS = "sparse+https://r.example/i/"


def line(*deps: dict[str, object]) -> str:
    """Return an index line with these dependencies."""
    return json.dumps({"name": "a", "vers": "1.0.0", "deps": deps, "features": {}})


def finds(name: str, registries: list[str], *deps: dict[str, object]) -> bool:
    """Return whether a crate with these dependencies is found as a dependent."""
    return bool(set(keys_of(name, registries)) & set(dependency_keys(line(*deps))))


@pytest.mark.parametrize(
    "dep",
    [
        {"name": "leaf"},
        {"name": "LEAF", "registry": None},
        {"name": "alias", "package": "leaf"},
        {"name": "leaf", "registry": OURS},
        {"name": "leaf", "registry": "sparse+https://R.EXAMPLE:443/i"},
    ],
)
def test_dependency_on_this_registry_is_found(dep: dict[str, object]) -> None:
    """Null, or any spelling of its URL; by the name as it is published."""
    assert finds("leaf", [OURS], {"name": "other"}, dep)


@pytest.mark.parametrize(
    "dep",
    [
        {"name": "other"},
        {"name": "leaf", "package": "other"},
        {"name": "leaf", "registry": CRATES_IO},
        {"name": "leaf", "registry": "sparse+https://r.example/other/"},
        {"name": "leaf", "registry": "no URL"},
    ],
)
def test_same_name_elsewhere_is_another_crate(dep: dict[str, object]) -> None:
    """What an alias says is no name of a crate."""
    assert not finds("leaf", [OURS], dep)


def test_crates_io_has_several_urls() -> None:
    """They are one registry."""
    for url in (CRATES_IO, f"{CRATES_IO}.git", CRATES_IO_SPARSE):
        assert finds("leaf", [CRATES_IO_SPARSE], {"name": "leaf", "registry": url})


def test_keys_are_short_and_have_no_commas() -> None:
    """An index of PostgreSQL refuses long values, and an upstream may send any text."""
    url = f"sparse+https://{'a' * 5_000}.example/"
    found = dependency_keys(line({"name": "leaf", "registry": url}, {"name": "a,b"}, {"name": ""}))
    (key,) = found
    assert len(key) < 100 and "," not in key

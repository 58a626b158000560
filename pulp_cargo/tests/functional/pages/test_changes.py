"""The page of what changed between two states of a registry."""

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack


@pytest.fixture(scope="module")
def old(stack: Stack) -> Registry:
    """A registry with `leaf` 1.0.0, `other` 1.0.0, and a yank of the first, in versions 1 to 3."""
    registry = stack.make_registry()
    registry.publish(Crate("leaf"))
    registry.publish(Crate("other"))
    registry.yank("leaf")
    return registry


def page(registry: Registry, query: str, **headers: str) -> tuple[int, str]:
    """Return status and text of the page."""
    answer = registry.get(f"changes?{query}", **({"Accept": "text/html"} | headers))
    return answer.status, " ".join(answer.body.decode().split())


def test_changes_are_listed(old: Registry) -> None:
    """From the first state to the second, which is the newest if it is left out."""
    status, text = page(old, "old=1")
    assert status == 200
    assert "1 crates added, 0 removed; 1 versions added, 0 removed, 1 yanked, 0 unyanked." in text
    assert "<bdi>leaf</bdi></th><td>1.0.0</td><td>yanked</td>" in text
    assert "<bdi>other</bdi></th><td>1.0.0</td><td>added, the whole crate</td>" in text
    assert page(old, "old=1&new=3")[1].count("<tr>") == text.count("<tr>") == 3
    assert "Nothing has changed." in page(old, "old=2&new=2")[1]
    assert "Compare" in page(old, "")[1]
    assert page(old, "old=1&page=2")[0] == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("old=%3Cscript%3E", 404), ("old=99", 404), ("old=1&new=x%20y", 404),
        ("old=1&page=0", 400), ("old=1&page=-1", 400), ("old=1&page=x", 400),
        ("old=1&page=10001", 400), ("old=1&page=%D9%A1", 400),
        ("old=1&page=0000010001", 400), (f"old=1&page={'9' * 5000}", 400),
    ],
)  # fmt: skip
def test_bad_states_and_pages_are_refused(old: Registry, query: str, status: int) -> None:
    """Nothing of them is markup in the message."""
    found, text = page(old, query)
    assert found == status
    assert "<script>" not in text


def test_changes_are_for_readers_of_the_whole_repository(stack: Stack, old: Registry) -> None:
    """Neither strangers nor the readers of a pinned version see them."""
    private = stack.make_registry(of=old, auth_required=True, allow_uploads=False)
    assert page(private, "old=1")[0] == 401
    assert page(private, "old=1", Authorization=private.token or "")[0] == 200
    pinned = stack.make_registry(of=old, allow_uploads=False)
    version = f"{old.repository}versions/2/"
    stack.rest.set(pinned.href, repository=None, repository_version=version)
    status, text = page(pinned, "old=1")
    assert status == 404
    assert "does not serve its repository as it is" in text

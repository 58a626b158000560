"""Counts of downloads in the REST API."""

from typing import Any

import pytest

from pulp_cargo.tests.support.rest import Refused, unique
from pulp_cargo.tests.support.stack import Stack

CRATE = (
    "INSERT INTO cargo_cratedownloads"
    " (distribution_id, canonical_name, name, downloads, recent, last_at)"
    " VALUES (%s, %s, %s, %s, %s, %s) RETURNING id"
)
VERSION = (
    "INSERT INTO cargo_versiondownloads (crate_id, vers, downloads, last_at)"
    " VALUES (%s, %s, %s, %s) RETURNING id"
)
DAY = (
    "INSERT INTO cargo_dailydownloads (version_id, day, downloads)"
    " VALUES (%s, (now() AT TIME ZONE 'UTC')::date - %s, %s)"
)
OLD, NEW = "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"


@pytest.fixture
def registry(stack: Stack) -> dict[str, Any]:
    """A registry with counts of three versions of two crates."""
    name = unique("d")
    made = stack.rest.need("distributions/cargo/cargo/", name=name, base_path=name)
    pk = made["prn"].rpartition(":")[2]

    def one(statement: str, *values: object) -> Any:
        row = database.execute(statement, values).fetchone()
        assert row is not None
        return row[0]

    with stack.connect() as database:
        leaf = one(CRATE, pk, "leaf_a", "leaf-a", 8, 7, NEW)
        base = one(CRATE, pk, "base", "base", 9, 0, OLD)
        first, second = one(VERSION, leaf, "1.0.0", 5, OLD), one(VERSION, leaf, "1.1.0", 3, NEW)
        one(VERSION, base, "1.0.0", 9, OLD)
        for version, ago, downloads in ((first, 1, 4), (second, 0, 2), (second, 1, 1)):
            database.execute(DAY, (version, ago, downloads))
    return made


def test_crates(stack: Stack, registry: dict[str, Any]) -> None:
    """With most downloads first; they are filtered and ordered."""
    path = f"{registry['pulp_href']}downloads/"
    page = stack.rest.get(path, limit=1)
    assert page["count"] == 2 and page["next"]
    assert stack.rest.list(path) == [
        {"name": "base", "downloads": 9, "recent_downloads": 0, "last_download_at": OLD},
        {"name": "leaf-a", "downloads": 8, "recent_downloads": 7, "last_download_at": NEW},
    ]
    for wanted, found in (
        ({"name": "LEAF_A"}, ["leaf-a"]),
        ({"name": "leaf"}, []),
        ({"ordering": "-recent_downloads"}, ["leaf-a", "base"]),
        ({"ordering": "last_download_at"}, ["base", "leaf-a"]),
        ({"ordering": "-name"}, ["leaf-a", "base"]),
        ({"last_download_at__lt": NEW}, ["base"]),
        ({"last_download_at__gte": NEW}, ["leaf-a"]),
        ({"offset": 1}, ["leaf-a"]),
    ):
        assert [one["name"] for one in stack.rest.list(path, **wanted)] == found, wanted
    assert stack.rest.list(path, fields="name", limit=1)[0] == {"name": "base"}


def test_versions(stack: Stack, registry: dict[str, Any]) -> None:
    """Those not used for long are found."""
    path = f"{registry['pulp_href']}version_downloads/"
    assert stack.rest.list(path) == [
        {"name": "base", "vers": "1.0.0", "downloads": 9, "last_download_at": OLD},
        {"name": "leaf-a", "vers": "1.0.0", "downloads": 5, "last_download_at": OLD},
        {"name": "leaf-a", "vers": "1.1.0", "downloads": 3, "last_download_at": NEW},
    ]
    for wanted, found in (
        ({"name": "leaf_a"}, [5, 3]),
        ({"name": "leaf-a", "vers": "1.1.0"}, [3]),
        ({"last_download_at__lt": NEW}, [9, 5]),
        ({"last_download_at__gte": NEW}, [3]),
        ({"ordering": "downloads"}, [3, 5, 9]),
    ):
        assert [one["downloads"] for one in stack.rest.list(path, **wanted)] == found, wanted


def test_days(stack: Stack, registry: dict[str, Any]) -> None:
    """The latest first."""
    path = f"{registry['pulp_href']}daily_downloads/"
    found = stack.rest.list(path)
    rows = [(one["name"], one["vers"], one["downloads"]) for one in found]
    assert rows == [("leaf-a", "1.1.0", 2), ("leaf-a", "1.0.0", 4), ("leaf-a", "1.1.0", 1)]
    today, yesterday = found[0]["day"], found[1]["day"]
    assert yesterday < today
    for wanted, expected in (
        ({"day": today}, [2]),
        ({"day__gte": today}, [2]),
        ({"day__lte": yesterday}, [4, 1]),
        ({"name": "Leaf-A", "vers": "1.1.0"}, [2, 1]),
        ({"name": "base"}, []),
    ):
        assert [one["downloads"] for one in stack.rest.list(path, **wanted)] == expected, wanted


@pytest.mark.parametrize(
    ("action", "wanted"),
    [
        ("downloads", {"ordering": "id"}),
        ("downloads", {"last_download_at__lt": "yesterday"}),
        ("downloads", {"name": "a\0"}),
        ("version_downloads", {"vers": "\0"}),
        ("daily_downloads", {"day": "2026-02-30"}),
    ],
)
def test_bad_filter_is_a_400(
    stack: Stack, registry: dict[str, Any], action: str, wanted: dict[str, str]
) -> None:
    """And names the parameter."""
    with pytest.raises(Refused) as refused:
        stack.rest.get(f"{registry['pulp_href']}{action}/", **wanted)
    assert refused.value.status == 400
    assert all(name in refused.value.text for name in wanted)


@pytest.mark.parametrize("action", ["downloads", "version_downloads", "daily_downloads"])
def test_counts_are_for_readers(stack: Stack, registry: dict[str, Any], action: str) -> None:
    """Names of crates are for those who may read the registry; others do not see that it exists."""
    path = f"{registry['pulp_href']}{action}/"
    reader = stack.rest.new_user("cargo.cargodistribution_reader", on=registry["pulp_href"])
    viewer = stack.rest.new_user("cargo.cargodistribution_viewer", on=registry["pulp_href"])
    assert reader.get(path)["count"] > 0
    for user, status in ((viewer, 403), (stack.rest.new_user(), 404)):
        with pytest.raises(Refused) as refused:
            user.get(path)
        assert refused.value.status == status


def test_counts_go_with_the_registry(stack: Stack, registry: dict[str, Any]) -> None:
    """Deleting it leaves nothing."""
    stack.rest.delete(registry["pulp_href"])
    pk = registry["prn"].rpartition(":")[2]
    with stack.connect() as database:
        row = database.execute(
            "SELECT count(*) FROM cargo_cratedownloads WHERE distribution_id = %s", [pk]
        ).fetchone()
    assert row == (0,)

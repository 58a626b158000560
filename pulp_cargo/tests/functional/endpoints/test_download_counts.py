"""Which downloads are counted, and what crates.io's API says of them."""

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Answer, Registry
from pulp_cargo.tests.support.stack import Stack

MIB = 1024 * 1024


def get(registry: Registry, crate: Crate, method: str = "GET", **headers: str) -> Answer:
    """Request a .crate file; keyword arguments are headers with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    path = f"api/v1/crates/{crate.name}/{crate.vers}/download"
    return registry.request(method, path, headers=named, token=registry.token)


def counted(registry: Registry, stack: Stack, **wanted: str) -> dict[str, int]:
    """The downloads by version."""
    rows = stack.rest.list(f"{registry.href}version_downloads/", **wanted)
    return {f"{row['name']} {row['vers']}": row["downloads"] for row in rows}


def wait_for(registry: Registry, stack: Stack, expected: dict[str, int]) -> None:
    """Wait until just these downloads are counted."""
    launcher.wait_for(lambda: counted(registry, stack) == expected)
    assert counted(registry, stack) == expected


def days(answer: Answer) -> list[dict[str, Any]]:
    """The downloads per day, which must be those of today."""
    assert answer.status == 200, answer
    return list(answer.json()["version_downloads"])


@pytest.mark.parametrize("size", [100, 2 * MIB], ids=["in memory", "from the disk"])
def test_downloads_are_counted_by_their_first_byte(stack: Stack, name: str, size: int) -> None:
    """From memory and from the disk alike; no other request for a file counts."""
    registry = stack.make_registry()
    crate = Crate(name, files={"noise": random.randbytes(size)})
    registry.publish(crate)
    registry.index(name)
    etag = ""
    for _ in range(3):
        answer = get(registry, crate)
        assert (answer.status, len(answer.body)) == (200, len(crate.packed(registry.index_url)))
        etag = answer.headers["etag"]
    assert get(registry, crate, "HEAD").status == 200
    assert get(registry, crate, If_None_Match=etag).status == 304
    assert get(registry, crate, Range="bytes=10-19").status == 206
    assert get(registry, crate, Range="bytes=999999999-").status == 416
    assert get(registry, Crate(name, "9.9.9")).status == 404
    assert get(registry, Crate(f"{name}-x")).status == 404
    assert get(registry, crate, Range="bytes=0-9").status == 206
    wait_for(registry, stack, {f"{name} 1.0.0": 4})
    get(registry, crate)
    wait_for(registry, stack, {f"{name} 1.0.0": 5})


def test_counts_are_those_of_crates_io_api(stack: Stack, name: str) -> None:
    """Per version and day, the older ones together."""
    registry = stack.make_registry()
    versions = [f"1.{number}.0" for number in range(7)]
    for vers in versions:
        registry.publish(Crate(name, vers))
    for times, vers in enumerate(versions, 1):
        for _ in range(times):
            get(registry, Crate(name, vers))
    wait_for(registry, stack, {f"{name} 1.{at}.0": at + 1 for at in range(7)})
    answer = registry.get(f"api/v1/crates/{name.upper()}/downloads")
    assert answer.headers["content-type"] == "application/json"
    assert sorted(one["downloads"] for one in days(answer)) == [3, 4, 5, 6, 7]
    today = datetime.now(UTC).date().isoformat()
    assert answer.json()["meta"] == {"extra_downloads": [{"date": today, "downloads": 3}]}
    ids = {one["downloads"]: one["version"] for one in days(answer)}
    assert len(set(ids.values())) == 5 and all(0 < one < 2**53 for one in ids.values())
    of_version = registry.get(f"api/v1/crates/{name}/1.6.0/downloads")
    assert of_version.json() == {
        "version_downloads": [{"version": ids[7], "downloads": 7, "date": today}]
    }
    assert days(registry.get(f"api/v1/crates/{name}/1.0.0/downloads"))[0]["downloads"] == 1
    with_versions = registry.get(f"api/v1/crates/{name}/downloads?include=versions").json()
    shown = [(one["num"], one["downloads"]) for one in with_versions.pop("versions")]
    assert shown == [(f"1.{number}.0", number + 1) for number in (6, 5, 4, 3, 2)]
    assert with_versions == answer.json()
    before = f"api/v1/crates/{name}/1.6.0/downloads?before_date="
    assert registry.get(before + today).json() == of_version.json()
    assert registry.get(before).json() == of_version.json()
    assert days(registry.get(before + "2000-01-01")) == []


def test_crate_without_downloads(registry: Registry, name: str) -> None:
    """It has empty lists."""
    registry.publish(Crate(name))
    answer = registry.get(f"api/v1/crates/{name}/downloads")
    assert answer.json() == {"version_downloads": [], "meta": {"extra_downloads": []}}
    answer = registry.get(f"api/v1/crates/{name}/1.0.0/downloads")
    assert answer.json() == {"version_downloads": []}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("unknown-crate/downloads", 404),
        ("%00/downloads", 404),
        ("%ff/downloads", 404),
        ("con/downloads", 404),
        ("{name}/2.0.0/downloads", 404),
        ("{name}/1.0/downloads", 400),
        ("{name}/downloads?include=owners", 400),
        ("{name}/1.0.0/downloads?before_date=2026-02-30", 400),
        ("{name}/1.0.0/downloads?before_date=20260228", 400),
        ("{name}/1.0.0/downloads?before_date=%00", 400),
        ("{name}/%00/downloads", 400),
        ("unknown-crate/1.0.0/downloads", 404),
    ],
)
def test_what_is_not_there(registry: Registry, name: str, path: str, status: int) -> None:
    """It is named in the error; what is no version is a 400, as on crates.io."""
    registry.publish(Crate(name))
    answer = registry.get(f"api/v1/crates/{path.format(name=name)}")
    assert answer.status == status
    assert answer.detail


def test_counts_of_private_registry_need_a_token(private: Registry) -> None:
    """As everything in it; they are for no shared cache."""
    for path in ("secret/downloads", "secret/1.0.0/downloads", "unknown/downloads"):
        assert private.get(f"api/v1/crates/{path}").status == 401
    answer = private.get("api/v1/crates/secret/downloads", token=private.token)
    assert (answer.status, answer.headers["cache-control"]) == (200, "private, no-cache")


def test_private_downloads_are_counted(stack: Stack, name: str) -> None:
    """Those with a token, first and from memory; refused requests are not."""
    registry = stack.make_registry(auth_required=True)
    crate = Crate(name)
    registry.publish(crate)
    for _ in range(3):
        assert get(registry, crate).status == 200
        assert registry.download(name).status == 401
    wait_for(registry, stack, {f"{name} 1.0.0": 3})

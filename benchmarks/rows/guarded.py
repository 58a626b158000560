"""The speed of index files of private registries: with a token, and with Pulp's guards."""

import base64
from collections.abc import Iterator, Sequence

from benchmarks.load import CARGO_HEADERS, Load
from benchmarks.measure import Measure, at_least
from benchmarks.rows.loads import our_load
from benchmarks.world import World

HEADER, VALUE = "X-Team", "crates"


def private(world: World) -> Iterator[Measure]:
    """Index files of a registry that requires a token."""
    yield _guarded(world, "token", [f"authorization: {world.filled.token}"], "auth_required")


def rbac(world: World) -> Iterator[Measure]:
    """Index files behind a guard that requires a user's role, with the token of that user."""
    yield _guarded(world, "RBAC guard", [f"authorization: {world.filled.token}"], "rbac")


def header(world: World) -> Iterator[Measure]:
    """Index files behind a guard that requires a header."""
    value = base64.b64encode(VALUE.encode()).decode()
    yield _guarded(world, "header guard", [f"{HEADER}: {value}"], "header", HEADER, VALUE)


def _guarded(world: World, what: str, headers: Sequence[str], *kind: str) -> Measure:
    paths = world.tree_paths
    world.stack.inside("guard", world.filled.name, *kind)
    try:
        ours = our_load(world, paths, [*CARGO_HEADERS, *headers])
    finally:
        world.stack.inside("guard", world.filled.name, "none")
    return _rate(f"index file, {what}", ours)


def _rate(what: str, ours: Load) -> Measure:
    if ours.failed:
        raise SystemExit(f"{what}: {ours.failed} of {ours.requests} requests were refused")
    return Measure(what, ours.per_second, "/s", at_least(5_000), detail=ours.detail())

"""How much of everything a run makes and measures."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers of things, and of seconds for each run of the load generator."""

    tree: int
    versions: int
    filled: int
    huge: int
    imports: int
    many_versions: int
    publishes: int
    at_once: int
    large_bytes: int
    seconds: int
    repeats: int


FULL = Scale(
    tree=200,
    versions=6,
    filled=10_000,
    huge=100_000,
    imports=1_000,
    many_versions=1_000,
    publishes=100,
    at_once=960,
    large_bytes=40_000_000,
    seconds=5,
    repeats=5,
)
# Proves that everything runs; its figures mean nothing.
SHORT = Scale(
    tree=15,
    versions=2,
    filled=60,
    huge=500,
    imports=20,
    many_versions=20,
    publishes=5,
    at_once=40,
    large_bytes=2_000_000,
    seconds=1,
    repeats=1,
)

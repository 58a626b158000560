"""The files that an import refuses, and the others that it passes on."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is refused, and the reason."""

    path: str
    sentence: str


def accepted(files: Iterable[T | Refused], refused: list[Refused]) -> list[T]:
    """Return the accepted files, and append the others to the list of refused ones."""
    taken = []
    for one in files:
        if isinstance(one, Refused):
            refused.append(one)
        else:
            taken.append(one)
    return taken

"""A setting that a test changes while Pulp runs, since starting another Pulp takes seconds.

It is for a number that Pulp reads whenever it needs it, and only compares with another one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

SETTINGS = """
from pathlib import Path
from pulp_cargo.tests.support.changing import Limit

{name} = Limit(Path({file!r}))
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """A number that is in a file."""

    file: Path

    def __le__(self, other: float) -> bool:
        """Whether the number is not above another one, at this moment."""
        return int(self.file.read_text()) <= other


@dataclass(frozen=True, slots=True)
class ChangingSetting:
    """A setting with a limit; a Pulp has it by the environment."""

    limit: Limit
    environ: Mapping[str, str]

    @classmethod
    def of(cls, name: str, number: int, folder: Path) -> Self:
        """Return the setting with this name and its first value; its files are in a folder."""
        settings = folder / f"{name}.py"
        setting = cls(Limit(folder / name), {"INCLUDES_FOR_DYNACONF": str(settings)})
        settings.write_text(SETTINGS.format(name=name, file=str(setting.limit.file)))
        setting.change(number)
        return setting

    def change(self, number: int) -> None:
        """Set the number, as a whole for those who read it meanwhile."""
        new = self.limit.file.with_suffix(".new")
        new.write_text(str(number))
        new.rename(self.limit.file)

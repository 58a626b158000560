"""What a server and its reader say to each other: pickles, each after its length.

Both are one program, and the pipe between them is nobody else's.
"""

import pickle
from dataclasses import dataclass
from typing import IO, Any

from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.rules.limits import PublishLimits

_LENGTH = 8


@dataclass(frozen=True, slots=True)
class ReadPublished:
    """Asks for manifest and contents of a file that is published (`read_published`)."""

    path: str
    name: str | None
    vers: str | None
    limits: PublishLimits


@dataclass(frozen=True, slots=True)
class ReadUpstream:
    """Asks for what a file of an upstream tells (`read_upstream`)."""

    path: str
    name: str
    vers: str
    limits: PublishLimits


@dataclass(frozen=True, slots=True)
class ReadMetadata:
    """Asks for what cargo has sent before a file (`parse_metadata`)."""

    data: bytes
    most_deps: int


@dataclass(frozen=True, slots=True)
class ReadContents:
    """Asks for the files of a crate, and texts among them (`read_contents`)."""

    path: str
    name: str
    vers: str
    limits: PublishLimits
    wanted: str | None
    most: int
    most_texts: int


@dataclass(frozen=True, slots=True)
class RenderReadme:
    """Asks for a readme as HTML (`render_readme`)."""

    text: str
    repository: str | None


@dataclass(frozen=True, slots=True)
class HighlightFile:
    """Asks for the lines of a file as HTML (`highlight_file`)."""

    text: str
    file: str


@dataclass(frozen=True, slots=True)
class CompareTexts:
    """Asks for the lines in which two texts differ (`compare_texts`)."""

    old: str
    new: str


ReadRequest = ReadPublished | ReadUpstream | ReadMetadata
PageRequest = ReadContents | RenderReadme | HighlightFile | CompareTexts
Request = ReadRequest | PageRequest


@dataclass(frozen=True, slots=True)
class Refusal:
    """A RegistryError in parts, since not all of them can be pickled."""

    kind: type[RegistryError]
    args: tuple[object, ...]
    attributes: dict[str, object]

    @classmethod
    def of(cls, error: RegistryError) -> "Refusal":
        """Take an error apart."""
        return cls(type(error), error.args, dict(vars(error)))

    def error(self) -> RegistryError:
        """Put it together again."""
        error = self.kind.__new__(self.kind)
        error.args = self.args
        vars(error).update(self.attributes)
        return error


def send(pipe: IO[bytes], message: Any) -> None:
    """Write a message."""
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    pipe.write(len(data).to_bytes(_LENGTH, "little") + data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Any:
    """Return the next message; raises EOFError when the other side has ended."""
    prefix = pipe.read(_LENGTH)
    data = pipe.read(int.from_bytes(prefix, "little"))
    if len(prefix) < _LENGTH or len(data) < int.from_bytes(prefix, "little"):
        raise EOFError("the other side of the pipe has ended")
    return pickle.loads(data)

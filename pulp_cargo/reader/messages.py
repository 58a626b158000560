"""The messages between a server and its readers: pickles, each preceded by its length.

Unpickling them is safe, since both ends run the same code and no other process has the pipe.
"""

import pickle
from dataclasses import dataclass
from typing import IO, Any

from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.rules.limits import PublishLimits

_LENGTH = 8


@dataclass(frozen=True, slots=True)
class ReadPublished:
    """Requests the manifest and the contents of a published file (`read_published`)."""

    path: str
    name: str | None
    vers: str | None
    limits: PublishLimits


@dataclass(frozen=True, slots=True)
class ReadUpstream:
    """Requests the metadata in a file from an upstream (`read_upstream`)."""

    path: str
    name: str
    vers: str
    limits: PublishLimits


@dataclass(frozen=True, slots=True)
class ReadMetadata:
    """Requests the parsed JSON of a publish (`parse_metadata`)."""

    data: bytes
    most_deps: int


@dataclass(frozen=True, slots=True)
class ReadContents:
    """Requests the files of a crate, and texts among them (`read_contents`)."""

    path: str
    name: str
    vers: str
    limits: PublishLimits
    wanted: str | None
    most: int
    most_texts: int


@dataclass(frozen=True, slots=True)
class RenderReadme:
    """Requests a readme as HTML (`render_readme`)."""

    text: str
    repository: str | None


@dataclass(frozen=True, slots=True)
class HighlightFile:
    """Requests the lines of a file as HTML (`highlight_file`)."""

    text: str
    file: str


@dataclass(frozen=True, slots=True)
class CompareTexts:
    """Requests the differences between two texts, line by line (`compare_texts`)."""

    old: str
    new: str


ReadRequest = ReadPublished | ReadUpstream | ReadMetadata
PageRequest = ReadContents | RenderReadme | HighlightFile | CompareTexts
Request = ReadRequest | PageRequest


@dataclass(frozen=True, slots=True)
class Refusal:
    """A RegistryError in parts, since some of its subclasses cannot be unpickled."""

    kind: type[RegistryError]
    args: tuple[object, ...]
    attributes: dict[str, object]

    @classmethod
    def of(cls, error: RegistryError) -> "Refusal":
        """Return the parts of an error."""
        return cls(type(error), error.args, dict(vars(error)))

    def error(self) -> RegistryError:
        """Return the error with these parts."""
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

"""A file of an archive or a folder that is imported."""

from collections.abc import Callable, Iterator

from pulp_cargo.protocol.errors import RegistryError

CHUNK_BYTES = 1024 * 1024
LONGEST_SHOWN = 200


class Unreadable(RegistryError):
    """A file that cannot be read, or not completely."""

    status = 400


class SourceFile:
    """A file with its path below the archive or folder, which is read once and sequentially.

    `fault` is the reason why it cannot be read, None for a regular file.
    """

    def __init__(
        self, path: str, size: int, read: Callable[[int], bytes], fault: str | None = None
    ) -> None:
        self.path = path.removeprefix("./")
        self.size = size
        self.fault = fault
        self._read = read

    @property
    def shown(self) -> str:
        """The path for messages, which have a limited length."""
        return self.path[:LONGEST_SHOWN]

    def chunks(self) -> Iterator[bytes]:
        """Iterate over the content; raises Unreadable if it has fewer bytes than at first."""
        left = self.size
        while left:
            data = self._read(min(CHUNK_BYTES, left))
            if not data:
                raise Unreadable("it was changed while it was read")
            left -= len(data)
            yield data

    def content(self) -> bytes:
        """Return the content, as `chunks`."""
        return b"".join(self.chunks())

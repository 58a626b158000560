"""Archives of .crate files, as `import_crates` takes them."""

import io
import tarfile
from collections.abc import Iterable


def archive(members: Iterable[tuple[str, bytes | None]], *, mode: str = "w") -> bytes:
    """Return a tar archive of these paths and contents; None stands for a folder."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:
        for path, content in members:
            entry = tarfile.TarInfo(path)
            if content is None:
                entry.type = tarfile.DIRTYPE
                tar.addfile(entry)
            else:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def special(path: str, kind: bytes, *, size: int = 0) -> bytes:
    """Return an archive of one entry of another kind, with a size but without content."""
    entry = tarfile.TarInfo(path)
    entry.type, entry.linkname, entry.size = kind, "elsewhere" if kind in b"12" else "", size
    return entry.tobuf(tarfile.GNU_FORMAT) + bytes(1024)

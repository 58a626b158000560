"""How much an archive of crates may hold."""

import gzip
import io
from pathlib import Path

import pytest

from pulp_cargo.protocol.errors import BadRequest
from pulp_cargo.tests.functional.rest.archives import archive

MIB = 1024 * 1024
DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_archive_has_a_limit(packed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the bytes that it unpacks to, which the sentence names."""
    from pulp_cargo.app.services.imports import crate_archive

    def read(size: int) -> int:
        file = archive([("a.crate", bytes(size))])
        stream = io.BytesIO(gzip.compress(file) if packed else file)
        return len(list(crate_archive.crate_files(stream, max_bytes=MIB)))

    # What tarfile writes has a multiple of 10,240 bytes.
    monkeypatch.setattr(crate_archive, "MOST_BYTES", 20_480)
    assert read(5_000) == 1
    with pytest.raises(BadRequest, match=r"archive .* 20480"):
        read(15_000)


def test_documents_name_the_limits() -> None:
    """Who has more has to know before the upload."""
    from pulp_cargo.app.services.imports import crate_archive

    assert (crate_archive.MOST_FILES, crate_archive.MOST_BYTES) == (10_000, 8 * 1024**3)
    guide = (DOCS / "user" / "guides" / "import.md").read_text()
    assert "More than 10,000 files" in guide and "unpack to 8 GiB or more" in guide
    settings = (DOCS / "admin" / "reference" / "settings.md").read_text()
    assert "10,000 files, and they must unpack to less than 8 GiB" in settings

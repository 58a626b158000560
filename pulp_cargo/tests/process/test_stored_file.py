"""A file is read whole and as it should be, or not at all."""

from hashlib import sha256
from pathlib import Path

import pytest

BYTES = b"a crate"
CKSUM = sha256(BYTES).hexdigest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with the bytes that are expected."""
    path = tmp_path / "a.crate"
    path.write_bytes(BYTES)
    return path


@pytest.mark.parametrize(("most", "content"), [(len(BYTES), BYTES), (len(BYTES) - 1, None)])
def test_bytes_of_a_small_file_are_returned(file: Path, most: int, content: bytes | None) -> None:
    """Those of a larger one are streamed later, by whoever sends it."""
    from pulp_cargo.app.runtime.stored_file import read_sound

    assert read_sound(file, size=len(BYTES), sha256=CKSUM, most=most) == content


@pytest.mark.parametrize("most", [0, 100])
@pytest.mark.parametrize("now", [b"cut off"[:3], b"a crate and more"])
def test_another_size_is_damage(file: Path, now: bytes, most: int) -> None:
    """Also where the bytes are not looked at."""
    from pulp_cargo.app.runtime.stored_file import Damaged, read_sound

    file.write_bytes(now)
    with pytest.raises(Damaged):
        read_sound(file, size=len(BYTES), sha256=CKSUM, most=most)


def test_other_bytes_are_damage(file: Path) -> None:
    """Of the same number."""
    from pulp_cargo.app.runtime.stored_file import Damaged, read_sound

    file.write_bytes(BYTES[::-1])
    with pytest.raises(Damaged):
        read_sound(file, size=len(BYTES), sha256=CKSUM, most=100)


def test_file_that_is_not_there_is_missing(tmp_path: Path) -> None:
    """Whoever repairs the storage has to know the difference."""
    from pulp_cargo.app.runtime.stored_file import Missing, read_sound

    with pytest.raises(Missing):
        read_sound(tmp_path / "none", size=1, sha256=CKSUM, most=100)

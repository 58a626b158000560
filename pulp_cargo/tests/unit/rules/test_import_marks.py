"""What is taken from the index of a registry that is imported."""

from datetime import UTC, datetime

import pytest

from pulp_cargo.rules.import_marks import IndexMark, Marks, believable, marks_for

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EARLY, LATE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
OURS, OTHER = "a" * 64, "b" * 64


def test_version_without_a_line_has_no_marks() -> None:
    """Folders of .crate files need no index."""
    assert marks_for([], OURS) == Marks(yanked=False, pubtime=None)


def test_only_lines_with_the_checksum_of_the_file_count() -> None:
    """A line about other bytes says nothing about these."""
    lines = [IndexMark("old/1/a", OTHER, True, LATE), IndexMark("1/a", OURS, False, EARLY)]
    assert marks_for(lines, OURS) == Marks(yanked=False, pubtime=EARLY)


def test_yank_and_the_last_time_count_where_indexes_differ() -> None:
    """A work tree and the newest commit of its repository, for instance."""
    lines = [IndexMark("1/a", OURS, True, EARLY), IndexMark("1/a", OURS, False, LATE)]
    assert marks_for(lines, OURS) == Marks(yanked=True, pubtime=LATE)


def test_file_that_contradicts_its_index_is_refused() -> None:
    """Cargo refuses it as well, so no lock file has its checksum."""
    sentence = marks_for([IndexMark("index/1/a", OTHER, False, None)], OURS)
    assert isinstance(sentence, str)
    assert sentence.startswith(
        f"its SHA-256 is {OURS}, but the index file `index/1/a` has {OTHER}: "
    )


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2021-01-01T00:00:00Z", LATE),
        ("2021-01-01 00:00:00.123456", LATE),
        ("2021-01-01T02:00:00+02:00", LATE),
        ("2026-01-01T00:00:01Z", None),
        ("2013-12-31T23:59:59Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_time_is_believed_if_it_can_be_true(text: str | None, time: datetime | None) -> None:
    """Neither in the future, which no policy would wait for, nor before there were crates."""
    assert believable(text, NOW) == time

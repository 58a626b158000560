"""An iterator that is read ahead in a thread."""

from collections.abc import Iterator

import pytest

from pulp_cargo.app.runtime.ahead import read_ahead


def test_items_arrive_in_order_and_to_a_limit() -> None:
    """At most so many wait, besides the one that finds no room."""
    made: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    with read_ahead(numbers(), 5) as ahead:
        first = next(ahead)
        assert len(made) <= 8
        assert [first, *ahead] == list(range(100))


def test_error_of_the_iterator_is_raised_where_it_is_read() -> None:
    """After the items that came before it."""

    def failing() -> Iterator[int]:
        yield 1
        raise LookupError("nothing more")

    found = []
    with pytest.raises(LookupError, match="nothing more"), read_ahead(failing(), 5) as ahead:
        for item in ahead:
            found.append(item)
    assert found == [1]


def test_iterator_is_closed_with_the_block() -> None:
    """A generator ends what it uses, such as a process, although there is more."""
    closed = []

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 0
        finally:
            closed.append(True)

    with pytest.raises(KeyError), read_ahead(endless(), 2) as ahead:
        next(ahead)
        raise KeyError
    assert closed == [True]


def test_reader_leaves_with_its_own_error() -> None:
    """Even if the iterator fails to close."""

    def unwilling() -> Iterator[int]:
        try:
            while True:
                yield 0
        finally:
            raise OSError("not closed")

    with pytest.raises(KeyError), read_ahead(unwilling(), 2) as ahead:
        next(ahead)
        raise KeyError

"""The queue that writes a little later what others put in."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pulp_cargo.app.runtime.write_behind import WriteBehind


class Writer:
    """Writes batches, and notes them."""

    def __init__(self) -> None:
        self.written: list[tuple[str, list[int]]] = []
        self.dropped: list[tuple[str, list[int], str]] = []
        self.fails: list[Exception] = []
        self.may_write = asyncio.Event()
        self.may_write.set()

    async def write(self, group: str, items: Sequence[int]) -> None:
        """Write a batch, or fail."""
        await self.may_write.wait()
        if self.fails:
            raise self.fails.pop(0)
        self.written.append((group, list(items)))

    def on_failure(self, group: str, items: Sequence[int], error: Exception) -> None:
        """Note what was dropped."""
        self.dropped.append((group, list(items), str(error)))


@pytest.fixture
def writer() -> Writer:
    """A writer."""
    return Writer()


def new_queue(
    writer: Writer,
    on_failure: Callable[[str, Sequence[int], Exception], None] | None = None,
    **limits: Any,
) -> "WriteBehind[str, str, int]":
    """Make a queue that adds numbers of the same key."""
    from pulp_cargo.app.runtime.background import BackgroundTasks
    from pulp_cargo.app.runtime.write_behind import Limits, WriteBehind

    limits = {"batch_size": 3, "max_waiting": 100, **limits}
    return WriteBehind(
        writer.write,
        background=BackgroundTasks(),
        on_failure=on_failure or writer.on_failure,
        limits=Limits(**limits),
        merge=lambda before, after: before + after,
    )


@pytest.fixture
def patient(writer: Writer) -> "WriteBehind[str, str, int]":
    """A queue that waits for as long as nobody tells it to write."""
    return new_queue(writer, quiet_seconds=60.0, max_age_seconds=60.0)


def run(scene: Coroutine[Any, Any, None]) -> None:
    """Run a scene, which would hang where a queue does."""
    asyncio.run(asyncio.wait_for(scene, 5))


def test_items_of_a_key_are_merged(writer: Writer, patient: "WriteBehind[str, str, int]") -> None:
    """Those of another group are written apart."""

    async def scene() -> None:
        for group, key, item in (("a", "x", 1), ("a", "y", 2), ("b", "x", 4), ("a", "x", 8)):
            assert patient.put(group, key, item)
        assert patient.get("a", "x") == 9
        assert (patient.get("a", "z"), patient.get("c", "x")) == (None, None)
        await patient.flush()

    run(scene())
    assert writer.written == [("a", [2, 9]), ("b", [4])]
    assert len(patient) == 0
    assert patient._groups == {}


def test_batch_is_written_when_nothing_has_come_for_a_while(writer: Writer) -> None:
    """Or when its first item is too old, however much comes."""

    async def scene(quiet: float, age: float) -> None:
        queue = new_queue(writer, batch_size=100, quiet_seconds=quiet, max_age_seconds=age)
        for item in range(10):
            queue.put("a", str(item), item)
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)

    run(scene(0.15, 60.0))
    assert writer.written == [("a", list(range(10)))]
    writer.written.clear()
    run(scene(60.0, 0.1))
    assert len(writer.written) > 1
    assert [item for _, items in writer.written for item in items] == list(range(10))


def test_full_batch_waits_for_nothing(
    writer: Writer, patient: "WriteBehind[str, str, int]"
) -> None:
    """What is left waits for more."""

    async def scene() -> None:
        for item in range(4):
            patient.put("a", str(item), item)
        await asyncio.sleep(0.05)
        assert writer.written == [("a", [0, 1, 2])]
        patient.hurry()
        await asyncio.sleep(0.05)
        assert writer.written == [("a", [0, 1, 2]), ("a", [3])]

    run(scene())


def test_batch_is_written_at_once_where_nothing_is_to_be_waited_for(writer: Writer) -> None:
    """With all that was put in before the event loop went on."""

    async def scene() -> None:
        queue = new_queue(writer)
        queue.put("a", "x", 1)
        queue.put("a", "y", 2)
        await asyncio.sleep(0)
        assert writer.written == [("a", [1, 2])]

    run(scene())


def test_item_is_known_while_it_is_written(writer: Writer) -> None:
    """A newer one is not merged with it, and written after it."""

    async def scene() -> None:
        queue = new_queue(writer)
        writer.may_write.clear()
        queue.put("a", "x", 1)
        await asyncio.sleep(0)
        assert (len(queue), queue.get("a", "x"), queue.items("a")) == (0, 1, [1])
        queue.put("a", "x", 2)
        assert (queue.get("a", "x"), queue.items("a")) == (2, [1, 2])
        writer.may_write.set()
        await queue.flush()

    run(scene())
    assert writer.written == [("a", [1]), ("a", [2])]


def test_item_without_room_is_not_taken(
    writer: Writer, patient: "WriteBehind[str, str, int]"
) -> None:
    """But one for which there is an item already takes no room."""
    from dataclasses import replace

    async def scene() -> None:
        patient.limits = replace(patient.limits, max_waiting=2)
        put = [patient.put(group, key, 1) for group, key in ("ax", "bx", "ay", "ax")]
        assert put == [True, True, False, True]
        await patient.flush()

    run(scene())
    assert writer.written == [("a", [2]), ("b", [1])]


def test_batch_that_fails_is_dropped(writer: Writer) -> None:
    """Whoever made the queue is told, and the next batch is none the worse for it."""
    writer.fails = [ZeroDivisionError("oh")]

    async def scene() -> None:
        queue = new_queue(writer)
        queue.put("a", "x", 1)
        await queue.flush()
        queue.put("a", "x", 2)
        await queue.flush()

    run(scene())
    assert writer.dropped == [("a", [1], "oh")]
    assert writer.written == [("a", [2])]


def test_batch_that_cannot_be_written_now_is_written_later(writer: Writer) -> None:
    """Merged with what came meanwhile; what was taken out is not written any more."""
    from pulp_cargo.app.runtime.write_behind import WriteLater

    writer.fails = [WriteLater(0.05)]

    async def scene() -> None:
        queue = new_queue(writer)
        for key, item in (("x", 1), ("y", 2), ("z", 3)):
            queue.put("a", key, item)
        await asyncio.sleep(0.01)
        queue.put("a", "x", 8)
        queue.discard("a", "y")
        assert queue.items("a") == [3, 9]
        await asyncio.sleep(0.1)

    run(scene())
    assert writer.written == [("a", [3, 9])]
    assert writer.dropped == []


def test_batch_that_is_tried_again_does_not_wait_for_more(
    writer: Writer, patient: "WriteBehind[str, str, int]"
) -> None:
    """It has waited; what comes meanwhile goes with it."""
    from pulp_cargo.app.runtime.write_behind import WriteLater

    writer.fails = [WriteLater(0.05)]

    async def scene() -> None:
        patient.put("a", "x", 1)
        written = asyncio.create_task(patient.flush())
        await asyncio.sleep(0.01)
        patient.put("a", "x", 2)
        patient.put("a", "y", 4)
        await written

    run(scene())
    assert writer.written == [("a", [3, 4])]


def test_process_that_ends_writes_what_waits(
    writer: Writer, patient: "WriteBehind[str, str, int]"
) -> None:
    """At once, in as many batches as it takes."""

    async def scene() -> None:
        for item in range(5):
            patient.put("a", str(item), item)
        await patient.drain(2)

    run(scene())
    assert writer.written == [("a", [0, 1, 2]), ("a", [3, 4])]


def test_process_that_ends_tries_once(writer: Writer) -> None:
    """What cannot be written then is dropped, and no pause is waited for."""
    from pulp_cargo.app.runtime.write_behind import WriteLater

    writer.fails = [WriteLater(60.0), WriteLater(60.0)]

    async def scene() -> None:
        queue = new_queue(writer)
        queue.put("a", "x", 1)
        await asyncio.sleep(0.01)
        await queue.drain(2)

    run(scene())
    assert (writer.written, writer.fails) == ([], [])
    assert [items for _, items, _ in writer.dropped] == [[1]]


def test_process_that_ends_waits_for_no_writer_without_end(
    writer: Writer, patient: "WriteBehind[str, str, int]"
) -> None:
    """What it holds is lost with the process."""

    async def scene() -> None:
        writer.may_write.clear()
        patient.put("a", "x", 1)
        await patient.drain(0.05)
        assert patient.items("a") == [1]

    run(scene())
    assert writer.written == []


def test_group_takes_its_share_of_the_room(writer: Writer) -> None:
    """One that cannot be written leaves room for the others."""

    async def scene() -> None:
        queue = new_queue(
            writer,
            max_waiting=5,
            max_waiting_per_group=2,
            quiet_seconds=60.0,
            max_age_seconds=60.0,
        )
        taken = [queue.put("a", key, 1) for key in "xyz"]
        assert taken == [True, True, False]
        # An item of a key that waits needs no room.
        assert queue.put("a", "y", 1)
        assert [queue.put("b", key, 1) for key in "xyz"] == [True, True, False]
        assert [queue.put("c", key, 1) for key in "xy"] == [True, False]
        await queue.flush()

    run(scene())
    assert writer.written == [("a", [1, 2]), ("b", [1, 1]), ("c", [1])]


def test_queue_goes_on_when_a_failure_cannot_be_handled(
    writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    """What else waits is written, and the log has both errors."""
    writer.fails = [ZeroDivisionError("the write")]

    def on_failure(group: str, items: Sequence[int], error: Exception) -> None:
        raise LookupError("the handler") from error

    async def scene() -> None:
        queue = new_queue(writer, on_failure=on_failure, batch_size=1)
        queue.put("a", "x", 1)
        queue.put("a", "y", 2)
        await asyncio.sleep(0.05)
        assert len(queue) == 0

    run(scene())
    assert writer.written == [("a", [2])]
    assert "the write" in caplog.text and "the handler" in caplog.text


def test_queue_goes_on_after_its_task_was_stopped(
    writer: Writer, patient: "WriteBehind[str, str, int]"
) -> None:
    """Also in another event loop, as in the next test."""

    async def begin() -> None:
        writer.may_write.clear()
        patient.put("a", "x", 1)
        patient.hurry()
        await asyncio.sleep(0.01)
        patient.put("a", "y", 2)

    async def go_on() -> None:
        writer.may_write = asyncio.Event()
        writer.may_write.set()
        await patient.flush()

    run(begin())
    run(go_on())
    assert writer.written == [("a", [1, 2])]

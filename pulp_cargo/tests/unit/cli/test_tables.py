"""Lists as tables, and lines for terminals."""

import io
from typing import Any

import pytest

from pulpcore.cli.cargo import progress, tables

from pulp_cargo.tests.unit.cli.commands import commands, options

ROWS = [
    {"name": "team", "allow_uploads": True, "upstreams": [], "url": None},
    {"name": "all", "allow_uploads": False, "upstreams": ["a", "b"], "url": "sparse+https://x/"},
]


def test_columns_are_as_wide_as_their_longest_cell() -> None:
    """Values are words, and what is missing is a dash."""
    assert tables.of_objects(ROWS, ["name", "UPLOADS=allow_uploads", "upstreams", "url"]) == (
        "NAME  UPLOADS  UPSTREAMS  URL\n"
        "team  yes      -          -\n"
        "all   no       a, b       sparse+https://x/"
    )


def test_columns_that_no_object_has_are_left_out() -> None:
    """Other kinds of objects are listed by the same command, or other fields were chosen."""
    assert tables.of_objects([{"name": "a"}], ["name", "vers"]) == "NAME\na"
    assert tables.of_objects([{"prn": "a"}], ["name", "vers"]) == "PRN\na"
    assert tables.of_objects({"count": 0, "results": []}, ["name", "vers"]) == "NAME  VERS"


def test_last_column_is_wrapped_to_the_terminal() -> None:
    """Below its heading; nothing is cut off."""
    rows = [("serde", "a framework for serializing and deserializing")]
    assert tables.render(["NAME", "DESCRIPTION"], rows, width=34) == (
        "NAME   DESCRIPTION\nserde  a framework for serializing\n       and deserializing"
    )


def test_control_characters_are_not_for_the_terminal() -> None:
    """A description comes from whoever published the crate."""
    assert tables.of_objects([{"name": "a\x1b[2J\nb"}], ["name"]) == "NAME\na [2J b"


def test_every_list_of_ours_can_be_a_table() -> None:
    """The lists of roles are pulp-cli's own."""
    lists = {words: one for words, one in commands().items() if words[-1] == "list"}
    others = {words for words, one in lists.items() if "--format" not in options(one)}
    assert all(words[-2] == "role" for words in others)


class Terminal(io.StringIO):
    """A stream that is shown to a person."""

    def isatty(self) -> bool:
        return True


class Pulp:
    """A Pulp with a task that advances with each look at it."""

    background_tasks = False
    timeout = None

    def __init__(self) -> None:
        self.api = self
        self.looks = iter([(1, "running"), (4, "running"), (4, "completed")])

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        done, state = next(self.looks)
        report = {"message": "Fetching .crate files", "done": done, "total": 4}
        return {"pulp_href": "/t/", "state": state, "progress_reports": [report]}

    def wait_for_task(self, task: dict[str, Any], expect_cancel: bool = False) -> dict[str, Any]:
        assert task["state"] == "completed"
        return task


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()])
def test_task_has_a_bar_with_numbers_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO
) -> None:
    """Elsewhere pulp-cli waits for it as ever."""
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(progress, "INTERVAL", 0)
    pulp: Any = Pulp()
    waiting = {"pulp_href": "/t/", "state": "waiting", "progress_reports": []}
    ended = waiting | {"state": "completed"}
    with progress.bars(pulp):
        pulp.wait_for_task(waiting if stream.isatty() else ended)
    shown = stream.getvalue()
    assert ("Fetching .crate files" in shown and "4/4" in shown) is stream.isatty()
    assert pulp.wait_for_task(ended) is ended

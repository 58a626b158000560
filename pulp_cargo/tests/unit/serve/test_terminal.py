"""Colours, progress and questions: for terminals only."""

import os
import pty
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from pulp_cargo.serve.cargo_files import CargoFiles, files_for
from pulp_cargo.serve.offer import QUESTION, Offer
from pulp_cargo.serve.terminal import PLAIN, Progress, style_of
from pulp_cargo.tests.unit.serve.test_report import READY


class Terminal(StringIO):
    """A stream that is shown to a person."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "expected"),
    [
        (Terminal(), {"TERM": "xterm"}, True),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(), {}, False),
        (StringIO(), {"TERM": "xterm"}, False),
    ],
)
def test_colours_are_for_terminals_that_have_them(
    stream: StringIO, environ: dict[str, str], expected: bool
) -> None:
    """And for users who want them."""
    assert style_of(stream, environ).is_coloured is expected
    assert PLAIN.good("ready") == "ready"


def test_progress_on_a_terminal_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step takes the place of the one before, with its seconds."""
    monkeypatch.setenv("TERM", "xterm")
    now = iter([10.0, 10.2, 12.5, 20.0])
    monkeypatch.setattr("time.monotonic", lambda: next(now))
    terminal = Terminal()
    progress = Progress(terminal)
    progress.step("creating a database")
    progress.tick()
    progress.tick()
    progress.step("starting")
    progress.end()
    assert terminal.getvalue() == (
        "\r\033[Kcreating a database …\r\033[Kcreating a database … 2 s\r\033[Kstarting …\r\033[K"
    )


def test_errors_stand_out_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """By one word; other messages have no colour."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    Progress(terminal).say("error: the disk is full")
    Progress(terminal).say("stopping")
    assert terminal.getvalue() == (
        "pulp-cargo: \033[1;31merror:\033[0m the disk is full\npulp-cargo: stopping\n"
    )


def test_progress_in_a_file_is_a_line_for_each_step() -> None:
    """Without escape sequences, and without seconds."""
    file = StringIO()
    progress = Progress(file)
    progress.step("starting")
    progress.tick()
    progress.say("error: no")
    progress.end()
    assert file.getvalue() == "pulp-cargo: starting\npulp-cargo: error: no\n"


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A terminal whose other end these tests write to; they are its process in the foreground."""
    person, program = pty.openpty()
    monkeypatch.setattr(sys, "stdin", os.fdopen(program, "r"))
    monkeypatch.setattr("os.tcgetpgrp", lambda descriptor: os.getpgrp())
    yield person
    os.close(person)


@pytest.fixture
def files(tmp_path: Path) -> CargoFiles:
    """The files of a cargo that is not set up."""
    return files_for(READY, {"CARGO_HOME": str(tmp_path)})


@pytest.mark.parametrize(("answer", "written"), [(b"y\n", True), (b"Yes\n", True), (b"\n", False)])
def test_files_are_written_on_yes_only(
    keyboard: int,
    files: CargoFiles,
    capsys: pytest.CaptureFixture[str],
    answer: bytes,
    written: bool,
) -> None:
    """The answer may come at any time, and only one counts."""
    said: list[str] = []
    offer = Offer(files, said.append)
    assert capsys.readouterr().out == QUESTION
    offer.look_for_answer()
    assert said == []
    os.write(keyboard, answer)
    offer.look_for_answer()
    assert files.are_complete is written
    assert len(said) == (2 if written else 0)
    os.write(keyboard, b"y\n")
    offer.look_for_answer()
    assert files.are_complete is written


def test_job_in_the_background_reads_nothing(
    keyboard: int, files: CargoFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel would stop it, and with it the registry."""
    offer = Offer(files, print)
    monkeypatch.setattr("os.tcgetpgrp", lambda descriptor: os.getpgrp() + 1)
    os.write(keyboard, b"y\n")
    offer.look_for_answer()
    assert not files.are_complete

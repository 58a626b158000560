"""Restarts, and how failures are told."""

import sys
import time
from pathlib import Path

import pytest

from pulp_cargo.serve.errors import ServeError
from pulp_cargo.serve.processes import ProcessSpec, last_line
from pulp_cargo.serve.supervisor import Supervisor, back_off, outcome


def python(tmp_path: Path, code: str) -> ProcessSpec:
    """A process that runs a line of Python."""
    return ProcessSpec("step", (sys.executable, "-c", code), tmp_path / "step.log", tmp_path)


def test_restarts_come_later_and_later():
    """The first one at once, but a process that cannot run does not keep the machine busy."""
    assert [back_off(crashes) for crashes in range(5)] == pytest.approx([0.1, 0.4, 1.6, 6.4, 10.0])


def test_step_returns_what_it_printed(tmp_path: Path):
    """Only standard output: the rest is in the log."""
    code = "import sys; print('result'); print('noise', file=sys.stderr)"
    assert Supervisor(print).run(python(tmp_path, code)) == "result\n"
    assert (tmp_path / "step.log").read_text() == "noise\n"


def test_failed_step_gives_its_last_words(tmp_path: Path):
    """Not a traceback, but the line that names the error, and where there is more."""
    with pytest.raises(ServeError, match=r"^step failed: ValueError: no \(more in .*step\.log\)$"):
        Supervisor(print).run(python(tmp_path, "raise ValueError('no')"))


def test_missing_program_is_an_error_of_one_line(tmp_path: Path):
    """Most likely an installation that was moved."""
    spec = ProcessSpec("step", (str(tmp_path / "nothing"),), tmp_path / "step.log", tmp_path)
    with pytest.raises(ServeError, match=r"cannot start step: .*No such file"):
        Supervisor(print).run(spec)


def test_end_of_a_process_in_words():
    """A signal is named."""
    assert (outcome(3), outcome(-9)) == ("exit code 3", "killed by SIGKILL")


def test_stop_kills_what_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A process that ignores its signal is killed, and so is what it has started."""
    monkeypatch.setattr("pulp_cargo.serve.supervisor.STOP_TIMEOUT_SECONDS", 0.1)
    code = (
        "import signal, subprocess, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    )
    supervisor = Supervisor(print)
    supervisor.start(python(tmp_path, code))
    while not last_line(tmp_path / "step.log"):
        supervisor.pause()
    supervisor.stop()
    started = Path("/proc") / last_line(tmp_path / "step.log") / "stat"
    deadline = time.monotonic() + 30
    while started.exists() and ") Z " not in started.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)

"""Passwords that were verified a moment ago."""

import os
import pickle

import pytest

from pulp_cargo.app.runtime import password_memory
from pulp_cargo.app.runtime.password_memory import PasswordMemory


@pytest.fixture
def memory() -> PasswordMemory:
    """A memory with one password, for a minute."""
    memory = PasswordMemory()
    memory.remember(1, "session", "correct horse", 60)
    return memory


def test_only_the_verified_password_is_found(memory: PasswordMemory) -> None:
    """For the same user, as long as nothing has changed."""
    assert memory.remembers(1, "session", "correct horse")
    assert not memory.remembers(1, "session", "correct hors")
    assert not memory.remembers(2, "session", "correct horse")
    assert not memory.remembers(1, "another password or key", "correct horse")


def test_parts_are_never_taken_for_each_other(memory: PasswordMemory) -> None:
    """The end of one part is no beginning of the next one."""
    memory.remember("1", "a', 'b", "c", 60)
    assert not memory.remembers("1", "a", "b', 'c")
    assert not memory.remembers(1, "a', 'b", "c")


def test_it_forgets(memory: PasswordMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time, when it is told to, and at once without a time."""
    memory.remember(2, "session", "x", 0)
    assert not memory.remembers(2, "session", "x")
    memory.forget()
    assert not memory.remembers(1, "session", "correct horse")


def test_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each password has its own end."""
    now = [1000.0]
    monkeypatch.setattr("pulp_cargo.app.runtime.ttl_cache.time.monotonic", lambda: now[0])
    memory = PasswordMemory()
    memory.remember(1, "session", "x", 60)
    now[0] += 59
    assert memory.remembers(1, "session", "x")
    now[0] += 2
    assert not memory.remembers(1, "session", "x")


def test_memory_is_bounded(memory: PasswordMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The least recently used password goes first."""
    monkeypatch.setattr(password_memory, "MOST", 3)
    memory.forget()
    for user in range(5):
        memory.remember(user, "session", "x", 60)
    assert [memory.remembers(user, "session", "x") for user in range(5)] == [
        False,
        False,
        True,
        True,
        True,
    ]


def test_no_password_is_in_memory(memory: PasswordMemory) -> None:
    """Nor the stored hash: what is kept are 32 bytes each."""
    kept = pickle.dumps([*memory._verified._entries.keys()])
    assert b"correct horse" not in kept
    assert b"session" not in kept
    assert all(len(key) == 32 for key in memory._verified._entries)


def test_forked_process_begins_anew(memory: PasswordMemory) -> None:
    """It has another key and remembers nothing."""
    child = os.fork()
    if child == 0:
        os._exit(int(memory.remembers(1, "session", "correct horse")))
    assert os.waitpid(child, 0)[1] == 0
    assert memory.remembers(1, "session", "correct horse")

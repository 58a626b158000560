"""How changes come together in one commit; the commits themselves are in `database/`."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from pulp_cargo.protocol.errors import Forbidden
from pulp_cargo.protocol.unavailable import RepositoryBusy

if TYPE_CHECKING:
    from pulp_cargo.app.runtime.background import BackgroundTasks
    from pulp_cargo.app.services.publish.commit import Result
    from pulp_cargo.app.services.publish.commit_queue import CommitQueue

OURS, THEIRS = UUID(int=1), UUID(int=2)
DOMAIN: Any = object()


class Commits:
    """What is committed, and what becomes of it: by default each commit is a version."""

    def __init__(self, queue: "CommitQueue", background: "BackgroundTasks") -> None:
        self.queue, self.background = queue, background
        self.made: list[tuple[UUID, Any, list[Any]]] = []
        self.before = 0
        self.fails: list[Exception] = []
        self.refuses: dict[str, Exception] = {}

    def __call__(self, repository: UUID, domain: Any, changes: Sequence[Any]) -> "Result":
        """Commit changes, as `commit_together` does."""
        from pulp_cargo.app.services.publish.commit import Committed, Result

        self.made.append((repository, domain, list(changes)))
        if self.fails:
            raise self.fails.pop(0)
        committed = Committed(repository, self.before + len(self.made), frozenset())
        return Result(committed, [self.refuses.get(change) for change in changes])

    def together(self, *submitted: Coroutine[Any, Any, Any]) -> list[Any]:
        """Run all at once; what is raised is an answer, too, and nothing may stay in the queue."""

        async def run() -> list[Any]:
            answers = asyncio.gather(*submitted, return_exceptions=True)
            given = await asyncio.wait_for(answers, 5)
            await self.all_cleaned_up()
            return given

        answers = asyncio.run(run())
        assert self.queue._queue._groups == {}
        return answers

    async def all_cleaned_up(self) -> None:
        """Wait for what runs in the background."""
        await asyncio.gather(*self.background._tasks)

    def submit(
        self, change: str, repository: UUID = OURS, file: "File | None" = None
    ) -> Coroutine[Any, Any, Any]:
        """Submit a change."""
        return self.queue.submit(repository, DOMAIN, change, file)  # type: ignore[arg-type]

    async def finish(self) -> None:
        """End the process; the tests would hang where it does not."""
        await asyncio.wait_for(self.queue.close(), 2)


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> Commits:
    """The commits of this process, which none of its threads sees."""
    from pulp_cargo.app.runtime import timeouts
    from pulp_cargo.app.runtime.background import BackgroundTasks
    from pulp_cargo.app.services.publish import commit_queue

    background = BackgroundTasks()
    commits = Commits(commit_queue.CommitQueue(background), background)

    async def write(task: Callable[..., Any], *args: Any) -> Any:
        await asyncio.sleep(0)
        return task(*args)

    monkeypatch.setattr(commit_queue, "commit_together", commits)
    monkeypatch.setattr(commit_queue.threads, "write", write)
    monkeypatch.setattr(timeouts, "COMMIT_BUSY_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(commit_queue, "settings", SimpleNamespace(CARGO_BUSY_SECONDS=60))
    return commits


@pytest.fixture
def go_on(commits: Commits, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Commits take until this is set."""
    from pulp_cargo.app.services.publish import commit_queue

    go_on = asyncio.Event()

    async def write(task: Callable[..., Any], *args: Any) -> Any:
        await go_on.wait()
        return task(*args)

    monkeypatch.setattr(commit_queue.threads, "write", write)
    return go_on


class File:
    """The file of a change, which somebody else holds as well."""

    holders = 1

    def acquire(self) -> None:
        """Keep it."""
        self.holders += 1

    def release(self) -> None:
        """Let go of it."""
        self.holders -= 1


def test_what_waits_for_one_repository_is_committed_together(commits: Commits) -> None:
    """Each change is told of the version; one that comes alone has one of its own."""
    answers = commits.together(commits.submit("a"), commits.submit("b"))
    assert [(answer.repository, answer.number) for answer in answers] == [(OURS, 1)] * 2
    assert commits.together(commits.submit("c"))[0].number == 2
    assert commits.made == [(OURS, DOMAIN, ["a", "b"]), (OURS, DOMAIN, ["c"])]


def test_changes_of_two_repositories_are_never_in_one_commit(commits: Commits) -> None:
    """However close they come."""
    answers = commits.together(
        commits.submit("a"), commits.submit("b", THEIRS), commits.submit("c")
    )
    assert [answer.repository for answer in answers] == [OURS, THEIRS, OURS]
    assert commits.made == [(OURS, DOMAIN, ["a", "c"]), (THEIRS, DOMAIN, ["b"])]


def test_a_commit_takes_no_more_than_so_many(commits: Commits) -> None:
    """The first must not wait until a hundred are written."""
    limits = commits.queue._queue.limits
    assert limits.batch_size == 64
    commits.queue._queue.limits = replace(limits, batch_size=2)
    commits.together(*(commits.submit(change) for change in "abcde"))
    assert [changes for *_, changes in commits.made] == [["a", "b"], ["c", "d"], ["e"]]


def test_each_change_has_its_own_verdict(commits: Commits) -> None:
    """One that is refused does so alone."""
    commits.refuses = {"b": Forbidden("no")}
    first, refused, last = commits.together(
        commits.submit("a"), commits.submit("b"), commits.submit("c")
    )
    assert (first.number, str(refused), last.number) == (1, "no", 1)


def test_what_nobody_foresaw_is_told_to_all_who_waited(commits: Commits) -> None:
    """The next change is none the worse for it."""
    commits.fails = [ZeroDivisionError("oh")]
    assert [
        str(answer) for answer in commits.together(commits.submit("a"), commits.submit("b"))
    ] == ["oh", "oh"]
    assert commits.together(commits.submit("c"))[0].number == 2


def test_busy_repository_is_tried_again(commits: Commits) -> None:
    """Until it is free; what came meanwhile goes with the rest."""
    commits.fails = [RepositoryBusy(), RepositoryBusy()]
    assert [
        answer.number for answer in commits.together(commits.submit("a"), commits.submit("b"))
    ] == [3, 3]
    assert [changes for *_, changes in commits.made] == [["a", "b"]] * 3
    assert commits.queue.busy_waits == 2


def test_who_has_waited_long_enough_is_refused(
    commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who have not wait on."""
    from pulp_cargo.app.services.publish import commit_queue

    impatient = commits.submit("a")
    times = iter([60.0, 0.0])
    monkeypatch.setattr(
        commit_queue,
        "settings",
        type("Settings", (), {"CARGO_BUSY_SECONDS": property(lambda _: next(times))})(),
    )
    commits.fails = [RepositoryBusy()]
    patient, refused = commits.together(impatient, commits.submit("b"))
    assert (patient.number, type(refused)) == (2, RepositoryBusy)
    assert [changes for *_, changes in commits.made] == [["a", "b"], ["a"]]


def test_who_went_away_holds_up_nobody(commits: Commits) -> None:
    """A client may close its connection while its change waits."""

    async def leave() -> Any:
        gone = asyncio.ensure_future(commits.submit("a"))
        stays = asyncio.ensure_future(commits.submit("b"))
        await asyncio.sleep(0)
        gone.cancel()
        return await stays

    (answer,) = commits.together(leave())
    assert answer.number == 1
    assert [changes for *_, changes in commits.made] == [["a", "b"]]


def test_queue_goes_on_when_its_task_was_stopped(commits: Commits) -> None:
    """What waited is committed with the next change."""

    async def go_on() -> list[Any]:
        waits = asyncio.ensure_future(commits.submit("a"))
        await asyncio.sleep(0)
        runner = commits.queue._queue._groups[OURS, DOMAIN].runner
        assert runner is not None
        await asyncio.sleep(0)
        runner.cancel()
        await asyncio.wait([runner])
        return await asyncio.gather(waits, commits.submit("b"))

    (answers,) = commits.together(go_on())
    assert [answer.number for answer in answers] == [1, 1]
    assert commits.made == [(OURS, DOMAIN, ["a", "b"])]


def test_old_versions_are_cleaned_up_now_and_then(
    commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each version of a round number, and none that made nothing."""
    from pulp_cargo.app.services.publish import commit_queue
    from pulp_cargo.app.services.publish.commit import Committed, Result

    cleaned: list[UUID] = []
    monkeypatch.setattr(commit_queue, "clean_up", cleaned.append)

    async def commit(*numbers: int | None) -> None:
        for number in numbers:
            made = number and Committed(OURS, number, frozenset())
            result = Result(made or None, [])
            commit_queue.clean_up_after(commits.background, OURS, result)
        await commits.all_cleaned_up()

    asyncio.run(commit(None, 1, 49, 51))
    assert cleaned == []
    asyncio.run(commit(50, 100))
    assert cleaned == [OURS, OURS]
    commits.before = 149
    commits.together(commits.submit("a", THEIRS))
    assert cleaned[2:] == [THEIRS]


@pytest.mark.parametrize("refusal", [None, Forbidden("no")])
def test_file_is_held_until_the_verdict(commits: Commits, refusal: Forbidden | None) -> None:
    """Whether the change is committed or refused, and not a moment longer."""
    file = File()
    if refusal is not None:
        commits.refuses = {"a": refusal}

    async def watch() -> list[int]:
        waits = asyncio.ensure_future(commits.submit("a", file=file))
        await asyncio.sleep(0)
        held = file.holders
        await asyncio.wait([waits])
        return [held, file.holders]

    assert commits.together(watch()) == [[2, 1]]


def test_file_is_held_also_when_nobody_waits_any_more(
    commits: Commits, go_on: asyncio.Event
) -> None:
    """A commit may be under way that moves it."""
    file = File()

    async def leave() -> list[int]:
        gone = asyncio.ensure_future(commits.submit("a", file=file))
        stays = asyncio.ensure_future(commits.submit("b"))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait([gone])
        held = file.holders
        go_on.set()
        await stays
        return [held, file.holders]

    assert commits.together(leave()) == [[2, 1]]
    assert [changes for *_, changes in commits.made] == [["a", "b"]]


def test_commit_that_forgets_a_change_is_a_mistake(commits: Commits) -> None:
    """Whoever waited for it would wait for ever, and nobody would know why."""
    from pulp_cargo.app.services.publish import commit_queue
    from pulp_cargo.app.services.publish.commit import Result

    async def answer() -> None:
        verdict = asyncio.get_running_loop().create_future()
        waiting = commit_queue.Waiting("a", verdict, 0.0)  # type: ignore[arg-type]
        commit_queue._answer([waiting], Result(None, []))

    with pytest.raises(ValueError, match="zip"):
        asyncio.run(answer())


def test_process_that_ends_commits_what_waits(commits: Commits, go_on: asyncio.Event) -> None:
    """In every repository; where nothing waits it ends at once."""

    async def end() -> list[bool]:
        await commits.finish()
        waits = [
            asyncio.ensure_future(commits.submit("a")),
            asyncio.ensure_future(commits.submit("b", THEIRS)),
        ]
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.05, go_on.set)
        await commits.finish()
        made = len(commits.made)
        await asyncio.wait(waits)
        return [made == 2, *(one.exception() is None for one in waits)]

    assert commits.together(end()) == [[True, True, True]]


def test_process_that_ends_waits_for_no_busy_repository(commits: Commits) -> None:
    """Whoever waits is refused after an attempt, and may try another process."""
    commits.fails = [RepositoryBusy()]

    async def end() -> Any:
        waits = asyncio.ensure_future(commits.submit("a"))
        await asyncio.sleep(0)
        await commits.finish()
        return await waits

    (refused,) = commits.together(end())
    assert type(refused) is RepositoryBusy
    assert len(commits.made) == 1


def test_process_that_ends_takes_no_more_than_so_long(
    commits: Commits, go_on: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit that hangs is left behind."""
    from pulp_cargo.app.runtime import timeouts

    assert timeouts.COMMIT_DRAIN_SECONDS == 5
    monkeypatch.setattr(timeouts, "COMMIT_DRAIN_SECONDS", 0.01)

    async def end() -> list[int]:
        waits = asyncio.ensure_future(commits.submit("a"))
        await asyncio.sleep(0)
        await commits.finish()
        made = len(commits.made)
        go_on.set()
        await waits
        return [made, len(commits.made)]

    assert commits.together(end()) == [[0, 1]]


def test_too_many_changes_are_refused(commits: Commits) -> None:
    """Each may have a file open; whoever is refused may try again."""
    file = File()
    commits.queue._queue.limits = replace(commits.queue._queue.limits, max_waiting=1)
    first, refused = commits.together(commits.submit("a"), commits.submit("b", file=file))
    assert (first.number, type(refused)) == (1, RepositoryBusy)
    assert file.holders == 1


def test_busy_repository_leaves_room_for_others(commits: Commits) -> None:
    """It takes a quarter of all that may wait, for as long as a task has it locked."""
    limits = commits.queue._queue.limits
    assert (limits.max_waiting, limits.max_waiting_per_group) == (4096, 1024)
    commits.queue._queue.limits = replace(limits, max_waiting=8, max_waiting_per_group=2)
    changes = [*(commits.submit(change) for change in "abc"), commits.submit("d", THEIRS)]
    answers = commits.together(*changes)
    assert [type(answer) is RepositoryBusy for answer in answers] == [False, False, True, False]


async def examined(commits: Commits, change: str, turns: int) -> object:
    """Submit a change after an examination that takes so many turns of the loop."""
    with commits.queue.expecting(OURS):
        for _ in range(turns):
            await asyncio.sleep(0)
    return await commits.submit(change)


def test_commit_waits_for_publishes_that_are_examined(
    commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clients that publish at once share a commit, although one of them is examined first."""
    from pulp_cargo.app.runtime import timeouts

    monkeypatch.setattr(timeouts, "COMMIT_GATHER_SECONDS", 60)
    commits.together(examined(commits, "a", 1), examined(commits, "b", 20))
    assert commits.made == [(OURS, DOMAIN, ["a", "b"])]


def test_commit_does_not_wait_long_for_an_examination(
    commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file of another client may be large."""
    from pulp_cargo.app.runtime import timeouts

    monkeypatch.setattr(timeouts, "COMMIT_GATHER_SECONDS", 0.001)

    async def publish_beside_a_large_file() -> None:
        with commits.queue.expecting(OURS):
            await commits.submit("a")

    commits.together(publish_beside_a_large_file())
    assert commits.made == [(OURS, DOMAIN, ["a"])]


def test_commit_does_not_wait_for_another_repository(
    commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its publishes become another version anyway."""
    from pulp_cargo.app.runtime import timeouts

    monkeypatch.setattr(timeouts, "COMMIT_GATHER_SECONDS", 60)

    async def publish_beside_others() -> None:
        with commits.queue.expecting(THEIRS):
            await commits.submit("a")

    commits.together(publish_beside_others())
    assert commits.made == [(OURS, DOMAIN, ["a"])]

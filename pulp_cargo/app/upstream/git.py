"""A git repository with an index, fetched and read by the git program (Cargo Book, "Git Protocol").

It is bare and shallow: of the history there is one commit, which is enough for all files. A folder
that remains from sync to sync makes the next fetch small, and the difference of two commits known.
Objects are read by one process for all of them.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import IO

from pulp_cargo.app.runtime import timeouts
from pulp_cargo.app.runtime.pipes import input_of, output_of
from pulp_cargo.app.upstream.errors import CannotCopy
from pulp_cargo.protocol.errors import printable

# The commit of the current fetch, and that of the last sync that was completed.
FETCHED, SYNCED = "refs/cargo/fetched", "refs/cargo/synced"
# Objects that are asked for before their content is read: their ids must fit into a pipe.
OBJECTS_AHEAD = 500
# The end of what git has printed is the reason of a failure.
LONGEST_REASON = 1000
FILE_MODES = (b"100644", b"100755")
# Longer than any path in an index, in bytes.
_LONGEST_RECORD = 4096
# A server with the dumb protocol cannot shorten the history.
_NO_SHALLOW = "does not support shallow"


class CannotReadGit(CannotCopy):
    """What was fetched cannot be read."""


class GitRepository:
    """A bare repository in a folder; `environment` limits git to what the remote is for."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = {**environment, "GIT_DIR": str(folder)}

    def fetch(self, url: str, check: Callable[[], None], seconds: float | None = None) -> str:
        """Fetch the commit of HEAD, and return its id; raises CannotCopy, and what `check` raises.

        `check` is called every second. A damaged folder is fetched anew.
        """
        limit = time.monotonic() + (seconds or timeouts.GIT_FETCH_TIMEOUT_SECONDS)
        self._remove_remains()
        is_new = self._ask("rev-parse", "--git-dir") is None
        if is_new:
            self._create()
        failed = self._fetch(url, check, limit)
        if failed is not None and not is_new and self._is_damaged(check, limit):
            self._create()
            failed = self._fetch(url, check, limit)
        if failed is not None:
            raise CannotCopy(f"git could not fetch the index {url}: {failed}")
        commit = self._ask("rev-parse", "--verify", f"{FETCHED}^{{commit}}")
        if commit is None:
            raise CannotCopy(f"{url} has no commit at its HEAD")
        return commit

    def _fetch(self, url: str, check: Callable[[], None], limit: float) -> str | None:
        """Fetch the commit of HEAD; return why it failed, None if it did not."""
        words = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--force"]
        if url.startswith("file:"):
            # Otherwise git also tries the URL with `/.git` and `.git` behind it.
            words.append("--upload-pack=git upload-pack --strict")
        what = ["--", url, f"+HEAD:{FETCHED}"]
        failed = self._run_long([*words, "--depth=1", *what], check, limit)
        if failed is not None and _NO_SHALLOW in failed:
            failed = self._run_long([*words, *what], check, limit)
        return failed

    def _remove_remains(self) -> None:
        """Remove what a git that was killed has left; no other one works here now."""
        for pattern in ("*.lock", "refs/**/*.lock", "objects/**/*.lock", "objects/pack/tmp_*"):
            for file in self._folder.glob(pattern):
                file.unlink(missing_ok=True)

    def _is_damaged(self, check: Callable[[], None], limit: float) -> bool:
        """Return whether objects are missing or cannot be read, for instance after a power failure."""
        words = ["fsck", "--connectivity-only", "--no-dangling", "--no-progress"]
        return self._run_long(words, check, limit) is not None

    def clear(self) -> None:
        """Remove everything that was fetched, so that the next fetch begins anew."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def has(self, commit: str) -> bool:
        """Return whether all files of a commit are known, as they are after a fetch."""
        return self._ask("rev-parse", "--verify", "--quiet", f"{SYNCED}^{{commit}}") == commit

    def note_synced(self, commit: str) -> None:
        """Retain a commit for the difference to the next one, and tidy up after many fetches."""
        self._ask("update-ref", SYNCED, commit)
        self._ask("gc", "--auto", "--quiet")

    def tree(self, commit: str) -> Iterator[tuple[str, str]]:
        """Yield the paths and object ids of a commit's files; neither links nor submodules."""
        words = ["ls-tree", "-r", "-z", "--full-tree", commit]
        with self._reading(words) as output:
            for record in _records(output):
                head, tab, path = record.partition(b"\t")
                mode, kind, oid = head.split(b" ")
                if tab and kind == b"blob" and mode in FILE_MODES:
                    yield path.decode(errors="replace"), oid.decode()

    def changes(self, old: str, new: str) -> Iterator[tuple[str, str | None]]:
        """Yield the paths that differ between two commits, with the new object id if there is one."""
        words = ["diff-tree", "-r", "-z", "--raw", "--no-renames", old, new]
        with self._reading(words) as output:
            records = _records(output)
            for head in records:
                _, mode, _, oid, _ = head.removeprefix(b":").split(b" ")
                path = next(records, b"").decode(errors="replace")
                yield path, oid.decode() if mode in FILE_MODES else None

    def read_all(
        self, wanted: Iterable[tuple[str, str]], most_bytes: int
    ) -> Iterator[tuple[str, bytes]]:
        """Yield keys with the content of objects that exist as long as nothing is damaged."""
        for key, body in self.read(wanted, most_bytes):
            if body is None:
                raise CannotReadGit(f"git cannot read the index: an object of `{key}` is missing")
            yield key, body

    def read(
        self, wanted: Iterable[tuple[str, str]], most_bytes: int
    ) -> Iterator[tuple[str, bytes | None]]:
        """Yield keys with the content of their objects, in order.

        An object is an id, or a commit and a path as `commit:path`. None stands for one that does
        not exist or is no file. One of more than `most_bytes` is cut off after a byte more.
        """
        with self._process(["cat-file", "--batch"], stdin=subprocess.PIPE) as process:
            asked, answers = input_of(process), output_of(process)
            ahead: deque[str] = deque()
            source = iter(wanted)
            while True:
                if len(ahead) <= OBJECTS_AHEAD:
                    more = list(islice(source, OBJECTS_AHEAD))
                    ahead.extend(key for key, _ in more)
                    asked.write("".join(f"{name}\n" for _, name in more).encode())
                    asked.flush()
                if not ahead:
                    break
                yield ahead.popleft(), _object(answers, most_bytes)
            asked.close()

    def _create(self) -> None:
        self.clear()
        self._folder.mkdir(parents=True, mode=0o700)
        words = ["git", "init", "--quiet", "--bare", "--template=", str(self._folder)]
        done = subprocess.run(
            words, env=self._environment, stdin=subprocess.DEVNULL, capture_output=True
        )
        if done.returncode:
            raise CannotCopy(f"git cannot create a repository: {_reason(done.stderr)}")

    def _run_long(
        self, words: Sequence[str], check: Callable[[], None], limit: float
    ) -> str | None:
        """Run git until a time; return why it failed, None if it did not."""
        with tempfile.TemporaryFile() as errors:
            process = self._start(words, stdin=subprocess.DEVNULL, stderr=errors)
            try:
                while process.poll() is None:
                    check()
                    if time.monotonic() > limit:
                        return "it took too long"
                    _wait(process, timeouts.GIT_FETCH_CHECK_INTERVAL_SECONDS)
            finally:
                _stop(process)
            if process.returncode == 0:
                return None
            errors.seek(max(0, errors.seek(0, os.SEEK_END) - LONGEST_REASON))
            return _reason(errors.read()) or f"its exit code is {process.returncode}"

    def _ask(self, *words: str) -> str | None:
        """Return the line that git prints, None if it fails."""
        done = subprocess.run(
            ["git", *words], env=self._environment, stdin=subprocess.DEVNULL, capture_output=True
        )
        return done.stdout.decode().strip() if done.returncode == 0 else None

    @contextmanager
    def _reading(self, words: Sequence[str]) -> Iterator[IO[bytes]]:
        with self._process(words, stdin=subprocess.DEVNULL) as process:
            yield output_of(process)

    @contextmanager
    def _process(self, words: Sequence[str], *, stdin: int) -> Iterator[subprocess.Popen[bytes]]:
        """Run git for the block, which reads its output to the end; raises CannotCopy if it fails."""
        with tempfile.TemporaryFile() as errors:
            process = self._start(words, stdin=stdin, stdout=subprocess.PIPE, stderr=errors)
            try:
                yield process
                code = process.wait(timeout=timeouts.GIT_END_TIMEOUT_SECONDS)
            except (BrokenPipeError, _OutputEnded, subprocess.TimeoutExpired):
                code = -1
            finally:
                _stop(process)
            if code:
                errors.seek(0)
                raise CannotReadGit(
                    f"git cannot read the index: {_reason(errors.read(LONGEST_REASON))}"
                )

    def _start(self, words: Sequence[str], **pipes: object) -> subprocess.Popen[bytes]:
        try:
            # In a group of its own: a fetch runs further processes.
            return subprocess.Popen(
                ["git", *words], env=self._environment, start_new_session=True, **pipes
            )  # type: ignore[call-overload]
        except FileNotFoundError as error:
            raise CannotCopy(
                "a git index can only be synced if the program `git` is installed where Pulp's"
                " workers run"
            ) from error


class _OutputEnded(Exception):
    """git's output ends early, because it has failed."""


def _object(output: IO[bytes], most_bytes: int) -> bytes | None:
    """Return the next object of `cat-file --batch`, None for one that is missing or no file."""
    head = output.readline(_LONGEST_RECORD)
    if not head.endswith(b"\n"):
        raise _OutputEnded
    _, *rest = head.rsplit(b" ", 2)
    if len(rest) != 2 or not rest[1].strip().isdigit():
        # `NAME missing`.
        return None
    left, found = int(rest[1]), None
    if rest[0] == b"blob":
        found = output.read(min(left, most_bytes + 1))
        left -= len(found)
    while left:
        chunk = output.read(min(left, 1 << 20))
        if not chunk:
            raise _OutputEnded
        left -= len(chunk)
    output.read(1)
    return found


def _records(output: IO[bytes]) -> Iterator[bytes]:
    """Yield records that end in NUL, and have at most so many bytes each."""
    rest = b""
    while chunk := output.read(1 << 16):
        *records, rest = (rest + chunk).split(b"\0")
        yield from records
        if len(rest) > _LONGEST_RECORD:
            raise CannotCopy("the index has a path that is too long")


def _wait(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End a process and those that it has started."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _reason(output: bytes) -> str:
    """Return what git has printed, in one line."""
    lines = [line for line in output.decode(errors="replace").splitlines() if line.strip()]
    return printable("; ".join(lines)[-LONGEST_REASON:])

"""Runs the commands of a page as its reader would: block by block, in one shell.

A page has blocks fenced as `sh`, which are run as they stand, and blocks fenced as `text`, which
show what the block before them prints. In those, `…` stands for anything, and the lines may have
others before, between and after them. A block fenced as `sh fails` has to fail.

A block that begins with `sleep` and says what it prints is tried again and again until it does,
for as long as it would have slept.

A page that fails has ended its shell, or left it anywhere; the next one gets a new shell, with what
the last page that worked has left.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from pulp_cargo.tests.support.preloaded import preloaded, with_path

DOCS = Path(__file__).parents[4] / "docs"
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SLEEP = re.compile(r"sleep (\d+)\n")
END_OF_BLOCK = "end of the block"
# How often a block that waits is tried, in seconds.
TRIED_EVERY = 0.5
# What all commands of a shell may take, in seconds; the loops of a page would wait for ever.
PATIENCE = 1200
# What a shell has after a page. Variables that bash has made read-only cannot be set again.
KEPT = ".kept.sh"
KEEP = f"""
{{
    declare -p | grep -v '^declare -[a-zA-Z]*r'
    declare -f
    printf 'cd %q\\n' "$PWD"
}} > ~/{KEPT}
"""


@dataclass(frozen=True, slots=True)
class Block:
    """Commands, and the lines that they are said to print."""

    commands: str
    fails: bool = False
    prints: str = ""


def blocks(page: Path) -> list[Block]:
    """Return the commands of a page in order."""
    found: list[Block] = []
    for kind, text in FENCE.findall(page.read_text()):
        match kind.split():
            case ["sh", *options]:
                found.append(Block(text, fails="fails" in options))
            case ["text"]:
                found[-1] = replace(found[-1], prints=text)
    return found


def about_here(block: Block, values: Mapping[str, str]) -> Block:
    """Return a block with the values of this stack where it says `NAME=value` in a line.

    These lines are what a reader has to change; nothing else in a page depends on the place.
    """
    commands = block.commands
    for name, value in values.items():
        commands = re.sub(rf"^{name}=.*$", f"{name}={value}", commands, flags=re.MULTILINE)
    return replace(block, commands=commands)


class Shell:
    """A shell in a home directory of its own; what one block sets, the next ones have."""

    def __init__(self, home: Path, environ: Mapping[str, str]) -> None:
        self.home = home
        self._resources = ExitStack()
        environ = {**environ, "HOME": str(home)}
        self.venv = self._resources.enter_context(preloaded(environ))
        self._environ = with_path(environ, self.venv)
        self._process = self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()
        self._resources.close()

    def read(self, page: Iterable[Block]) -> None:
        """Run the blocks of a page; after one that fails, the shell is as it was before the page."""
        try:
            for block in page:
                self.run(block)
        except BaseException:
            self._restart()
            raise
        self.run(Block(KEEP))

    def run(self, block: Block) -> None:
        """Run a block; fails unless it ends and prints as its page says."""
        sleep = SLEEP.match(block.commands)
        if sleep and block.prints:
            done = self._wait_for(replace(block, commands=block.commands[sleep.end() :]), sleep[1])
        else:
            done = self._execute(block.commands, apart="-e" if block.fails else "")
        wrong = done.differs(block)
        assert wrong is None, f"{block.commands}\n{''.join(done.lines)}\n{wrong}"

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["timeout", str(PATIENCE), "bash", "--noprofile", "--norc"],
            cwd=self.home,
            env=self._environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # So that what it runs can be ended with it.
            start_new_session=True,
            text=True,
        )

    def _restart(self) -> None:
        """End the shell with all that it runs, and start another one with what was kept."""
        with suppress(BrokenPipeError, ProcessLookupError), self._process:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process = self._start()
        if (self.home / KEPT).exists():
            self._execute(f". ~/{KEPT} 2>/dev/null || true", apart="")

    def _wait_for(self, block: Block, seconds: str) -> "Done":
        """Try a block until it works, and once more when its time is over."""
        deadline = time.monotonic() + int(seconds)
        while True:
            is_last = time.monotonic() >= deadline
            done = self._execute(block.commands, apart="-eo pipefail")
            if is_last or done.differs(block) is None:
                return done
            time.sleep(TRIED_EVERY)

    def _execute(self, commands: str, *, apart: str) -> "Done":
        """Run commands; `apart`, in a shell of their own with these options, they may fail."""
        script = self.home / ".block.sh"
        script.write_text(commands)
        run = f"(set {apart}; . {script})" if apart else f". {script}"
        assert self._process.stdin is not None
        self._process.stdin.write(
            f"set {'+' if apart else '-'}eo pipefail\n{run} </dev/null\n"
            f'printf "\\n{END_OF_BLOCK} %s\\n" $?\n'
        )
        self._process.stdin.flush()
        *lines, end = self._until_end() or [""]
        return (
            Done(lines, int(end.split()[-1]))
            if end.startswith(END_OF_BLOCK)
            else Done([*lines, end])
        )

    def _until_end(self) -> list[str]:
        assert self._process.stdout is not None
        printed = []
        for line in self._process.stdout:
            printed.append(line)
            if line.startswith(END_OF_BLOCK):
                break
        return printed


@dataclass(frozen=True, slots=True)
class Done:
    """What commands have printed, and how they ended; without a status, so has the shell."""

    lines: list[str]
    status: int | None = None

    def differs(self, block: Block) -> str | None:
        """Return in what this is not as the page says."""
        if self.status is None or bool(self.status) != block.fails:
            return f"ended with {self.status}"
        missing = missing_line(block.prints, self.lines)
        return None if missing is None else f"has no line like: {missing}"


def missing_line(wanted: str, printed: list[str]) -> str | None:
    """Return the first line of `wanted` that does not come, in order, in what was printed."""
    rest = iter(printed)
    for line in wanted.splitlines():
        pattern = re.compile(".*".join(map(re.escape, line.rstrip().split("…"))))
        if line.strip("… ") and not any(pattern.fullmatch(one.rstrip()) for one in rest):
            return line
    return None

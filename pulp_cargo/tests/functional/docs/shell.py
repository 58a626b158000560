"""Runs the commands of a page as its reader would: block by block, in one shell.

A page has blocks fenced as `sh`, which are run as they stand, and blocks fenced as `text`, which
show what the block before them prints. In those, `…` stands for anything, and the lines may have
others before, between and after them. A block fenced as `sh fails` has to fail.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

DOCS = Path(__file__).parents[4] / "docs"
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
END_OF_BLOCK = "end of the block"
# What all commands together may take, in seconds; the loops of a page would wait for ever.
PATIENCE = 600


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
        self._process = subprocess.Popen(
            ["timeout", str(PATIENCE), "bash", "--noprofile", "--norc"],
            cwd=home,
            env={**environ, "HOME": str(home)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def run(self, block: Block) -> None:
        """Run a block; fails unless it ends and prints as its page says."""
        script = self.home / ".block.sh"
        script.write_text(block.commands)
        run = f"(set -e; . {script})" if block.fails else f". {script}"
        assert self._process.stdin is not None
        self._process.stdin.write(
            f"set {'+' if block.fails else '-'}eo pipefail\n{run} </dev/null\n"
            f'printf "\\n{END_OF_BLOCK} %s\\n" $?\n'
        )
        self._process.stdin.flush()
        printed = list(self._until_end())
        said = "".join(printed)
        assert printed and printed[-1].startswith(END_OF_BLOCK), f"{block.commands}\n{said}"
        status = printed.pop().split()[-1]
        assert (status != "0") == block.fails, f"{block.commands}\n{said}"
        missing = missing_line(block.prints, printed)
        assert missing is None, f"{block.commands}\n{said}\nhas no line like: {missing}"

    def _until_end(self) -> Iterator[str]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield line
            if line.startswith(END_OF_BLOCK):
                return


def missing_line(wanted: str, printed: list[str]) -> str | None:
    """Return the first line of `wanted` that does not come, in order, in what was printed."""
    rest = iter(printed)
    for line in wanted.splitlines():
        pattern = re.compile(".*".join(map(re.escape, line.rstrip().split("…"))))
        if line.strip("… ") and not any(pattern.fullmatch(one.rstrip()) for one in rest):
            return line
    return None

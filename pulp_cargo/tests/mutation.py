"""Mutation run: whatever is changed in `protocol` and `rules`, a unit test must fail.

    python -m pulp_cargo.tests.mutation                         all of it, in about an hour
    python -m pulp_cargo.tests.mutation protocol.names rules    what has changed

mutmut makes the mutants and tries each with the tests that reach it. Those that survive must be
explained in `mutants.txt`, beside this file, or this exits with 1. mutmut changes the bodies of
functions; what stands outside of them, or below a decorator, it leaves alone.

Of the write path it has what needs no database: how changes come together, and the yank. For the
rest, a mutant takes five seconds with a stack that is up (by mutmut's `forkserver`, with Django
set up beforehand), and most tests of it are in `functional`, whose server is another process.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXPLAINED = Path(__file__).with_name("mutants.txt")
# A mutant that runs into its time limit loops, or waits: the tests would have shown it.
_NOTICED = ("killed", "timeout")
# A sentence is a text with a space in it.
_SENTENCE = re.compile(r"""(['"])[^'"]* [^'"]*\1""")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mutant that no test has noticed: its function, and the lines taken out and put in."""

    function: str
    taken: tuple[str, ...]
    put: tuple[str, ...]

    @property
    def only_rewords(self) -> bool:
        """Whether a sentence for people reads otherwise, and nothing else is different."""
        before, after = (_SENTENCE.sub('""', "\n".join(lines)) for lines in (self.taken, self.put))
        return before == after

    def __str__(self) -> str:
        lines = [*(f"- {line}" for line in self.taken), *(f"+ {line}" for line in self.put)]
        return "\n".join([self.function, *lines])


@dataclass(frozen=True, slots=True)
class Explanation:
    """A paragraph of `mutants.txt`; without lines that are put in, all of those lines' mutants."""

    mutant: Mutant
    why: str

    def explains(self, other: Mutant) -> bool:
        """Return whether a mutant is the one that is meant."""
        mine = self.mutant
        same = (mine.function, mine.taken) == (other.function, other.taken)
        return same and mine.put in ((), other.put)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make and try mutants, print those that nobody knows, and return 1 if there are any."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", help="such as `rules` or `protocol.names`")
    parser.add_argument("--max-children", type=int, help="processes at a time; one for each core")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="mutation-") as directory:
        work = Path(directory)
        _copy(work)
        _try(work, chosen.parts, chosen.max_children)
        survivors = list(_survivors(work, some=bool(chosen.parts)))
    return report(survivors, read_explanations(EXPLAINED.read_text()), whole=not chosen.parts)


def read_explanations(text: str) -> list[Explanation]:
    """Return the paragraphs of `mutants.txt`; lines with a `#` in front are for people."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    return [_explanation(block) for block in re.split(r"\n\n+", lines.strip()) if block]


def _explanation(block: str) -> Explanation:
    function, *lines = block.splitlines()
    why = " ".join(line.strip() for line in lines if line.startswith("    "))
    if not why:
        raise ValueError(f"nothing explains {block!r}")
    return Explanation(Mutant(function, _marked(lines, "-"), _marked(lines, "+")), why)


def _marked(lines: Sequence[str], mark: str) -> tuple[str, ...]:
    return tuple(line[1:].strip() for line in lines if line.startswith(mark) and line[1:].strip())


def _copy(work: Path) -> None:
    """Copy what mutmut needs: it writes mutants below its working directory."""
    shutil.copy(ROOT / "pyproject.toml", work)
    ignored = shutil.ignore_patterns("__pycache__", "target")
    shutil.copytree(ROOT / "pulp_cargo", work / "pulp_cargo", ignore=ignored)
    # Its fixtures are about stacks and workers, and these tests have neither.
    (work / "pulp_cargo/tests/conftest.py").unlink()


def _try(work: Path, parts: Sequence[str], max_children: int | None) -> None:
    options = ["--max-children", str(max_children)] if max_children else []
    command = [*_mutmut("run"), *options, *(f"pulp_cargo.{part}.*" for part in parts)]
    # In a file of a log its spinning progress would be megabytes.
    quiet = subprocess.PIPE if not sys.stdout.isatty() else None
    done = subprocess.run(command, cwd=work, stdout=quiet, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"mutmut failed: {(done.stdout or '')[-5000:]}")


def _survivors(work: Path, *, some: bool) -> Iterator[Mutant]:
    noticed = (*_NOTICED, "not checked") if some else _NOTICED
    for line in _output(work, "results").splitlines():
        name, _, status = line.strip().rpartition(": ")
        if status not in noticed:
            lines = _output(work, "show", name).splitlines()
            # Before the change are the name of the mutant, and the file's twice.
            yield Mutant(function_of(name), _marked(lines[3:], "-"), _marked(lines[3:], "+"))


def function_of(name: str) -> str:
    """Return the name of a mutant's function.

    >>> function_of("pulp_cargo.rules.breaker.xǁBreakerǁfailed__mutmut_4")
    'rules.breaker.Breaker.failed'
    >>> function_of("pulp_cargo.protocol.names.x__why__mutmut_10")
    'protocol.names._why'
    """
    module, _, function = name.removeprefix("pulp_cargo.").rpartition(".")
    plain = function.rpartition("__mutmut_")[0].removeprefix("x")
    return f"{module}.{plain.removeprefix('_').strip('ǁ').replace('ǁ', '.')}"


def _output(work: Path, *arguments: str) -> str:
    command = _mutmut(*arguments)
    return subprocess.run(command, cwd=work, check=True, capture_output=True, text=True).stdout


def _mutmut(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("mutmut")), *arguments]


def report(survivors: list[Mutant], known: list[Explanation], *, whole: bool) -> int:
    """Print what is not explained, and in a whole run also what explains nothing any more."""
    new = [
        mutant
        for mutant in survivors
        if not mutant.only_rewords and not any(entry.explains(mutant) for entry in known)
    ]
    old = [entry for entry in known if not any(entry.explains(mutant) for mutant in survivors)]
    for mutant in new:
        print(f"\nNo test fails, and {EXPLAINED.name} has no explanation:\n{mutant}")
    for entry in old if whole else ():
        print(f"\n{EXPLAINED.name} explains what does not survive:\n{entry.mutant}")
    print(f"\n{len(survivors)} mutants survive, {len(new)} of them without an explanation.")
    return int(bool(new or (whole and old)))


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks.pairs TREE`: run rows here and in another checkout, alternately.

Each row runs here and there within seconds, so whatever else the machine does meets both. The
ratio is the median of those of the rounds: one disturbed round changes nothing. The registries are
the same in all rounds, except those that start empty. TREE has its own `.venv`, as `make setup` makes
it.
"""

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.world import say

# The values of each measure, there and here.
Values = defaultdict[tuple[str, str], tuple[list[float], list[float]]]

HERE = Path(__file__).parents[1]
# Runs in either checkout, so it uses only what all versions of the benchmark have. A row that
# another version lacks, or that fails, answers with no measures.
SIDE = """
import json, sys
from contextlib import ExitStack
from benchmarks.__main__ import ROWS, _start
rows = {row.name: row for row in ROWS}
with ExitStack() as exits:
    world = _start(exits, sys.argv[1] == "short", has_nginx=True)
    print("[]", flush=True)
    for line in sys.stdin:
        row = rows.get(line.strip())
        found = []
        try:
            for one in row.run(world) if row else ():
                found.append([one.what, one.value, one.unit])
                if cpu := (getattr(one, "detail", None) or {}).get("cpu_us"):
                    found.append([one.what + ": CPU a request", cpu, "µs"])
        except Exception as error:
            print(f"{line.strip()}: {error!r}", file=sys.stderr)
        print(json.dumps(found), flush=True)
"""


class Side:
    """A benchmark that waits for names of rows and answers with their measures."""

    def __init__(self, tree: Path, size: str) -> None:
        self.process = subprocess.Popen(
            [tree / ".venv/bin/python", "-c", SIDE, size],
            cwd=tree,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def run(self, row: str) -> list[tuple[str, float, str]]:
        """Run a row and return what, value and unit of its measures."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{row}\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> list[tuple[str, float, str]]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("["):
                return [(what, value, unit) for what, value, unit in json.loads(line)]
        raise SystemExit("the benchmark of one checkout has ended")


@contextmanager
def _sides(trees: Sequence[Path], size: str) -> Iterator[list[Side]]:
    sides: list[Side] = []
    try:
        for tree in trees:
            sides.append(Side(tree, size))
        yield sides
    finally:
        for side in sides:
            assert side.process.stdin is not None
            side.process.stdin.close()
            side.process.wait()


def main() -> int:
    """Run the rows in pairs and print the medians and their ratio; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pairs", description=__doc__)
    parser.add_argument("tree", type=Path, help="the other checkout, with its .venv")
    parser.add_argument("--only", nargs="+", metavar="ROW", required=True, help="names of rows")
    parser.add_argument("--rounds", type=int, default=3, help="how often (%(default)s)")
    parser.add_argument("--short", action="store_true", help="use the tiny size")
    options = parser.parse_args()
    values: Values = defaultdict(lambda: ([], []))
    with _sides((options.tree, HERE), "short" if options.short else "full") as sides:
        for number in range(options.rounds):
            say(f"round {number + 1} of {options.rounds}")
            for row in options.only:
                order = (0, 1) if number % 2 else (1, 0)
                for side in order:
                    for what, value, unit in sides[side].run(row):
                        values[what, unit][side].append(value)
            _print(values)
    return 0


def _print(values: Values) -> None:
    """Print the medians so far, and that of the ratios."""
    print(f"{'':<72}{'there':>10}{'here':>10}{'here/there':>12}")
    for (what, unit), (there, here) in values.items():
        if there and here:
            before, now = median(there), median(here)
            ratios = [after / other for other, after in zip(there, here, strict=False) if other]
            ratio = f"{median(ratios):.2f}" if ratios else ""
            print(f"{f'{what} ({unit})':<72}{before:>10,.2f}{now:>10,.2f}{ratio:>12}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks`: start a registry and nginx, measure, print the table, write JSON."""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from shutil import which
from urllib.parse import urlsplit

from benchmarks import nginx, stack, table
from benchmarks.measure import LeftOut, Measure
from benchmarks.rows import ROWS, Row
from benchmarks.scale import FULL, SHORT
from benchmarks.world import World, say

RESULTS = Path(__file__).with_name("results")
INSTALL = {
    "wrk": "apt-get install wrk",
    "nginx": "apt-get install nginx-light",
    "openssl": "apt-get install openssl",
    "cargo": "https://rustup.rs",
    "git": "apt-get install git",
}


def main() -> int:
    """Run the selected rows; return the exit code."""
    options = _parse(sys.argv[1:])
    rows = [row for row in ROWS if not options.only or row.name in options.only]
    missing = [tool for tool in INSTALL if not which(tool)]
    notes = [f"{tool} is not installed ({INSTALL[tool]})" for tool in missing]
    runnable = [row for row in rows if not set(row.needs) & set(missing)]
    notes += [f"left out: {row.name}" for row in rows if row not in runnable]
    with ExitStack() as exits:
        world = _start(exits, options.short, has_nginx="nginx" not in missing)
        measures = list(_measured(world, runnable, notes))
    print(table.render(measures, notes))
    table.write_json(options.json, measures, notes)
    say(f"the figures with all details are in {options.json}")
    return 0


def _start(exits: ExitStack, short: bool, *, has_nginx: bool) -> World:
    root = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
    # PostgreSQL does not run as root, and its account must be able to enter.
    root.chmod(0o711)
    say("starting the registry")
    scale, template = (SHORT, root / "template") if short else (FULL, None)
    if template is not None:
        stack.first_start(template)
        stack.copy(template, root / "data")
    registry = exits.enter_context(stack.running(root / "data"))
    if not has_nginx:
        return World(registry, None, scale, root, template)
    content = urlsplit(registry.origin).netloc
    beside = exits.enter_context(nginx.running(root / "nginx", content))
    return World(registry, beside, scale, root, template)


def _measured(world: World, rows: Sequence[Row], notes: list[str]) -> Iterator[Measure]:
    for row in rows:
        start = time.monotonic()
        say(row.name)
        try:
            for measure in row.run(world):
                say(f"  {measure.what}: {measure.value:,.2f} {measure.unit}")
                yield measure
        except LeftOut as reason:
            notes.append(f"left out: {row.name}: {reason}")
        say(f"  ({time.monotonic() - start:.1f} s)")


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--short",
        action="store_true",
        help="run everything in a tiny size, only to check that it works",
    )
    parser.add_argument(
        "--only", nargs="+", metavar="ROW", choices=[row.name for row in ROWS], help="%(choices)s"
    )
    parser.add_argument(
        "--json",
        type=Path,
        default=RESULTS / f"{date.today().isoformat()}.json",
        metavar="FILE",
        help="file for the results (%(default)s)",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

"""Installs packages with pip, and shows its progress in a line instead of some two hundred.

    python3 scripts/install.py .venv '.[embedded]' ./pulp-cli-cargo

Runs before anything is installed, so it uses the standard library only.
"""

import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

# A pipe gets a line so often, in seconds; a terminal one that is rewritten.
LINE_EVERY = 10.0
# How much of pip's output is shown if it fails.
LAST_LINES = 20
STEPS = {
    r"Collecting (?P<what>[^\s\[<>=!~;(]+)": "resolving {what}",
    r"\s*Downloading (?P<what>\S+)": "downloading {what}",
    r"\s*Using cached (?P<what>\S+)": "using the cached {what}",
    r"\s*Building wheel for (?P<what>\S+)": "building {what}",
    r"\s*Building editable for (?P<what>\S+)": "building {what}",
    r"Installing collected packages: (?P<what>.+)": "installing {count} packages",
}


def main() -> int:
    """Install the requirements of the command line into a virtual environment."""
    venv, *requirements = sys.argv[1:]
    command = [f"{venv}/bin/python", "-m", "pip", "install", "--disable-pip-version-check"]
    for requirement in requirements:
        command += ["--editable", requirement] if requirement.startswith(".") else [requirement]
    last = deque[str](maxlen=LAST_LINES)
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    assert process.stdout is not None
    with process.stdout as output:
        show(progress(_noted(output, last)), sys.stdout)
    if process.wait() != 0:
        print("".join(last), end="", file=sys.stderr)
    return process.returncode


def progress(output: Iterable[str]) -> Iterator[str]:
    """Translate pip's output into what it is doing, with the number of packages so far."""
    packages = 0
    for line in output:
        for pattern, text in STEPS.items():
            match = re.match(pattern, line)
            if match is None:
                continue
            packages += pattern.startswith("Collecting")
            what = match["what"].rstrip(",")
            step = text.format(what=Path(what).name, count=len(what.split(", ")))
            yield step if "packages" in step else f"{step} ({packages} found)"


def show(steps: Iterable[str], stream: TextIO) -> None:
    """Write the steps: to a terminal in one line, otherwise some of them."""
    is_terminal = stream.isatty()
    shown_at = time.monotonic()
    for step in steps:
        if is_terminal:
            stream.write(f"\r\033[K  {step}"[:100])
            stream.flush()
        elif time.monotonic() - shown_at >= LINE_EVERY:
            shown_at = time.monotonic()
            print(f"  {step}", file=stream, flush=True)
    if is_terminal:
        stream.write("\r\033[K")
        stream.flush()


def _noted(output: Iterable[str], last: deque[str]) -> Iterator[str]:
    for line in output:
        last.append(line)
        yield line


if __name__ == "__main__":
    sys.exit(main())

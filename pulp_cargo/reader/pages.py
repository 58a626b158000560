"""`python -m pulp_cargo.reader.pages`: prepares the contents of crates for web pages.

It is separate from the processes that read published crates: pages never delay a publish, and those
processes do not load the libraries for Markdown and syntax highlighting.
"""

import os
import sys
from typing import Any

from pulp_cargo.reader.answering import serve
from pulp_cargo.reader.messages import (
    CompareTexts,
    HighlightFile,
    PageRequest,
    ReadContents,
    RenderReadme,
    Request,
)
from pulp_cargo.rules.crate_contents import compare_texts, read_contents
from pulp_cargo.rules.highlight import highlight_file
from pulp_cargo.rules.readme import render_readme

# Maximum processor time for a request in seconds: for unpacking a crate, and for processing text.
UNPACK_SECONDS = 5.0
TEXT_SECONDS = 1.0
# How much the processes give way to others (nice(1)).
NICENESS = 10


def cpu_seconds(request: Request) -> float:
    """Return the limit on the processor time of a request."""
    return UNPACK_SECONDS if isinstance(request, ReadContents) else TEXT_SECONDS


def answer(request: PageRequest) -> Any:
    """Return the result of a request; raises RegistryError."""
    match request:
        case ReadContents(path, name, vers, limits, wanted, most, most_texts):
            with open(path, "rb") as file:
                return read_contents(
                    file,
                    wanted,
                    most=most,
                    most_texts=most_texts,
                    name=name,
                    vers=vers,
                    limits=limits,
                )
        case RenderReadme(text, repository):
            return render_readme(text, repository)
        case HighlightFile(text, path):
            return highlight_file(text, path)
        case CompareTexts(old, new):
            return compare_texts(old, new)


if __name__ == "__main__":
    # Everything else that this machine does for a registry comes first.
    os.nice(NICENESS)
    serve(sys.stdin.buffer, sys.stdout.buffer, answer, cpu_seconds)

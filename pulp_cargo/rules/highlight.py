"""Colours for code in readmes and for source files: Pygments with classes, and no inline styles."""

import html
import re
from functools import cache
from pathlib import PurePosixPath

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

from pulp_cargo.rules.hidden_characters import written_out

CLASS_PREFIX = "hl-"
CLASSES = frozenset(f"{CLASS_PREFIX}{short}" for short in STANDARD_TYPES.values() if short)
# Longer code is shown without colours.
MOST_CHARACTERS = 256 * 1024

# Languages of code in crates. Others have no colours: some of Pygments' lexers are slow.
_LANGUAGES = {
    **dict.fromkeys(("rust", "rs", "no_run", "ignore", "should_panic", "compile_fail"), "rust"),
    **dict.fromkeys(("bash", "sh", "shell", "zsh"), "bash"),
    **dict.fromkeys(("console", "shell-session", "shellsession"), "console"),
    **dict.fromkeys(("c", "h"), "c"),
    **dict.fromkeys(("cpp", "c++", "cc", "hpp", "cxx"), "cpp"),
    **dict.fromkeys(("javascript", "js"), "javascript"),
    **dict.fromkeys(("typescript", "ts"), "typescript"),
    **dict.fromkeys(("python", "py"), "python"),
    **dict.fromkeys(("yaml", "yml"), "yaml"),
    **dict.fromkeys(("html", "xml", "svg"), "html"),
    **dict.fromkeys(("diff", "patch"), "diff"),
    **{
        name: name for name in ("toml", "json", "css", "sql", "ini", "make", "docker", "go", "java")
    },
    "lock": "toml",
    "proto": "protobuf",
    "wgsl": "wgsl",
}
_BY_FILE = {"cargo.lock": "toml", "makefile": "make", "dockerfile": "docker"}


def highlight_block(code: str, language: str) -> str:
    """Return code as HTML, coloured if the language is known.

    >>> highlight_block("a < b", "unknown")
    'a &lt; b'
    >>> highlight_block("fn", "rust,no_run")
    '<span class="hl-k">fn</span>'
    """
    words = re.split(r"[,\s{]", language.strip().lower())
    return _coloured(code, _LANGUAGES.get(words[0]))


def highlight_file(text: str, path: str) -> list[str]:
    """Return the lines of a file as HTML; hidden characters are written out.

    >>> highlight_file("a\\u202eb\\n<", "x.txt")
    ['a[U+202E]b', '&lt;']
    """
    shown = written_out(text.replace("\r\n", "\n"))
    file = PurePosixPath(path)
    name = file.name.lower()
    language = _BY_FILE.get(name) or _LANGUAGES.get(file.suffix.lower().removeprefix("."))
    lines = _coloured(shown, language).split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _coloured(code: str, language: str | None) -> str:
    if language is None or len(code) > MOST_CHARACTERS:
        return html.escape(code)
    lexer = _lexer(language)
    if lexer is None:
        return html.escape(code)
    formatter: HtmlFormatter[str] = HtmlFormatter(nowrap=True, classprefix=CLASS_PREFIX)
    shown = highlight(code, lexer, formatter)
    return shown if code.endswith("\n") else shown.removesuffix("\n")


@cache
def _lexer(language: str) -> Lexer | None:
    try:
        found: Lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return None
    return found

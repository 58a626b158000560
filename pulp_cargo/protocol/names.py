"""Valid names of crates and dependencies (the rules of crates.io).

Everything is checked for ASCII first, since Python's `lower`, `isalnum` and `\\w` accept more
letters.
"""

import re
from typing import NewType

from pulp_cargo.protocol.errors import InvalidName, ReservedName

CanonicalName = NewType("CanonicalName", str)
CrateName = NewType("CrateName", str)

MAX_NAME_LENGTH = 64

CRATE_NAME = re.compile(rf"[A-Za-z][A-Za-z0-9_-]{{0,{MAX_NAME_LENGTH - 1}}}")
_DEPENDENCY_NAME = re.compile(rf"[A-Za-z_][A-Za-z0-9_-]{{0,{MAX_NAME_LENGTH - 1}}}")
_ILLEGAL = re.compile(r"[^A-Za-z0-9_-]")
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ-", "abcdefghijklmnopqrstuvwxyz_")

# Windows allows no file or folder of such a name, whatever its extension.
WINDOWS_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))]
)

# Names of the compiler's crates, past and present: accepted by cargo, reserved on crates.io.
_COMPILER = (
    "alloc arena ast builtins collections compiler_builtins compiler_rt compiletest core coretest "
    "debug driver flate fmt_macros grammar graphviz macro macros proc_macro rbml rust_installer "
    "rustbook rustc rustc_back rustc_borrowck rustc_driver rustc_llvm rustc_resolve rustc_trans "
    "rustc_typeck rustdoc rustllvm rustuv serialize std syntax test unicode"
)
COMPILER_NAMES = frozenset(_COMPILER.split())


def canonical_name(name: str) -> CanonicalName:
    """Return the form in which all spellings of a crate's name are equal.

    >>> canonical_name("Lab-Base")
    'lab_base'
    """
    return CanonicalName(name.translate(_LOWER))


def parse_crate_name(text: str) -> CrateName:
    """Validate the name of a crate; the error names the broken rule.

    >>> parse_crate_name("con-tools")
    'con-tools'
    """
    if not CRATE_NAME.fullmatch(text):
        raise InvalidName(_why(text, "crate", "an ASCII letter"))
    if canonical_name(text) in WINDOWS_DEVICES:
        raise ReservedName(text)
    return CrateName(text)


def parse_dependency_name(text: str) -> str:
    """Validate the name of a dependency in a manifest, which may start with `_`.

    >>> parse_dependency_name("_serde")
    '_serde'
    """
    if not _DEPENDENCY_NAME.fullmatch(text):
        raise InvalidName(_why(text, "dependency", "an ASCII letter or `_`"))
    return text


def _why(text: str, what: str, first: str) -> str:
    if not text:
        return f"a {what} name cannot be empty"
    if len(text) > MAX_NAME_LENGTH:
        return f"the {what} name {text[:80]!r} is longer than {MAX_NAME_LENGTH} characters"
    illegal = _ILLEGAL.search(text)
    if illegal:
        return (
            f"the {what} name {text!r} has the character {illegal[0]!r}: only ASCII letters,"
            " digits, `-` and `_` are allowed"
        )
    return f"the {what} name {text!r} must start with {first}, not with {text[0]!r}"

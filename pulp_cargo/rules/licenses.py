"""What a crate's `license` says (Cargo Book, Manifest Format), and whether that is allowed.

Limits: only what is written counts. `GPL-2.0-or-later` does not mean `GPL-3.0-only`, an id that SPDX
has deprecated is not its successor, and the file that `license-file` names is not read.
"""

import re
from collections.abc import Collection, Iterator

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from pulp_cargo.protocol.errors import InvalidLicense

# SPDX 2 had these before they were split into `-only` and `-or-later`; crates still use them.
_OR_LATER = re.compile(r"\b((?:A|L)?GPL-[0-9]\.[0-9]|GFDL-1\.[0-9])\+")
# Room for dozens of licences; to look at a megabyte would keep everybody waiting.
MAX_LENGTH = 1_000

_TOKEN = re.compile(r"[()]|[^\s()]+(?: WITH [^\s()]+)?")


def parse_license(text: str) -> str:
    """Return a crate's licence as an SPDX expression in its canonical spelling.

    >>> parse_license("mit/apache-2.0")
    'MIT OR Apache-2.0'
    """
    if len(text) > MAX_LENGTH:
        raise InvalidLicense(
            f"`license` {text[:80]!r}… has {len(text)} characters, more than {MAX_LENGTH}"
        )
    # Before SPDX expressions, cargo's documentation wrote a choice as `MIT/Apache-2.0`.
    expression = _OR_LATER.sub(r"\1-or-later", text.replace("/", " OR "))
    try:
        return canonicalize_license_expression(expression)
    except InvalidLicenseExpression as error:
        raise InvalidLicense(f"`license` {text!r} is no SPDX expression: {error}") from error


def parse_license_id(text: str) -> str:
    """Return one licence that may be allowed, perhaps with an exception, or raise.

    >>> parse_license_id("apache-2.0 with llvm-exception")
    'Apache-2.0 WITH LLVM-exception'
    """
    license_id = parse_license(text)
    if not _TOKEN.fullmatch(license_id):
        raise InvalidLicense(f"{text!r} is more than one licence; name each of them")
    return license_id


def is_allowed(expression: str, allowed: Collection[str]) -> bool:
    """Return whether a crate can be used under licences that are allowed.

    >>> is_allowed("MIT AND (BSD-3-Clause OR GPL-3.0-only)", {"MIT", "BSD-3-Clause"})
    True
    """
    return _is_open(iter(_TOKEN.findall(expression)), allowed)


def _is_open(tokens: Iterator[str], allowed: Collection[str]) -> bool:
    """Read as far as this parenthesis goes: AND binds what it joins, OR leaves the choice."""
    some, all_of = False, True
    for token in tokens:
        if token == ")":
            break
        if token == "OR":
            some, all_of = some or all_of, True
        elif token == "(":
            all_of = _is_open(tokens, allowed) and all_of
        elif token != "AND":
            all_of = _has(token, allowed) and all_of
    return some or all_of


def _has(license_id: str, allowed: Collection[str]) -> bool:
    # An exception allows more than its licence does, and `+` leaves the choice of a later one.
    plain = license_id.partition(" WITH ")[0]
    return not {license_id, plain, plain.removesuffix("+")}.isdisjoint(allowed)

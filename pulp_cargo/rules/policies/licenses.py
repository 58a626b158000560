"""The `license` of a crate (Cargo Book, Manifest Format), and whether it is allowed.

Only the literal expression counts: `GPL-2.0-or-later` does not include `GPL-3.0-only`, an id that
SPDX has deprecated is not its successor, and the file in `license-file` is not read.
"""

import re
from collections.abc import Collection, Iterator

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from pulp_cargo.protocol.errors import InvalidLicense

# SPDX 2 had these before the split into `-only` and `-or-later`; crates still use them.
_OR_LATER = re.compile(r"\b((?:A|L)?GPL-[0-9]\.[0-9]|GFDL-1\.[0-9])\+")
# Enough for dozens of licences; parsing a megabyte would block the process.
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
        raise InvalidLicense(f"`license` {text!r} is not an SPDX expression: {error}") from error


def parse_license_id(text: str) -> str:
    """Validate a single licence for an allow list, perhaps with an exception.

    >>> parse_license_id("apache-2.0 with llvm-exception")
    'Apache-2.0 WITH LLVM-exception'
    """
    license_id = parse_license(text)
    if not _TOKEN.fullmatch(license_id):
        raise InvalidLicense(f"{text!r} is more than one licence; list each of them separately")
    return license_id


def is_allowed(expression: str, allowed: Collection[str]) -> bool:
    """Return whether a crate can be used under allowed licences.

    >>> is_allowed("MIT AND (BSD-3-Clause OR GPL-3.0-only)", {"MIT", "BSD-3-Clause"})
    True
    """
    return _is_open(iter(_TOKEN.findall(expression)), allowed)


def _is_open(tokens: Iterator[str], allowed: Collection[str]) -> bool:
    """Evaluate up to the closing parenthesis: AND needs all of its parts, OR any."""
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
    # An exception only adds permissions, and `+` allows the choice of a later version.
    plain = license_id.partition(" WITH ")[0]
    return not {license_id, plain, plain.removesuffix("+")}.isdisjoint(allowed)

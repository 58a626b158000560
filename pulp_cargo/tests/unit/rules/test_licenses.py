"""What a crate's `license` says, and whether that is allowed."""

import pytest

from pulp_cargo.protocol.errors import InvalidLicense
from pulp_cargo.rules.policies.licenses import is_allowed, parse_license, parse_license_id


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("MIT", "MIT"),
        ("mit or apache-2.0", "MIT OR Apache-2.0"),
        ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
        ("MIT / Apache-2.0", "MIT OR Apache-2.0"),
        ("( MIT OR Zlib )AND Unicode-3.0", "(MIT OR Zlib) AND Unicode-3.0"),
        ("Apache-2.0 with LLVM-exception", "Apache-2.0 WITH LLVM-exception"),
        ("GPL-3.0+", "GPL-3.0-or-later"),
        ("licenseref-mine", "LicenseRef-mine"),
    ],
)
def test_license_in_one_spelling(text, expression):
    """An SPDX expression; `/` is the OR of old manifests."""
    assert parse_license(text) == expression


@pytest.mark.parametrize("text", ["", "MIT OR", "MIT Zlib", "(MIT", "Free", "(" * 500 + "MIT"])
def test_what_is_no_expression_is_refused(text):
    """Unknown ids and broken grammar, however deep."""
    with pytest.raises(InvalidLicense, match="not an SPDX expression"):
        parse_license(text)


@pytest.mark.parametrize(
    ("expression", "good"),
    [
        ("MIT", True),
        ("Zlib", False),
        ("MIT OR Zlib", True),
        ("Zlib OR MIT", True),
        ("Zlib OR ISC", False),
        ("MIT AND Apache-2.0", True),
        ("MIT AND Zlib", False),
        ("Zlib AND MIT", False),
        # AND binds more tightly than OR.
        ("MIT OR Zlib AND ISC", True),
        ("Zlib AND ISC OR MIT", True),
        ("MIT AND Zlib OR ISC", False),
        ("(MIT OR Zlib) AND ISC", False),
        ("(Zlib OR MIT) AND (ISC OR Apache-2.0)", True),
        ("(Zlib OR MIT) AND ISC OR Apache-2.0", True),
        ("ISC OR (Zlib AND MIT)", False),
        ("Zlib AND (ISC OR MIT)", False),
        ("((MIT) AND (Apache-2.0))", True),
        # An exception only ever adds to what a licence allows.
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", True),
        ("GPL-2.0-only", False),
        ("Apache-2.0+", True),
        # Limits: only what is written counts.
        ("GPL-2.0-or-later", False),
    ],
)
def test_crate_can_be_used_under_allowed_licenses(expression, good):
    """One of what OR joins is enough, all of what AND joins are needed."""
    allowed = {"MIT", "Apache-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"}
    assert is_allowed(expression, allowed) is good


def test_one_license_is_allowed_at_a_time():
    """A list of allowed licences has one in each place, perhaps with an exception."""
    assert parse_license_id("mit") == "MIT"
    assert parse_license_id("GPL-2.0-only with classpath-exception-2.0") == (
        "GPL-2.0-only WITH Classpath-exception-2.0"
    )
    with pytest.raises(InvalidLicense, match="more than one"):
        parse_license_id("MIT OR Zlib")

"""The rules of crates.io as a switch [92], and the limits of a registry [91]."""

import dataclasses

import pytest

from pulp_cargo.protocol.crate_file import Limits
from pulp_cargo.protocol.errors import RuleBroken
from pulp_cargo.protocol.index import Dependency
from pulp_cargo.protocol.manifest import Manifest, parse_manifest
from pulp_cargo.protocol.registry_url import CRATES_IO
from pulp_cargo.rules.crates_io import complaints, known_categories
from pulp_cargo.rules.limits import PublishLimits, require_within

GOOD = parse_manifest(b"""
    [package]
    name = "leaf"
    version = "1.0.0"
    description = "A leaf"
    license = "MIT OR Apache-2.0"
    repository = "https://r.example/leaf"
    keywords = ["tree", "c++", "2d"]
    categories = ["web-programming::http-server", "no-std"]
""")


def but(**values: object) -> Manifest:
    return dataclasses.replace(GOOD, **values)


def test_good_manifest_has_no_complaints():
    """What crates.io takes passes."""
    assert complaints(GOOD) == []


def test_manifest_at_the_limits_has_no_complaints() -> None:
    """Each number is the largest that is still taken."""
    largest = but(
        description="ü" * 500,
        homepage="http://r.example",
        documentation="https://r.example",
        keywords=("a" * 20, "b", "c", "d", "e"),
        categories=("no-std",) * 5,
        deps=(Dependency("a", "^1", registry=CRATES_IO),) * 500,
        features={"f": ("a",) * 300} | {f"f{n}": () for n in range(299)},
    )
    assert complaints(largest) == []


@pytest.mark.parametrize(
    "text",
    [
        "MIT",
        "MIT/Apache-2.0",
        "MIT OR (Apache-2.0 AND Unicode-3.0)",
        "Apache-2.0 WITH LLVM-exception",
        "GPL-3.0+",
        "LGPL-2.1+ OR MIT",
        "GPL-2.0",
        "BSL-1.0",
        "Unlicense OR MIT",
        "LicenseRef-mine",
    ],
)
def test_license_of_crates_io(text):
    """SPDX expression; `/` as OR, deprecated ids and the `GPL-3.0+` style are allowed."""
    assert complaints(but(license=text)) == []


def test_license_file_is_enough():
    """One of `license` and `license-file` is required."""
    assert complaints(but(license=None, license_file="LICENSE")) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "Proc-Macro"}, "`Proc-Macro` belongs to the Rust compiler"),
        ({"description": None}, "`description` is missing"),
        ({"description": ""}, "`description` is missing"),
        ({"description": "ü" * 501}, "1002 bytes, more than 1000"),
        ({"license": None}, "`license` or `license-file` is missing"),
        ({"license": "apache 2.0"}, "`license` 'apache 2.0' is not an SPDX"),
        ({"license": "MIT OR"}, "not an SPDX"),
        ({"license": "Nonsense-1.0"}, "not an SPDX"),
        ({"homepage": "r.example"}, "`homepage` is 'r.example'"),
        ({"documentation": "ftp://r.example"}, "`documentation`"),
        ({"repository": "http:r.example"}, "`repository`"),
        ({"repository": "https://r.example:x/"}, "`repository`"),
        ({"keywords": tuple("abcdef")}, "6 keywords, more than 5"),
        ({"keywords": ("a" * 21,)}, "longer than 20 bytes"),
        ({"keywords": ("-a",)}, "'-a'"),
        ({"keywords": ("a b",)}, "'a b'"),
        ({"keywords": ("",)}, "''"),
        ({"categories": ("no-std",) * 6}, "6 categories, more than 5"),
        ({"categories": ("unheard-of",)}, "'unheard-of'"),
        ({"deps": (Dependency("a", "*", registry=CRATES_IO),)}, "`a` has the requirement `*`"),
        ({"deps": (Dependency("a", "^1", registry="sparse+https://r/"),)}, "another registry"),
        ({"deps": (Dependency("a", "^1", registry=CRATES_IO),) * 501}, "501 dependencies"),
        ({"features": {f"f{n}": () for n in range(301)}}, "301 features, more than 300"),
        ({"features": {"f": ("a",) * 301}}, "`f` has 301 values"),
        ({"features": {"f": ("1a/x",)}}, "in the feature `f`, the dependency name '1a'"),
    ],
)
def test_complaint_names_value_and_rule(values, said):
    """Missing description or licence, bad SPDX, bad URL, 6 keywords, unknown category (92)."""
    (only,) = complaints(but(**values))
    assert said in only


def test_categories_are_slugs():
    """The list has categories and their subcategories, as slugs."""
    assert {"algorithms", "development-tools::cargo-plugins", "wasm"} <= known_categories()
    assert all(slug == slug.lower() and "/" not in slug for slug in known_categories())


def test_limits_tell_number_and_count():
    """Limits are enforced with the number in the message (91)."""
    limits = PublishLimits(features=1, feature_values=1, dependencies=0)
    manifest = but(deps=(Dependency("a", "^1"),), features={"f": ("a", "b"), "g": ()})
    with pytest.raises(RuleBroken) as error:
        require_within(manifest, limits)
    assert str(error.value) == (
        "the crate has 1 dependencies, but this registry allows at most 0; the crate has 2"
        " features, but this registry allows at most 1; the crate has 2 values in the feature `f`,"
        " but this registry allows at most 1"
    )


def test_crate_at_its_limits_passes() -> None:
    """A limit is the largest number that is still taken."""
    limits = PublishLimits(features=1, feature_values=2, dependencies=1)
    require_within(but(deps=(Dependency("a", "^1"),), features={"f": ("a", "b")}), limits)


def test_default_limits_let_real_crates_through():
    """web-sys has 1,727 features (91)."""
    require_within(but(features={f"f{n}": () for n in range(1727)}), PublishLimits())


def test_large_crate_may_unpack_to_its_own_size():
    """The unpacked limit is never below the upload limit."""
    assert PublishLimits(max_crate_bytes=10, unpacked_bytes=5).of_crate_file().unpacked_bytes == 10
    limits = PublishLimits(entries=3, manifest_bytes=4, readme_bytes=5, unpacked_bytes=2**30)
    assert limits.of_crate_file() == Limits(2**30, entries=3, manifest_bytes=4, readme_bytes=5)

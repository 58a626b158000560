"""What an advisory says about the versions of a crate."""

import json

import pytest

from pulp_cargo.protocol.errors import InvalidAdvisory
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.rules.policies.advisories import affects, fixes, is_patched, parse_advisory
from pulp_cargo.tests.support.advisories import split

RUSTSEC = """\
```toml
[advisory]
id = "RUSTSEC-2031-0001"
package = "Leaf-Core"
date = "2031-02-03"
url = "https://leaf.example/1"
categories = ["memory-corruption"]

[affected]
arch = ["x86_64"]

[versions]
patched = [">= 1.2.3, < 1.3.0", ">= 1.3.1"]
unaffected = ["< 1.1.0"]
```

# Leaves fall

```toml
[advisory]
id = "not this one"
```
"""

OSV = {
    "id": "RUSTSEC-2031-0001",
    "modified": "2031-02-04T00:00:00Z",
    "affected": [
        {
            "package": {"ecosystem": "crates.io", "name": "Leaf-Core", "purl": "pkg:cargo/x"},
            "database_specific": {"informational": None},
            "ranges": [
                {
                    "type": "SEMVER",
                    "events": [
                        {"introduced": "1.1.0"},
                        {"fixed": "1.2.3"},
                        {"introduced": "1.3.0"},
                        {"fixed": "1.3.1"},
                    ],
                }
            ],
            "versions": [],
        }
    ],
}


def rustsec(versions: str, about: str = "") -> str:
    return f"""```toml
[advisory]
id = "RUSTSEC-2031-0002"
package = "leaf"
{about}
[versions]
{versions}
```
"""


@pytest.mark.parametrize(
    "text", [RUSTSEC, RUSTSEC.replace("\n", "\r\n"), json.dumps(OSV), f"\n{json.dumps(OSV)}\n"]
)
def test_both_formats_say_the_same(text):
    """The id, the crate in its canonical spelling, and the same versions."""
    (advisory,) = parse_advisory(text)
    assert (advisory.id, advisory.name) == ("RUSTSEC-2031-0001", "leaf_core")
    assert (advisory.informational, advisory.withdrawn) == (None, False)
    versions = "0.9.0 1.0.9 1.1.0 1.2.2 1.2.3-rc.1 1.2.3 1.2.9 1.3.0 1.3.1 1.4.0-rc.1 2.0.0"
    assert split(text, versions) == "1.1.0 1.2.2 1.2.3-rc.1 1.3.0"


@pytest.mark.parametrize(
    ("versions", "affected"),
    [
        ("patched = []", "0.0.0 0.0.1 0.1.0 1.0.0-rc.1 1.1.5 1.2.0 1.2.5 2.0.0"),
        ('patched = ["^1.2"]', "0.0.0 0.0.1 0.1.0 1.0.0-rc.1 1.1.5 2.0.0"),
        ('patched = []\nunaffected = ["> 0"]', "0.0.0"),
        ('patched = []\nunaffected = ["= 1.2", "<= 1.1"]', "1.1.5 1.2.5 2.0.0"),
        ('patched = []\nunaffected = ["*"]', ""),
    ],
)
def test_affected_is_what_is_neither_patched_nor_unaffected(versions, affected):
    """As `cargo audit` reads the ranges: numbers that are left out are zeros."""
    listed = "0.0.0 0.0.1 0.1.0 1.0.0-rc.1 1.1.5 1.2.0 1.2.5 2.0.0"
    assert split(rustsec(versions), listed) == affected


def test_toml_alone_is_an_advisory():
    """Older advisories are TOML without Markdown."""
    (advisory,) = parse_advisory(rustsec("patched = []").strip().strip("`").removeprefix("toml"))
    assert advisory.id == "RUSTSEC-2031-0002"


@pytest.mark.parametrize(
    "text",
    [
        rustsec("patched = []", 'withdrawn = "2031-03-04"'),
        json.dumps(OSV | {"withdrawn": "2031-03-04T12:00:00Z"}),
    ],
)
def test_withdrawn_advisory_affects_nothing(text):
    """It was filed in error, and stays in the database."""
    (advisory,) = parse_advisory(text)
    assert advisory.withdrawn
    assert split(text, "1.1.0") == ""


def test_informational_advisory_says_so():
    """Unmaintained and unsound crates are no vulnerabilities, and whoever reports can tell."""
    (advisory,) = parse_advisory(rustsec("patched = []", 'informational = "unmaintained"'))
    assert advisory.informational == "unmaintained"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the advisory has no `patched`"),
        ("# Only Markdown\n\nand text", "the advisory is not TOML"),
        ("```toml\n[advisory]\n", "has no end"),
        ("```toml\n[advisory\n```", "the advisory is not TOML"),
        (rustsec(""), "`versions` of the advisory has no `patched`"),
        (rustsec('patched = "1"'), "`patched` of `versions` of the advisory must be a list"),
        (rustsec('patched = [">= 1.2.x.y"]'), "is invalid for cargo"),
        (rustsec("patched = []").replace("package", "crate"), "has no `package`"),
        ("{", "the OSV advisory is not JSON"),
        ('{"id": "OSV-1"}', "the OSV advisory has no `affected`"),
    ],
)
def test_what_is_no_advisory_is_refused(text, said):
    """With what is wrong, and where."""
    with pytest.raises(InvalidAdvisory) as error:
        parse_advisory(text)
    assert said in str(error.value)


@pytest.mark.parametrize("text", [RUSTSEC, json.dumps(OSV)])
def test_patched_is_more_than_not_affected(text):
    """Versions from before the fault were never mended."""
    (advisory,) = parse_advisory(text)
    versions = "1.0.9 1.2.2 1.2.3 1.3.0 1.3.1 2.0.0"
    patched = [v for v in versions.split() if is_patched(advisory, parse_version(v))]
    assert patched == ["1.2.3", "1.3.1", "2.0.0"]


@pytest.mark.parametrize(
    ("vers", "older", "fixed"),
    [
        ("1.2.3", "1.2.1 1.2.2", True),
        ("1.2.3", "1.2.2 1.3.0 2.0.0", True),
        ("1.2.3", "1.2.2 1.2.3", True),
        ("1.3.1", "1.2.3 1.3.0", True),
        ("1.2.2", "1.2.1", False),
        ("1.2.4", "1.2.2 1.2.3", False),
        ("1.2.3", "1.0.9", False),
        ("1.0.10", "1.0.9", False),
        ("1.2.3", "", False),
        ("1.2.3", "1.3.0", False),
    ],
)
def test_first_patched_release_is_the_fix(vers, older, fixed):
    """It mends what the newest release below it has; what comes after it fixes nothing more."""
    below = [parse_version(text) for text in older.split()]
    found = fixes(parse_advisory(RUSTSEC), parse_version(vers), below)
    assert found == (["RUSTSEC-2031-0001"] if fixed else [])


def test_release_that_never_had_the_fault_fixes_nothing():
    """Only what the advisory calls patched is a fix, and not all that it calls unaffected."""
    advisories = parse_advisory(rustsec('patched = []\nunaffected = ["> 1.0.0"]'))
    assert fixes(advisories, parse_version("1.0.1"), [parse_version("1.0.0")]) == []


@pytest.mark.parametrize(
    ("versions", "affected"),
    [
        ('patched = ["what", ">= 1.2.0"]', "1.0.0 1.1.0"),
        ('patched = [">= 1.2.0"]\nunaffected = ["< 1.1.0", "?"]', "1.1.0"),
    ],
)
def test_bad_range_does_not_take_the_others_along(versions: str, affected: str) -> None:
    """What a bad one may have spared is affected; the good ones count, and the bad one is told."""
    left_out: list[str] = []
    (advisory,) = parse_advisory(rustsec(versions), left_out)
    names = ("1.0.0", "1.1.0", "1.2.0")
    assert " ".join(v for v in names if affects(advisory, parse_version(v))) == affected
    assert len(left_out) == 1

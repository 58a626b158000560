"""How OSV says which versions are affected (OSV schema, `affected`)."""

import json

import pytest

from pulp_cargo.protocol.errors import InvalidAdvisory
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.rules.advisories import affects, parse_advisory


def osv(*events: dict[str, str], **values: object) -> str:
    affected = {
        "package": {"ecosystem": "crates.io", "name": "leaf"},
        "ranges": [{"type": "SEMVER", "events": list(events)}],
    }
    return json.dumps({"id": "OSV-1", "affected": [affected]} | values)


def split(text: str, versions: str) -> str:
    """The versions of a list that an advisory affects."""
    (advisory,) = parse_advisory(text)
    return " ".join(v for v in versions.split() if affects(advisory, parse_version(v)))


@pytest.mark.parametrize(
    ("events", "affected"),
    [
        ([("introduced", "0")], "0.0.0-0 1.0.0 1.0.1 2.0.0"),
        ([("introduced", "1")], "1.0.0 1.0.1 2.0.0"),
        ([("introduced", "0.0.0-0"), ("fixed", "1.0.1")], "0.0.0-0 1.0.0"),
        ([("fixed", "1.0.1"), ("introduced", "0")], "0.0.0-0 1.0.0"),
        ([("introduced", "0"), ("introduced", "1.0.0"), ("fixed", "1.0.1")], "0.0.0-0 1.0.0"),
        ([("introduced", "0"), ("last_affected", "1.0.0")], "0.0.0-0 1.0.0"),
        ([("introduced", "1.0.0"), ("last_affected", "1.0.0")], "1.0.0"),
        ([("introduced", "1.0"), ("fixed", "1.0")], ""),
        (
            [("introduced", "0"), ("fixed", "1.0.0"), ("introduced", "1.0.1"), ("fixed", "1.0.1")],
            "0.0.0-0",
        ),
    ],
)
def test_events_of_osv(events, affected):
    """`0` is before all versions, `fixed` is the first good one, `last_affected` the last bad."""
    text = osv(*({what: vers} for what, vers in events))
    assert split(text, "0.0.0-0 1.0.0 1.0.1 2.0.0") == affected


def test_osv_names_versions_one_by_one_too():
    """`versions` adds to `ranges`; ranges of commits say nothing here."""
    affected = {
        "package": {"ecosystem": "crates.io", "name": "leaf"},
        "ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}],
        "versions": ["1.0.0", "1.2.0"],
    }
    text = json.dumps({"id": "OSV-1", "affected": [affected]})
    assert split(text, "1.0.0 1.0.0+b 1.1.0 1.2.0") == "1.0.0 1.0.0+b 1.2.0"


def test_osv_is_about_any_number_of_crates():
    """One advisory for each crate of crates.io, none for what is elsewhere."""
    packages = [("crates.io", "a"), ("npm", "b"), ("crates.io", "C-d")]
    affected = [{"package": {"ecosystem": system, "name": name}} for system, name in packages]
    text = json.dumps({"id": "OSV-1", "affected": affected})
    assert [advisory.name for advisory in parse_advisory(text)] == ["a", "c_d"]


def test_event_without_a_version_is_refused():
    """As it is written there, and not as it would be completed."""
    with pytest.raises(InvalidAdvisory, match="the version 'one' is not SemVer"):
        parse_advisory(osv({"introduced": "one"}))

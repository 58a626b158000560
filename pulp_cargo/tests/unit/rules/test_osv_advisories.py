"""How OSV says which versions are affected (OSV schema, `affected`)."""

import json

import pytest

from pulp_cargo.protocol.errors import InvalidAdvisory
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.rules.policies.advisories import affects, is_patched, parse_advisory
from pulp_cargo.tests.support.advisories import split


def osv(*events: dict[str, str], **values: object) -> str:
    affected = {
        "package": {"ecosystem": "crates.io", "name": "leaf"},
        "ranges": [{"type": "SEMVER", "events": list(events)}],
    }
    return json.dumps({"id": "OSV-1", "affected": [affected]} | values)


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


def test_range_of_an_ecosystem_is_one_of_versions() -> None:
    """The versions of crates.io are SemVer, whichever of the two a database writes."""
    text = osv({"introduced": "1.0.0"}, {"fixed": "1.2.0"}).replace("SEMVER", "ECOSYSTEM")
    assert split(text, "0.9.0 1.0.0 1.1.0 1.2.0") == "1.0.0 1.1.0"


@pytest.mark.parametrize(("end", "patched"), [("fixed", True), ("last_affected", False)])
def test_only_what_is_called_fixed_is_patched(end: str, patched: bool) -> None:
    """A version after the last affected one may have nothing to do with the fault."""
    (advisory,) = parse_advisory(osv({"introduced": "0"}, {end: "1.0.0"}))
    assert not affects(advisory, parse_version("1.0.1"))
    assert is_patched(advisory, parse_version("1.0.1")) is patched


def test_osv_tells_what_is_no_vulnerability() -> None:
    """RustSec's exports say so for each crate."""
    affected = {
        "package": {"ecosystem": "crates.io", "name": "leaf"},
        "database_specific": {"informational": "unsound"},
    }
    (advisory,) = parse_advisory(osv(affected=[affected]))
    assert advisory.informational == "unsound"


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


GOOD = {"package": {"ecosystem": "crates.io", "name": "leaf"}, "versions": ["1.0.0"]}
ENDS = {"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.0.1"}]}


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({}, "has no `ecosystem`"),
        ("text", "`affected[0]` of the OSV advisory must be a table"),
        ({"package": {"ecosystem": "crates.io"}}, "has no `name`"),
        (GOOD | {"versions": ["one"]}, "the version 'one' is not SemVer"),
        (GOOD | {"versions": 1}, "must be a list"),
        (GOOD | {"ranges": [{"events": []}]}, "has no `type`"),
    ],
    ids=["no package", "no table", "no name", "no version", "no list", "no type"],
)
@pytest.mark.parametrize("first", [True, False])
def test_bad_part_does_not_take_the_good_one_along(bad: object, said: str, *, first: bool) -> None:
    """The crate of the good part would look sound else; what is left out is told."""
    parts = [bad, GOOD] if first else [GOOD, bad]
    left_out: list[str] = []
    (found,) = parse_advisory(osv(affected=parts), left_out)
    assert affects(found, parse_version("1.0.0"))
    (fault,) = left_out
    assert said.replace("[0]", "[0]" if first else "[1]") in fault


@pytest.mark.parametrize(
    ("affected", "versions"),
    [
        (GOOD | {"ranges": [{"type": "SEMVER", "events": [{"fixed": "x"}]}, ENDS]}, "0.1.0 1.0.0"),
        (GOOD | {"ranges": [ENDS, {"type": "SEMVER"}]}, "0.1.0 1.0.0"),
        (GOOD | {"versions": ["1.0.0", "two"]}, "1.0.0"),
    ],
    ids=["event", "events", "version"],
)
def test_bad_range_does_not_take_the_others_along(
    affected: dict[str, object], versions: str
) -> None:
    """Within a part as well."""
    left_out: list[str] = []
    (found,) = parse_advisory(osv(affected=[affected]), left_out)
    assert " ".join(v for v in ("0.1.0", "1.0.0", "1.0.1") if affects(found, parse_version(v))) == (
        versions
    )
    assert len(left_out) == 1


def test_advisory_without_a_good_part_is_refused() -> None:
    """Nothing is known then, and whoever reads the file is told why."""
    with pytest.raises(InvalidAdvisory, match="has no `ecosystem`"):
        parse_advisory(osv(affected=[{}]))

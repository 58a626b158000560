"""The lines of the lists in a policy."""

import pytest

from pulp_cargo.protocol.requirement import parse_requirement
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.rules.policies.crate_policy import CratePolicy, Entry, Exemption
from pulp_cargo.tests.unit.rules.policies import NOW


@pytest.mark.parametrize(
    ("pattern", "requirement", "name", "vers", "meant"),
    [
        ("leaf", "*", "Leaf", "1.0.0", True),
        ("leaf", "*", "leaf-core", "1.0.0", False),
        ("leaf-*", "*", "leaf_core", "1.0.0", True),
        ("leaf", ">=1.2, <2", "leaf", "1.2.0", True),
        ("leaf", ">=1.2, <2", "leaf", "2.0.0", False),
        # What blocks a range must not let its pre-releases through.
        ("leaf", "*", "leaf", "1.0.0-rc.1", True),
        ("leaf", ">=1.2, <2", "leaf", "1.3.0-rc.1", True),
        ("leaf", "=1.2.3", "leaf", "1.2.3+build", True),
        ("leaf", "=1.2.3", "leaf", "1.2.3-rc.1", False),
    ],
)
def test_line_means_versions_of_crates(pattern, requirement, name, vers, meant):
    """A pattern of names in any spelling, and a range of versions with all that lies in it."""
    entry = Entry(pattern, parse_requirement(requirement))
    assert entry.means(name, parse_version(vers)) is meant


def test_line_is_printed_as_it_was_written() -> None:
    """With its reason, if somebody gave one."""
    assert str(Entry("leaf*", parse_requirement(">=2"), "too new")) == "`leaf* >=2`, too new"
    assert str(Entry("leaf")) == "`leaf *`"


def test_rules_about_one_crate():
    """The same rules, only shorter; an allow list without the crate stays an allow list."""
    leaf, other = Entry("leaf*"), Entry("other")
    lists = {"block": (leaf, other), "exceptions": (Exemption(leaf, NOW), Exemption(other, NOW))}
    policy = CratePolicy(cooldown_days=7, allow=(other,), **lists)
    assert policy.about("Leaf") == CratePolicy(
        cooldown_days=7, allow=(), block=(leaf,), exceptions=(Exemption(leaf, NOW),)
    )
    for same in (CratePolicy(), CratePolicy(allow=())):
        assert same.about("leaf") == same

"""What becomes of a package in a lock file, by what a registry has of it."""

from dataclasses import replace

import pytest

from pulp_cargo.protocol.lock_file import LockedPackage
from pulp_cargo.protocol.lock_source import RegistrySource
from pulp_cargo.protocol.registry_url import CRATES_IO
from pulp_cargo.rules.lock_check import (
    Flag,
    Found,
    Here,
    NotFound,
    Wanted,
    check_package,
)
from pulp_cargo.rules.lock_report import NotCheckedPackage, Report
from pulp_cargo.rules.policies.crate_policy import Outcome, Rule, Verdict

A, B = "a" * 64, "b" * 64
LEAF = LockedPackage("leaf", "1.0.0", RegistrySource(CRATES_IO), A)
THERE = Found("up", A, Here.STORED)
HELD = Verdict(Outcome.HELD, Rule.COOLDOWN, "`leaf 1.0.0` is held back")

CASES = {
    "stored": (THERE, Wanted(), "served", True, "`leaf 1.0.0` is served from `up`"),
    "index": (replace(THERE, here=Here.INDEX), Wanted(), "served", True, "is served from `up`"),
    "index offline": (
        replace(THERE, here=Here.INDEX),
        Wanted(offline=True),
        "missing",
        False,
        "`leaf 1.0.0` is in the index of `up`, but its file is not stored here",
    ),
    "stored offline": (THERE, Wanted(offline=True), "served", True, "is served from `up`"),
    "not found": (
        NotFound("`up` has no crate `leaf`", "up"),
        Wanted(),
        "missing",
        False,
        "no crate",
    ),
    "other checksum": (replace(THERE, cksum=B), Wanted(), "checksum-differs", False, A),
    "other checksum and held": (
        replace(THERE, cksum=B, rules=HELD),
        Wanted(),
        "checksum-differs",
        False,
        B,
    ),
    "yanked": (replace(THERE, yanked=True), Wanted(), "yanked", True, "is yanked"),
    "yanked, and that matters": (
        replace(THERE, yanked=True),
        Wanted(fail_on_yanked=True),
        "yanked",
        False,
        "is yanked",
    ),
    "advisory": (
        replace(THERE, yanked=True, advisories=("RUSTSEC-1", "RUSTSEC-2")),
        Wanted(),
        "advisory",
        False,
        "`leaf 1.0.0` is affected by RUSTSEC-1, RUSTSEC-2",
    ),
    "held": (
        replace(THERE, advisories=("RUSTSEC-1",), rules=HELD),
        Wanted(),
        "held",
        False,
        "`leaf 1.0.0` is held back",
    ),
    "blocked": (
        replace(THERE, rules=replace(HELD, outcome=Outcome.BLOCKED)),
        Wanted(),
        "blocked",
        False,
        "is held back",
    ),
    "hidden": (
        replace(THERE, rules=replace(HELD, outcome=Outcome.HIDDEN)),
        Wanted(),
        "hidden",
        False,
        "is held back",
    ),
    "held in a dry run": (
        replace(THERE, rules=replace(HELD, enforced=False)),
        Wanted(),
        "served",
        True,
        "is served because the policy is a dry run; otherwise: `leaf 1.0.0` is held back",
    ),
    "excepted": (
        replace(THERE, rules=Verdict(Outcome.SERVED, Rule.EXCEPTION, "by an exception")),
        Wanted(),
        "served",
        True,
        "by an exception",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_verdict(case: str) -> None:
    """The first rule that speaks decides, and its sentence says why."""
    found, wanted, outcome, passes, said = CASES[case]
    checked = check_package(LEAF, found, wanted)
    assert (checked.package, checked.upstream) == (LEAF, found.upstream)
    assert (checked.outcome.value, checked.passes) == (outcome, passes)
    assert said in checked.sentence


def test_what_is_here_is_told_whatever_the_verdict() -> None:
    """A held version may be stored, and one that is not found is unknown."""
    assert check_package(LEAF, replace(THERE, rules=HELD), Wanted()).here == "stored"
    assert check_package(LEAF, NotFound("gone"), Wanted()).here == "unknown"


@pytest.mark.parametrize(
    ("package", "found", "flags"),
    [
        (LEAF, THERE, ()),
        (replace(LEAF, cksum=None), replace(THERE, cksum=B), ("no-checksum",)),
        (replace(LEAF, replaced=True), THERE, ("replaced",)),
        (LEAF, replace(THERE, rules=replace(HELD, enforced=False)), ("dry-run",)),
        (LEAF, replace(THERE, rules=HELD), ()),
    ],
)
def test_flags(package: LockedPackage, found: Found, flags: tuple[str, ...]) -> None:
    """They tell what a verdict does not."""
    assert check_package(package, found, Wanted()).flags == flags
    known = check_package(package, found, Wanted(), (Flag.OLD_INDEX,))
    assert known.flags == ("old-index", *flags)


def test_of_a_replaced_package_the_index_is_enough() -> None:
    """Another one is built in its place, so nobody downloads its file."""
    found = replace(THERE, here=Here.INDEX)
    assert check_package(replace(LEAF, replaced=True), found, Wanted(offline=True)).passes


def test_report_counts_every_outcome() -> None:
    """Those that nothing has, too; the totals are the packages that were checked."""
    rows = tuple(
        check_package(LEAF, found, Wanted())
        for found in (THERE, THERE, replace(THERE, yanked=True), NotFound("gone"))
    )
    report = Report(rows, ())
    assert report.totals == {
        "served": 2,
        "yanked": 1,
        "advisory": 0,
        "held": 0,
        "blocked": 0,
        "hidden": 0,
        "checksum-differs": 0,
        "missing": 1,
    }
    assert not report.passes
    assert report.sentence == "the lock file does not pass: 1 of 4 packages fails"


def test_lock_file_passes_without_packages_of_registries() -> None:
    """A project without dependencies has nothing that could be wrong."""
    report = Report(
        (), (NotCheckedPackage(replace(LEAF, source=None), "on the disk", passes=True),)
    )
    assert report.passes


def test_wrong_registry_does_not_pass() -> None:
    """It could say yes to anything: it knows none of the packages."""
    report = Report((), (NotCheckedPackage(LEAF, "elsewhere", passes=False, from_registry=True),))
    assert not report.passes
    assert "no package is from this registry" in report.sentence


def test_package_of_a_foreign_source_fails() -> None:
    """However good the others are; one whose source is allowed is no reason to fail."""
    foreign = NotCheckedPackage(LEAF, "elsewhere", passes=False, from_registry=True)
    checked = (check_package(LEAF, THERE, Wanted()),)
    report = Report(checked, (foreign,))
    assert (report.passes, report.failing) == (False, 1)
    assert report.sentence == (
        "the lock file does not pass: 1 of 2 packages fails, 1 of them because of its source"
    )
    assert Report(checked, (replace(foreign, passes=True),)).passes
    assert Report((), (replace(foreign, passes=True),)).passes

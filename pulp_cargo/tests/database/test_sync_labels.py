"""Labels of an upstream's versions that a sync copies, in this process."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from django.db import connection

from pulp_cargo.tests.database.mirrors import Mirror, MirrorOf, in_a_task, mirror_of
from pulp_cargo.tests.support import upstream as fake
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.keys import Key
from pulp_cargo.tests.support.signed_state import sign
from pulp_cargo.tests.support.upstream import LISTING, ROOT, Upstream

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository, CrateContent

__all__ = ["in_a_task", "mirror_of"]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """An upstream registry with nothing in it."""
    with fake.running() as server:
        yield server


def have_state(upstream: Upstream, label: str, *crates: Crate) -> None:
    """Let the state with a label have these crates; the newest one is unchanged."""
    newest = upstream.bodies.get(LISTING)
    upstream.have(*crates)
    upstream.bodies[f"{ROOT}@{label}/versions.jsonl"] = upstream.bodies[LISTING]
    if newest is not None:
        upstream.bodies[LISTING] = newest


def labelled(mirror: Mirror) -> dict[str, int]:
    """Return the numbers of the versions with labels."""
    return dict(mirror.repository.version_labels.values_list("label", "version__number"))


def left_out(report: Any) -> dict[str, str]:
    """Return the reasons why labels were not copied."""
    return {one["label"]: one["reason"] for one in report.left_out}


def list_units(*units: "CrateContent") -> None:
    """Fill the table of the listed versions."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM cargo_listed")
        for at, unit in enumerate(units):
            cursor.execute(
                "INSERT INTO cargo_listed (at, canonical_name, vers, yanked, content_id)"
                " VALUES (%s, %s, %s, false, %s)",
                [at, unit.canonical_name, unit.vers, unit.pk],
            )


@pytest.fixture
def table() -> Iterator[None]:
    """The table of the listed versions."""
    from pulp_cargo.app.services.sync import listing_table

    with connection.cursor() as cursor:
        cursor.execute(listing_table.CREATE)
        yield
        cursor.execute(listing_table.DROP)


def test_version_of_equal_size_is_another(
    repository: "CargoRepository",
    publish: Callable[..., UUID],
    new_crate: "Callable[..., CrateContent]",
    table: None,
) -> None:
    """The same number of crates is not the same content, nor is a part of it."""
    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.services.sync.version import version_with_listed

    def unit(name: str) -> "CrateContent":
        return CrateContent.objects.get(name=name)

    def found(*units: "CrateContent") -> int | None:
        list_units(*units)
        version = version_with_listed(repository)
        return version.number if version else None

    a, b, c = (f"{repository.name}-{letter}" for letter in "abc")
    publish(repository, a, b)  # 1
    publish(repository, c, removed=[unit(b)])  # 2
    other = new_crate(f"{repository.name}-d")
    assert found(unit(a), unit(b)) == 1
    assert found(unit(a), unit(c)) == 2
    assert found(unit(b), unit(c)) is None
    assert found(unit(a), other) is None
    assert found(unit(a)) is None
    assert found(unit(a), unit(b), unit(c)) is None
    assert found() == 0


def test_no_version_is_made_for_a_signed_label(
    upstream: Upstream, mirror_of: MirrorOf, name: str, key: Key
) -> None:
    """Or an old state would be the newest one, also if that cannot be copied."""
    from pulp_cargo.app.upstream.errors import CannotCopy

    first, second = Crate(name), Crate(name, "1.1.0")
    mirror = mirror_of(upstream.index_url, snapshot_keys=key.public)
    upstream.have(first, second)
    have_state(upstream, "old", first)
    sign(upstream, key, [first], version=7, past="@old/")
    with pytest.raises(CannotCopy, match="requires a signed snapshot"):
        mirror.replicate(old="7")
    assert (mirror.crates, labelled(mirror)) == ([], {})
    sign(upstream, key, [first, second], version=8)
    _, report = mirror.replicate(old="7")
    assert left_out(report)["old"].startswith(
        "no version of this repository has the same crates and yanks"
    )
    assert mirror.crates == [f"{name} 1.0.0", f"{name} 1.1.0"]
    assert (mirror.repository.latest_version().number, labelled(mirror)) == (1, {})


def test_signed_label_on_a_version_that_is_there(
    upstream: Upstream, mirror_of: MirrorOf, name: str, key: Key
) -> None:
    """Its state was synced before, or is the newest one."""
    first, second = Crate(name), Crate(name, "1.1.0")
    mirror = mirror_of(upstream.index_url, snapshot_keys=key.public)
    upstream.have(first)
    sign(upstream, key, [first], version=7)
    mirror.replicate()
    upstream.have(first, second)
    sign(upstream, key, [first, second], version=8)
    for label, version, crates in (("old", 7, [first]), ("new", 8, [first, second])):
        have_state(upstream, label, *crates)
        sign(upstream, key, crates, version=version, past=f"@{label}/")
    _, report = mirror.replicate(old="7", new="8")
    assert (left_out(report), labelled(mirror)) == ({}, {"old": 1, "new": 2})


def test_signed_label_of_another_repository_is_refused(
    upstream: Upstream, mirror_of: MirrorOf, name: str, key: Key
) -> None:
    """The same key may sign the snapshots of all repositories of the upstream."""
    first = Crate(name)
    mirror = mirror_of(upstream.index_url, snapshot_keys=key.public)
    upstream.have(first)
    sign(upstream, key, [first], version=7)
    have_state(upstream, "old", first)
    sign(upstream, key, [first], version=7, past="@old/", repository="other")
    _, report = mirror.replicate(old="7")
    assert "`other` in the domain" in left_out(report)["old"]
    assert "is of another repository than that of version 7" in left_out(report)["old"]
    assert labelled(mirror) == {}


def test_own_label_stays(upstream: Upstream, mirror_of: MirrorOf, name: str) -> None:
    """The upstream may have one of the same name; the conflict is reported, and not asked about."""
    from pulp_cargo.app.services import version_labels

    first, second = Crate(name), Crate(name, "1.1.0")
    mirror = mirror_of(upstream.index_url)
    upstream.have(first)
    mirror.replicate()
    version_labels.add(mirror.repository, "stable", 0)
    have_state(upstream, "stable", first)
    upstream.have(first, second)
    upstream.asked.clear()
    _, report = mirror.replicate(stable="7")
    assert left_out(report)["stable"].startswith("this repository has a label `stable` of its own")
    assert labelled(mirror) == {"stable": 0}
    assert not any("@stable" in path for path, _ in upstream.asked)
    with pytest.raises(version_labels.OwnLabel):
        newest = mirror.repository.latest_version()
        version_labels.follow(mirror.repository, "stable", newest.pk, "7")
    version_labels.remove(mirror.repository, "stable")
    mirror.replicate(stable="7")
    assert labelled(mirror) == {"stable": 1}


def test_moved_label_that_cannot_be_copied_stays(
    upstream: Upstream, mirror_of: MirrorOf, name: str
) -> None:
    """That is reported, and tried again with the next replication."""
    first, second = Crate(name), Crate(name, "1.1.0")
    mirror = mirror_of(upstream.index_url)
    have_state(upstream, "stable", first)
    upstream.have(first, second)
    mirror.replicate(stable="7")
    assert labelled(mirror) == {"stable": 2}
    path = f"{ROOT}@stable/versions.jsonl"
    upstream.bodies[path] = upstream.bodies[path][:-20]
    _, report = mirror.replicate(stable="8", other="8")
    reasons = left_out(report)
    assert reasons["stable"].endswith("it remains on the version that it had upstream before")
    assert reasons.keys() == {"stable", "other"} and "remains" not in reasons["other"]
    assert labelled(mirror) == {"stable": 2}
    have_state(upstream, "stable", first, second)
    _, report = mirror.replicate(stable="8")
    assert (left_out(report), labelled(mirror)) == ({}, {"stable": 3})


def states(mirror: Mirror) -> dict[int, list[str]]:
    """Return the crate versions in each repository version."""
    from pulp_cargo.app.models import CrateContent

    found = {}
    for version in mirror.repository.versions.order_by("number"):
        units = CrateContent.objects.filter(pk__in=version.content).order_by("name", "vers")
        found[version.number] = list(units.values_list("vers", flat=True))
    return found


@pytest.mark.parametrize("retained", [None, 1])
@pytest.mark.parametrize("with_core", [False, True])
def test_old_state_is_never_the_newest(
    upstream: Upstream,
    mirror_of: MirrorOf,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    retained: int | None,
    with_core: bool,
) -> None:
    """Neither while labels are copied nor afterwards, and not if the newest cannot be copied."""
    from pulp_cargo.app.models import version_rows
    from pulp_cargo.app.upstream.errors import CannotCopy

    monkeypatch.setattr(version_rows, "is_supported", lambda: not with_core)
    first, second, third = (Crate(name, f"1.{minor}.0") for minor in range(3))
    mirror = mirror_of(upstream.index_url)
    mirror.repository.retain_repo_versions = retained
    mirror.repository.save()
    have_state(upstream, "old", first)
    upstream.have(first, second)
    newest = upstream.bodies[LISTING]
    upstream.bodies[LISTING] = newest[:-20]
    with pytest.raises(CannotCopy):
        mirror.replicate(old="1")
    assert states(mirror) == {0: []}
    upstream.bodies[LISTING] = newest
    done, report = mirror.replicate(old="1")
    assert (left_out(report), labelled(mirror)) == ({}, {"old": 2})
    assert done.version is not None and done.version.number == 3
    all_states = {0: [], 1: ["1.0.0", "1.1.0"], 2: ["1.0.0"], 3: ["1.0.0", "1.1.0"]}
    kept = all_states if retained is None else {number: all_states[number] for number in (2, 3)}
    assert states(mirror) == kept
    have_state(upstream, "new", third)
    upstream.bodies[LISTING] = newest[:-20]
    upstream.says["ETag"] = '"another"'
    with pytest.raises(CannotCopy):
        mirror.replicate(old="1", new="2")
    assert states(mirror) == kept
    upstream.bodies[LISTING] = newest
    mirror.replicate(old="1", new="2")
    assert mirror.crates == [f"{name} 1.0.0", f"{name} 1.1.0"]
    assert labelled(mirror) == {"old": 2, "new": 4}


def test_replaced_bytes_in_an_old_state(upstream: Upstream, mirror_of: MirrorOf, name: str) -> None:
    """They are no way around the comparison: they are refused, recorded, and can be accepted."""
    from django.utils import timezone

    from pulp_cargo.app.models import ReplacedVersion

    first, other = Crate(name), Crate(name, package={"description": "Other bytes"})
    mirror = mirror_of(upstream.index_url)
    upstream.have(first, Crate(name, "1.1.0"))
    have_state(upstream, "old", other)
    _, report = mirror.replicate(old="1")
    assert left_out(report)["old"].startswith("1 of its versions have other bytes than this")
    recorded = ReplacedVersion.objects.filter(remote=mirror.remote)
    assert recorded.values_list("cksum_before", "cksum").get() == (first.cksum(), other.cksum())
    assert states(mirror) == {0: [], 1: ["1.0.0", "1.1.0"]}
    recorded.update(accepted_at=timezone.now())
    _, report = mirror.replicate(old="1")
    assert (left_out(report), labelled(mirror)) == ({}, {"old": 2})


def test_label_does_not_end_the_comparison_of_bytes(
    upstream: Upstream, mirror_of: MirrorOf, name: str
) -> None:
    """A sync of the newest state is one from the same upstream, also if an older one was copied."""
    from pulp_cargo.app.models import CrateContent

    first, second = Crate(name), Crate(name, "1.1.0")
    mirror = mirror_of(upstream.index_url)
    upstream.have(first, second)
    mirror.replicate()
    have_state(upstream, "old", first)
    upstream.have(first, Crate(name, "1.1.0", package={"description": "Other bytes"}))
    upstream.says["ETag"] = '"another"'
    mirror.replicate(old="1")
    newest = mirror.repository.latest_version()
    units = CrateContent.objects.filter(pk__in=newest.content, vers="1.1.0")
    assert (labelled(mirror), units.get().cksum) == ({"old": 2}, second.cksum())


def test_copied_labels_are_limited(
    upstream: Upstream, mirror_of: MirrorOf, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As own ones are; those that the upstream has removed make room first."""
    from pulp_cargo.app.services import version_labels

    monkeypatch.setattr(version_labels, "MOST_LABELS", 2)
    mirror = mirror_of(upstream.index_url)
    upstream.have(Crate(name))
    for label in ("one", "two", "three"):
        have_state(upstream, label, Crate(name))
    _, report = mirror.replicate(one="1", two="1", three="1")
    assert left_out(report) == {"three": "the repository has 2 labels already; remove one first"}
    _, report = mirror.replicate(two="1", three="1")
    assert (left_out(report), labelled(mirror)) == ({}, {"two": 1, "three": 1})
    mirror.replicate(two="2", three="1")
    assert labelled(mirror) == {"two": 1, "three": 1}


def test_labels_of_a_task_from_before_an_upgrade(
    upstream: Upstream, mirror_of: MirrorOf, name: str
) -> None:
    """They are a list, without the origins: the labels stay as they are until the next replication."""
    from pulp_cargo.app.tasks import synchronize

    mirror = mirror_of(upstream.index_url)
    upstream.have(Crate(name))
    keys = {"remote_pk": str(mirror.remote.pk), "repository_pk": str(mirror.repository.pk)}
    result = synchronize(mirror=True, labels=["one"], **keys)
    assert result["repository_version"].endswith("/versions/1/")
    assert "labels_left_out" not in result
    assert labelled(mirror) == {}
    have_state(upstream, "one", Crate(name))
    assert synchronize(mirror=True, labels={"one": "1"}, **keys)["labels_left_out"] == []
    assert labelled(mirror) == {"one": 1}

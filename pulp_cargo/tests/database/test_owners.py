"""Owners in the commits of publishes and yanks, and changes of owners, against a database."""

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from pulp_cargo.protocol.errors import CrateNotFound, VersionExists
from pulp_cargo.protocol.names import parse_crate_name
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.protocol.unavailable import ServiceUnavailable
from pulp_cargo.rules.owners import (
    Actor,
    CannotChangeOwners,
    HasNoOwner,
    NotAnOwner,
    OwnersDisabled,
)
from pulp_cargo.tests.support.crate import Crate

if TYPE_CHECKING:
    from django.contrib.auth.models import Group

    from pulp_cargo.app.models import CargoRepository
    from pulp_cargo.app.services.publish.publish import Publish

Prepare = Callable[..., "Publish"]
People = Callable[..., Actor]


@pytest.fixture
def owned(new_repository: Callable[..., "CargoRepository"]) -> "CargoRepository":
    """An empty repository whose crates have owners."""
    return new_repository(crate_owners=True)


@pytest.fixture
def person() -> Iterator[People]:
    """Makes users of Pulp, who are deleted after the test; `person("alice", devs)`."""
    made = []

    def make(name: str, *groups: "Group", may_modify: bool = False) -> Actor:
        login = f"{name}-{secrets.token_hex(4)}"
        made.append(get_user_model().objects.create(username=login))
        for group in groups:
            group.user_set.add(made[-1])
        pks = frozenset(group.pk for group in groups)
        return Actor(made[-1].pk, login, pks, may_modify)

    yield make
    get_user_model().objects.filter(pk__in=[user.pk for user in made]).delete()


@pytest.fixture
def devs() -> "Iterator[Group]":
    """A group of Pulp."""
    from django.contrib.auth.models import Group

    group = Group.objects.create(name=f"devs-{secrets.token_hex(4)}")
    yield group
    Group.objects.filter(pk=group.pk).delete()


@pytest.fixture
def commit(domain: Any) -> Callable[..., list[BaseException | None]]:
    """Commits changes together, and returns what each was refused for."""
    from pulp_cargo.app.services.publish import commit

    def run(repository: "CargoRepository", *changes: Any) -> list[BaseException | None]:
        return list(commit.commit(repository.pk, domain, changes).refusals)

    return run


def kinds(refusals: list[BaseException | None]) -> list[type | None]:
    """Return the classes of refusals."""
    return [None if one is None else type(one) for one in refusals]


def owners(repository: "CargoRepository", name: str) -> list[str]:
    """Return the logins of a crate's owners, those of longest standing first."""
    from pulp_cargo.app.queries.owners import owners_of

    return [one.login for one in owners_of(repository.pk, name.replace("-", "_"))]


def test_first_publisher_owns_the_crate(
    owned: "CargoRepository", prepare: Prepare, person: People, commit: Any, name: str
) -> None:
    """And publishes further versions, which nobody else may."""
    from pulp_cargo.app.models import CrateOwner

    alice, bob = person("alice"), person("bob")
    before = timezone.now()
    assert commit(owned, prepare(Crate(f"{name}-A"), actor=alice)) == [None]
    assert owners(owned, f"{name}-a") == [alice.username]
    row = CrateOwner.objects.get(repository=owned)
    assert (row.canonical_name, row.user_id, row.group_id) == (f"{name}_a", alice.user, None)
    assert (row.added_by_id, before <= row.added_at <= timezone.now()) == (alice.user, True)
    (refusal,) = commit(owned, prepare(Crate(f"{name}-A", "2.0.0"), actor=bob))
    assert isinstance(refusal, NotAnOwner) and f"the crate `{name}-A`" in str(refusal)
    assert commit(owned, prepare(Crate(f"{name}-A", "2.0.0"), actor=alice)) == [None]
    assert owners(owned, f"{name}-a") == [alice.username]
    assert owned.latest_version().number == 2


def test_of_two_first_publishes_in_one_commit_the_first_wins(
    owned: "CargoRepository", prepare: Prepare, person: People, commit: Any, name: str
) -> None:
    """The second sees the owner that the first has made, though nothing is committed yet."""
    alice, bob = person("alice"), person("bob")
    refusals = commit(
        owned,
        prepare(Crate(name), actor=alice),
        prepare(Crate(name, "2.0.0"), actor=bob),
        prepare(Crate(name, "3.0.0"), actor=alice),
        prepare(Crate(f"{name}-b"), actor=bob),
    )
    assert kinds(refusals) == [None, NotAnOwner, None, None]
    assert (owners(owned, name), owners(owned, f"{name}-b")) == ([alice.username], [bob.username])


def test_of_two_first_publishes_at_once_one_wins(
    owned: "CargoRepository", prepare: Prepare, person: People, commit: Any, name: str
) -> None:
    """In two processes: the lock of the repository puts them in order."""
    people = [person(f"u{number}") for number in range(6)]
    changes = [prepare(Crate(name, f"{n}.0.0"), actor=who) for n, who in enumerate(people)]

    def run(change: Any) -> type | None:
        try:
            return kinds(commit(owned, change))[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(len(changes)) as pool:
        ended = list(pool.map(run, changes))
    assert sorted(ended, key=str) == [NotAnOwner] * 5 + [None]
    assert owners(owned, name) == [people[ended.index(None)].username]


def test_refused_first_publish_makes_no_owner(
    owned: "CargoRepository", prepare: Prepare, person: People, commit: Any, name: str
) -> None:
    """The name stays free for others."""
    alice, bob = person("alice"), person("bob")
    first = prepare(Crate(name), actor=alice)
    commit(owned, first)
    remove_all(owned)
    from pulp_cargo.app.models import CrateOwner

    CrateOwner.objects.filter(repository=owned).delete()
    other_bytes = Crate(name, files={"src/lib.rs": b"// other"})
    assert str(commit(owned, prepare(other_bytes, actor=bob))[0]).startswith("crate version")
    assert owners(owned, name) == []


def remove_all(repository: "CargoRepository") -> None:
    """Make a version of a repository without content."""
    with repository.new_version() as version:
        version.remove_content(version.content)


def test_names_stay_with_their_owners_when_all_versions_are_removed(
    owned: "CargoRepository", prepare: Prepare, person: People, commit: Any, name: str
) -> None:
    """As after a rollback: owners belong to the repository, not to its versions."""
    alice, bob = person("alice"), person("bob")
    commit(owned, prepare(Crate(name), actor=alice))
    remove_all(owned)
    assert owners(owned, name) == [alice.username]
    assert kinds(commit(owned, prepare(Crate(name, "2.0.0"), actor=bob))) == [NotAnOwner]
    assert commit(owned, prepare(Crate(name, "2.0.0"), actor=alice)) == [None]


def test_members_of_an_owning_group_publish(
    owned: "CargoRepository",
    prepare: Prepare,
    person: People,
    devs: "Group",
    commit: Any,
    name: str,
) -> None:
    """For as long as they are members."""
    from pulp_cargo.app.services import owners as service

    alice, bob, eve = person("alice"), person("bob", devs), person("eve")
    commit(owned, prepare(Crate(name), actor=alice))
    crate = parse_crate_name(name)
    service.add(owned.pk, alice, crate, [f"group:{devs.name}"])
    assert owners(owned, name) == [alice.username, f"group:{devs.name}"]
    changes = [
        prepare(Crate(name, vers), actor=who) for vers, who in (("2.0.0", bob), ("3.0.0", eve))
    ]
    assert kinds(commit(owned, *changes)) == [None, NotAnOwner]
    service.remove(owned.pk, bob, crate, [alice.username])
    assert owners(owned, name) == [f"group:{devs.name}"]


def test_crates_without_an_owner_are_for_those_above(
    owned: "CargoRepository", prepare: Prepare, person: People, commit: Any, name: str
) -> None:
    """Those from before owners were enabled, say; publishing does not make them owners."""
    from pulp_cargo.app.models import CargoRepository

    repositories = CargoRepository.objects.filter(pk=owned.pk)
    repositories.update(crate_owners=False)
    commit(owned, prepare(Crate(name)))
    repositories.update(crate_owners=True)
    bob, boss = person("bob"), person("boss", may_modify=True)
    assert kinds(commit(owned, prepare(Crate(name, "2.0.0"), actor=bob))) == [HasNoOwner]
    assert commit(owned, prepare(Crate(name, "2.0.0"), actor=boss)) == [None]
    assert owners(owned, name) == []


def test_those_above_publish_crates_of_others(
    owned: "CargoRepository", prepare: Prepare, person: People, commit: Any, name: str
) -> None:
    """And own what they publish first."""
    alice, boss = person("alice"), person("boss", may_modify=True)
    commit(owned, prepare(Crate(name), actor=alice))
    assert commit(owned, prepare(Crate(name, "2.0.0"), actor=boss)) == [None]
    assert commit(owned, prepare(Crate(f"{name}-b"), actor=boss)) == [None]
    assert (owners(owned, name), owners(owned, f"{name}-b")) == ([alice.username], [boss.username])


@pytest.mark.parametrize("yanked", [True, False])
def test_only_owners_yank(
    owned: "CargoRepository",
    prepare: Prepare,
    person: People,
    commit: Any,
    name: str,
    yanked: bool,
) -> None:
    """And unyank; a batch may have both kinds of people."""
    from pulp_cargo.app.services.publish.yank import Yank

    alice, bob = person("alice"), person("bob")
    crate, vers = parse_crate_name(name), parse_version("1.0.0")
    publish = prepare(Crate(name), actor=alice)
    theirs = prepare(Crate(f"{name}-b"), actor=bob)
    commit(owned, publish)
    refusals = commit(
        owned,
        theirs,
        Yank(crate, vers, yanked, theirs.grant),
        Yank(crate, vers, yanked, publish.grant),
    )
    assert kinds(refusals) == [None, NotAnOwner, None]
    present = owned.latest_version().content.filter(pulp_type="cargo.yank").count()
    assert present == int(yanked)


def test_without_owners_nothing_is_asked_and_nothing_is_stored(
    repository: "CargoRepository",
    prepare: Prepare,
    person: People,
    commit: Any,
    name: str,
    sent: list[str],
) -> None:
    """A publish costs what it cost before."""
    from pulp_cargo.app.models import CrateOwner

    commit(repository, prepare(Crate(name)))
    assert [statement for statement in sent if "cargo_crateowner" in statement] == []
    # Owners were disabled a moment ago, which the sender's process does not know yet.
    assert commit(repository, prepare(Crate(name, "2.0.0"), actor=person("eve"))) == [None]
    assert not CrateOwner.objects.filter(repository=repository).exists()


def test_owners_cost_a_statement_and_a_first_one_another(
    owned: "CargoRepository",
    prepare: Prepare,
    person: People,
    commit: Any,
    name: str,
    sent: list[str],
) -> None:
    """They are sent with the others, so that a publish waits for nothing more."""
    alice = person("alice")
    first, second = (prepare(Crate(name, vers), actor=alice) for vers in ("1.0.0", "2.0.0"))
    for change, asked in ((first, 2), (second, 1)):
        sent.clear()
        commit(owned, change)
        assert len([one for one in sent if "cargo_crateowner" in one]) == asked


def test_owners_that_were_enabled_just_now_are_not_passed_by(
    owned: "CargoRepository", prepare: Prepare, commit: Any, name: str
) -> None:
    """The sender's rights were looked up before, so cargo is asked to try again: a 503."""
    (refusal,) = commit(owned, prepare(Crate(name)))
    assert isinstance(refusal, ServiceUnavailable)
    assert (refusal.status, refusal.retry_after > 0) == (503, True)
    assert owned.latest_version().number == 0


def test_publisher_who_has_just_been_deleted_owns_nothing(
    owned: "CargoRepository", prepare: Prepare, commit: Any, name: str
) -> None:
    """The crate is there, without an owner."""
    gone = Actor(2**31 - 1, "gone", frozenset(), may_modify=False)
    assert commit(owned, prepare(Crate(name), actor=gone)) == [None]
    assert owners(owned, name) == []


def test_owners_go_with_their_user_group_and_repository(
    owned: "CargoRepository",
    prepare: Prepare,
    person: People,
    devs: "Group",
    commit: Any,
    name: str,
) -> None:
    """Whoever added an owner may be deleted, too, without that."""
    from pulp_cargo.app.models import CargoRepository, CrateOwner
    from pulp_cargo.app.services import owners as service

    alice, bob = person("alice"), person("bob")
    commit(owned, prepare(Crate(name), actor=alice))
    service.add(owned.pk, alice, parse_crate_name(name), [bob.username, f"group:{devs.name}"])
    get_user_model().objects.get(pk=alice.user).delete()
    assert owners(owned, name) == [bob.username, f"group:{devs.name}"]
    assert set(CrateOwner.objects.filter(repository=owned).values_list("added_by")) == {(None,)}
    devs.delete()
    assert owners(owned, name) == [bob.username]
    other = CargoRepository.objects.create(name=f"{name}-other", crate_owners=True)
    commit(other, prepare(Crate(name), actor=bob))
    other.delete()
    assert list(CrateOwner.objects.filter(user=bob.user).values_list("repository")) == [(owned.pk,)]


def test_owners_of_one_repository_are_no_owners_of_another(
    owned: "CargoRepository",
    new_repository: Callable[..., "CargoRepository"],
    prepare: Prepare,
    person: People,
    commit: Any,
    name: str,
) -> None:
    """A crate of the same name there is another crate."""
    alice, bob = person("alice"), person("bob")
    other = new_repository(crate_owners=True)
    assert commit(owned, prepare(Crate(name), actor=alice)) == [None]
    assert commit(other, prepare(Crate(name), actor=bob)) == [None]
    assert (owners(owned, name), owners(other, name)) == ([alice.username], [bob.username])


def test_owner_is_a_user_or_a_group(
    owned: "CargoRepository", person: People, devs: "Group", name: str
) -> None:
    """Neither both nor none, and each once for a crate."""
    from pulp_cargo.app.models import CrateOwner

    alice = person("alice")
    common = {"repository": owned, "canonical_name": name, "added_at": timezone.now()}
    for one in ({"user_id": alice.user}, {"group": devs}):
        CrateOwner.objects.create(**common, **one)
    for wrong in (
        {},
        {"user_id": alice.user, "group": devs},
        {"user_id": alice.user},
        {"group": devs},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            CrateOwner.objects.create(**common, **wrong)


def test_changes_of_owners_are_whole(
    owned: "CargoRepository", prepare: Prepare, person: People, commit: Any, name: str
) -> None:
    """One wrong login, and nothing is changed."""
    from pulp_cargo.app.services import owners as service

    alice, bob, eve = person("alice"), person("bob"), person("eve")
    crate = parse_crate_name(name)
    commit(owned, prepare(Crate(name), actor=alice))
    with pytest.raises(CannotChangeOwners, match="`nobody-1` and `group:none-1` are not users"):
        service.add(owned.pk, alice, crate, [bob.username, "nobody-1", "group:none-1"])
    with pytest.raises(CannotChangeOwners, match=f"`{alice.username}` already owns"):
        service.add(owned.pk, alice, crate, [bob.username, alice.username])
    assert owners(owned, name) == [alice.username]
    assert service.add(owned.pk, alice, parse_crate_name(name.upper()), [bob.username]) == name
    for logins, said in (
        ([bob.username, "nobody-1"], "`nobody-1` is not a user"),
        ([bob.username, eve.username], f"`{eve.username}` does not own"),
        ([bob.username, alice.username], "would be left without an owner"),
    ):
        with pytest.raises(CannotChangeOwners, match=said):
            service.remove(owned.pk, bob, crate, logins)
    assert owners(owned, name) == [alice.username, bob.username]
    assert service.remove(owned.pk, bob, crate, [alice.username]) == name
    assert owners(owned, name) == [bob.username]


def test_owners_are_changed_by_owners_only(
    owned: "CargoRepository", prepare: Prepare, person: People, commit: Any, name: str
) -> None:
    """Before any login is looked up; whoever is above may, too, also without being an owner."""
    from pulp_cargo.app.services import owners as service

    alice, eve, boss = person("alice"), person("eve"), person("boss", may_modify=True)
    crate = parse_crate_name(name)
    commit(owned, prepare(Crate(name), actor=alice))
    for change in (service.add, service.remove):
        with pytest.raises(NotAnOwner):
            change(owned.pk, eve, crate, ["nobody-1"])
        with pytest.raises(CrateNotFound):
            change(owned.pk, boss, parse_crate_name(f"{name}-no"), [eve.username])
    service.add(owned.pk, boss, crate, [eve.username])
    assert owners(owned, name) == [alice.username, eve.username]


def test_users_who_cannot_log_in_are_not_added(
    owned: "CargoRepository", prepare: Prepare, person: People, commit: Any, name: str
) -> None:
    """One that was deactivated later can be removed."""
    from pulp_cargo.app.services import owners as service

    alice, bob, eve = person("alice"), person("bob"), person("eve")
    users, crate = get_user_model().objects, parse_crate_name(name)
    commit(owned, prepare(Crate(name), actor=alice))
    service.add(owned.pk, alice, crate, [bob.username])
    users.filter(pk__in=[bob.user, eve.user]).update(is_active=False)
    with pytest.raises(CannotChangeOwners, match=f"`{eve.username}` is not a user"):
        service.add(owned.pk, alice, crate, [eve.username])
    service.remove(owned.pk, alice, crate, [bob.username])
    assert owners(owned, name) == [alice.username]


def test_two_owners_do_not_remove_each_other(
    owned: "CargoRepository", prepare: Prepare, person: People, commit: Any, name: str
) -> None:
    """At the same time: the second finds itself the last one, or no owner any more."""
    from pulp_cargo.app.services import owners as service

    alice, bob = person("alice"), person("bob")
    crate = parse_crate_name(name)
    commit(owned, prepare(Crate(name), actor=alice))
    service.add(owned.pk, alice, crate, [bob.username])

    def remove(by: Actor, whom: Actor) -> str:
        try:
            return service.remove(owned.pk, by, crate, [whom.username])
        except (CannotChangeOwners, NotAnOwner) as error:
            return type(error).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        ended = sorted(pool.map(remove, (alice, bob), (bob, alice)))
    assert ended == sorted([name, "NotAnOwner"])
    assert len(owners(owned, name)) == 1


def test_where_owners_are_disabled_they_are_not_changed_by_cargo(
    repository: "CargoRepository", prepare: Prepare, person: People, commit: Any, name: str
) -> None:
    """Also if the sender's process does not know that yet."""
    from pulp_cargo.app.services import owners as service

    boss = person("boss", may_modify=True)
    commit(repository, prepare(Crate(name)))
    for change in (service.add, service.remove):
        with pytest.raises(OwnersDisabled):
            change(repository.pk, boss, parse_crate_name(name), [boss.username])


def test_administrators_hand_crates_out_by_patterns(
    repository: "CargoRepository",
    publish: Callable[..., Any],
    person: People,
    devs: "Group",
    name: str,
) -> None:
    """Before owners are enabled, so that nobody has to wait; a second time changes nothing."""
    from pulp_cargo.app.services import owners as service

    alice, bob = person("alice"), person("bob")
    publish(repository, f"{name}-a", f"{name}-b", f"{name}_Bc", f"{name}xb")
    pk, group = repository.pk, f"group:{devs.name}"
    both = [alice.username, group]
    assert service.add_to_crates(pk, both, [f"{name}-B*"], unowned=False, by=bob.user) == 4
    assert service.add_to_crates(pk, both, [f"{name}-b*"], unowned=False, by=bob.user) == 0
    assert service.add_to_crates(pk, [bob.username], ["*"], unowned=True, by=None) == 2
    assert [owners(repository, f"{name}{end}") for end in ("-a", "-b", "-bc", "xb")] == [
        [bob.username],
        both,
        both,
        [bob.username],
    ]
    named = [f"{name}-A", f"{name}xb"]
    assert service.add_to_crates(pk, [alice.username], named, unowned=False, by=None) == 2
    assert service.remove_from_crates(pk, [bob.username], ["*"]) == 2
    assert owners(repository, f"{name}-a") == [alice.username]


def test_mistakes_of_administrators_change_nothing(
    repository: "CargoRepository", publish: Callable[..., Any], person: People, name: str
) -> None:
    """A name without a crate, an unknown login, a crate that would lose its last owner."""
    from pulp_cargo.app.services import owners as service

    alice, bob, pk = person("alice"), person("bob"), repository.pk
    publish(repository, f"{name}-a", f"{name}-b")
    for logins, patterns, said in (
        ([alice.username], [f"{name}-a", f"{name}-x"], f"does not have the crate `{name}_x`"),
        ([alice.username, "nobody-1"], ["*"], "`nobody-1` is not a user"),
    ):
        with pytest.raises(CannotChangeOwners, match=said):
            service.add_to_crates(pk, logins, patterns, unowned=False, by=None)
    assert owners(repository, f"{name}-a") == []
    service.add_to_crates(pk, [alice.username], ["*"], unowned=False, by=None)
    service.add_to_crates(pk, [bob.username], [f"{name}-a"], unowned=False, by=None)
    with pytest.raises(CannotChangeOwners, match=f"the crate `{name}_b` would be left without"):
        service.remove_from_crates(pk, [alice.username], ["*"])
    with pytest.raises(CannotChangeOwners, match="`nobody-1` is not a user"):
        service.remove_from_crates(pk, ["nobody-1"], ["*"])
    assert service.remove_from_crates(pk, [bob.username], [f"{name}-nothing", f"{name}-b"]) == 0
    assert owners(repository, f"{name}-a") == [alice.username, bob.username]


def test_crates_that_are_gone_are_not_handed_out(
    repository: "CargoRepository", publish: Callable[..., Any], person: People, name: str
) -> None:
    """Only those of the newest version are; owners of others can be removed."""
    from pulp_cargo.app.services import owners as service

    alice, bob, pk = person("alice"), person("bob"), repository.pk
    publish(repository, f"{name}-a")
    service.add_to_crates(pk, [alice.username, bob.username], ["*"], unowned=False, by=None)
    remove_all(repository)
    publish(repository, f"{name}-b")
    assert service.add_to_crates(pk, [alice.username], ["*"], unowned=False, by=None) == 1
    assert service.remove_from_crates(pk, [bob.username], ["*"]) == 1
    assert owners(repository, f"{name}-a") == [alice.username]


def test_version_that_is_there_is_refused_as_before(
    owned: "CargoRepository", prepare: Prepare, person: People, commit: Any, name: str
) -> None:
    """An owner hears of the rule that the publish breaks."""
    alice = person("alice")
    for expected in (None, VersionExists):
        assert kinds(commit(owned, prepare(Crate(name), actor=alice))) == [expected]

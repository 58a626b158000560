"""A name that a private repository has ever had is claimed for good, whatever becomes of the crate."""

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from pulp_cargo.rules.upstream_order import Rule
from pulp_cargo.tests.database.upstreams import registry_of

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoDistribution, CargoRepository, CrateContent
    from pulp_cargo.tests.database.upstreams import NewList, NewRemote

    NewCrate = Callable[..., CrateContent]
    Publish = Callable[..., UUID]


@pytest.fixture
def name() -> str:
    """A name that nobody has used."""
    return f"acme_{secrets.token_hex(4)}"


@pytest.fixture
def listed(
    repository: "CargoRepository", new_remote: "NewRemote", new_distribution: "NewList"
) -> "CargoDistribution":
    """A list that asks a remote first, and has a private repository."""
    return new_distribution(
        {"far": {"remote": new_remote()}, "ours": {"repository": repository, "private": True}}
    )


def ask(listed: "CargoDistribution", name: str) -> tuple[Rule, tuple[str, ...]]:
    """Return the rule by which upstreams are asked for a crate, and which these are."""
    from pulp_cargo.app.queries.names import claims

    answer = claims.who_may_answer(registry_of(listed).upstreams, name)
    assert answer is not None
    return answer.rule, answer.ask


def test_removed_crate_is_claimed(
    repository: "CargoRepository", listed: "CargoDistribution", publish: "Publish", name: str
) -> None:
    """Nobody is asked: what the upstream has under the name is another crate."""
    from pulp_cargo.app.models import CrateContent

    publish(repository, name)
    publish(repository, removed=list(CrateContent.objects.filter(canonical_name=name)))
    for spelling in (name, name.upper(), name.replace("_", "-")):
        assert ask(listed, spelling) == (Rule.CLAIM, ())


def test_crate_of_a_version_that_is_gone_is_claimed(
    repository: "CargoRepository", listed: "CargoDistribution", publish: "Publish", name: str
) -> None:
    """Also when retention has deleted every version that had it."""
    from pulp_cargo.app.models import CrateContent

    publish(repository, name)
    publish(repository, removed=list(CrateContent.objects.filter(canonical_name=name)))
    repository.retain_repo_versions = 1
    repository.save()
    assert repository.versions.count() == 1
    assert ask(listed, name) == (Rule.CLAIM, ())


def test_what_a_task_adds_is_claimed(
    repository: "CargoRepository", listed: "CargoDistribution", new_crate: "NewCrate", name: str
) -> None:
    """When its version is complete, for good; a roll-back frees nothing."""
    from pulp_cargo.app.models import CrateContent

    new_crate(name)
    empty = repository.latest_version()
    with repository.new_version() as version:
        version.add_content(CrateContent.objects.filter(canonical_name=name))
        assert ask(listed, name) == (Rule.ORDER, ("far",))
    assert ask(listed, name) == (Rule.CLAIM, ("ours",))
    with repository.new_version(base_version=empty):
        pass
    assert ask(listed, name) == (Rule.CLAIM, ())


def test_repository_that_is_not_private_claims_nothing(
    repository: "CargoRepository",
    new_remote: "NewRemote",
    new_distribution: "NewList",
    publish: "Publish",
    name: str,
) -> None:
    """When a crate leaves it, the next in order answers."""
    from pulp_cargo.app.models import CrateContent

    shared = {"repository": repository, "private": False}
    listed = new_distribution({"shared": shared, "far": {"remote": new_remote()}})
    publish(repository, name)
    assert ask(listed, name) == (Rule.ORDER, ("shared",))
    publish(repository, removed=list(CrateContent.objects.filter(canonical_name=name)))
    assert ask(listed, name) == (Rule.ORDER, ("far",))


def test_further_versions_claim_nothing_new(
    repository: "CargoRepository",
    publish: "Publish",
    new_crate: "NewCrate",
    name: str,
    sent: list[str],
) -> None:
    """A name is noted once, in one statement of the commit, and goes with its repository alone."""
    from pulp_cargo.app.models import ClaimedName, CrateContent
    from pulp_cargo.app.models.claims import claim_names

    publish(repository, name)
    new_crate(name, "1.1.0")
    with repository.new_version() as version:
        version.add_content(CrateContent.objects.filter(canonical_name=name))
    sent.clear()
    claim_names(version.pk)
    count = len(sent)
    claimed = ClaimedName.objects.filter(repository=repository)
    assert (count, list(claimed.values_list("canonical_name", flat=True))) == (1, [name])


def claim_all() -> None:
    """Run the migration's statement, once more if a repository was deleted while it ran.

    It reads all repositories of the database, and other tests delete theirs meanwhile. An upgrade
    has the database to itself.
    """
    from importlib import import_module

    from django.db import IntegrityError, OperationalError, connection, transaction

    migration = import_module("pulp_cargo.app.migrations.0005_claimed_names")
    for left in reversed(range(10)):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(migration.CLAIM_ALL)
            return
        except (IntegrityError, OperationalError):
            if not left:
                raise


def test_names_of_older_repositories_are_claimed(
    repository: "CargoRepository", listed: "CargoDistribution", publish: "Publish", name: str
) -> None:
    """The migration notes what is in any version that is still there."""
    from pulp_cargo.app.models import ClaimedName, CrateContent

    publish(repository, name)
    publish(repository, removed=list(CrateContent.objects.filter(canonical_name=name)))
    ClaimedName.objects.filter(repository=repository).delete()
    assert ask(listed, name) == (Rule.ORDER, ("far",))
    claim_all()
    assert ask(listed, name) == (Rule.CLAIM, ())


def test_explain_says_that_the_crate_is_gone(
    repository: "CargoRepository", listed: "CargoDistribution", publish: "Publish", name: str
) -> None:
    """Else nobody would understand why the upstream's is not served."""
    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.queries.names.explain import explain

    publish(repository, name)
    publish(repository, removed=list(CrateContent.objects.filter(canonical_name=name)))
    upstreams = registry_of(listed).upstreams
    assert upstreams.order is not None
    told = explain(upstreams.listed, upstreams.order, name)
    assert (told.rule, told.answers) == (Rule.CLAIM, ())
    assert told.sentence == (
        f"`{name}` is claimed by the private repository `ours`, which no longer has a version of it"
    )
    assert [one.reason for one in told.upstreams] == [
        "not asked: the name is reserved for private repositories",
        "does not have the crate",
    ]


def test_lock_file_asks_nobody_for_a_name_that_is_gone(
    repository: "CargoRepository", listed: "CargoDistribution", publish: "Publish", name: str
) -> None:
    """The gate asks upstreams by the same rules as cargo's requests do."""
    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.services.lock_file.lookup import Lookup
    from pulp_cargo.app.services.policies.advisory_db import AdvisoryDatabase
    from pulp_cargo.protocol.lock_file import parse_lock_file
    from pulp_cargo.tests.support.lock_file import lock_file, package

    publish(repository, name)
    publish(repository, removed=list(CrateContent.objects.filter(canonical_name=name)))
    packages = parse_lock_file(lock_file(package(name, "1.0.0", "0" * 64))).packages
    answer = Lookup(AdvisoryDatabase(), registry_of(listed), packages).answer(name)
    assert (answer.rule, answer.ask) == (Rule.CLAIM, ())

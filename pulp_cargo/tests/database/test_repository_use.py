"""Nobody writes into a repository that they may not modify, by any change of any object."""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pulp_cargo.tests.database.upstreams import FAR

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from pulp_cargo.app.models import CargoDistribution, CargoRemote, CargoRepository
    from pulp_cargo.tests.database.upstreams import NewList, NewRemote, NewRepository

# Who can put crates into a repository: those who publish to a distribution, or a server.
Writer = tuple[UUID, object]

OTHER = "sparse+https://other.example.org/"
# Two of each, so that a change may be about another one than the user has rights on.
BOTH = st.integers(0, 1)
MAYBE = st.none() | BOTH


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a list of upstreams, by the numbers of its repository and remote."""

    repository: int | None
    remote: int | None
    private: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """What a distribution has, by the numbers of repositories and remotes."""

    repository: int | None = None
    remote: int | None = None
    upstreams: tuple[Entry, ...] = ()
    allow_uploads: bool = False


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    """Return a shape that is not refused whoever asks for it, unless others are in its way."""
    if draw(st.booleans()):
        repository, remote = draw(MAYBE), draw(MAYBE)
        may_upload = repository is not None and remote is None
        return Shape(repository, remote, (), may_upload and draw(st.booleans()))
    repositories = draw(st.lists(MAYBE, max_size=2, unique=True))
    remotes = draw(st.lists(MAYBE, max_size=2, unique=True))
    entries = tuple(
        Entry(repository, remote, remote is None and draw(st.booleans()))
        for repository, remote in zip_longest(repositories, remotes)
        if (repository, remote) != (None, None)
    )
    ours = [one.repository for one in entries if one.remote is None]
    uploads = draw(st.sampled_from(ours)) if ours and draw(st.booleans()) else None
    return Shape(uploads, None, entries, uploads is not None)


SHAPES = shapes()
ROLES = ("viewer", "publisher", "owner")


@dataclass(frozen=True, slots=True)
class Grant:
    """A role on a repository by its number, on all of the domain or everywhere; perhaps by a group."""

    role: str
    on: int | str
    by_group: bool


GRANTS = st.builds(
    Grant, st.sampled_from(ROLES), BOTH | st.sampled_from(["domain", "everywhere"]), st.booleans()
)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a distribution, which may be new, of a remote or of a repository."""

    kind: str
    which: int | None
    fields: Any = field(hash=False)


REMOTE_FIELDS: dict[str, Any] = {
    "url": st.sampled_from([FAR, OTHER]),
    "proxy_url": st.sampled_from([None, "http://proxy.example.org:3128"]),
    "tls_validation": st.booleans(),
    "headers": st.sampled_from([[], [{"Host": "other.example.org"}]]),
    "max_retries": st.integers(0, 3),
    "policy": st.sampled_from(["on_demand", "streamed"]),
}
CHANGES = (
    st.builds(Change, st.just("distribution"), st.none() | BOTH, SHAPES)
    | st.builds(Change, st.just("remote"), BOTH, st.fixed_dictionaries({}, optional=REMOTE_FIELDS))
    | st.builds(Change, st.just("repository"), BOTH, MAYBE)
)


class World:
    """Two repositories, remotes and distributions, and a user who may view all of them."""

    def __init__(self, start: Sequence[Shape], synced: Sequence[int | None]) -> None:
        from pulp_cargo.app.models import CargoRemote, CargoRepository

        self.remotes = [CargoRemote.objects.create(name=unused(), url=FAR) for _ in range(2)]
        self.repositories = [
            CargoRepository.objects.create(name=unused(), remote=self.remote(one)) for one in synced
        ]
        self.distributions: list[CargoDistribution] = []
        for shape in start:
            if made := self.attempt(Change("distribution", None, shape), None):
                self.distributions.append(made)

    def remote(self, number: int | None) -> "CargoRemote | None":
        """Return a remote by its number."""
        return None if number is None else self.remotes[number]

    def attempt(self, change: Change, user: "AbstractBaseUser | None") -> Any:
        """Make a change by the serializers of the REST API; None if it is invalid.

        Raises PermissionDenied.
        """
        from pulp_cargo.app.models.core import with_user

        serializer = self._serializer(change)
        with with_user(user):
            if serializer is None or not serializer.is_valid():
                return None
            return serializer.save()

    def _serializer(self, change: Change) -> Any:
        from pulpcore.plugin.util import get_url

        from pulp_cargo.app import serializers

        def href(objects: Sequence[Any], number: int | None) -> str | None:
            return None if number is None else get_url(objects[number])

        context = {"request": None}
        if change.kind == "remote":
            remote = self.remotes[change.which or 0]
            return serializers.CargoRemoteSerializer(
                remote, data=change.fields, partial=True, context=context
            )
        if change.kind == "repository":
            repository = self.repositories[change.which or 0]
            fields = {"remote": href(self.remotes, change.fields)}
            return serializers.CargoRepositorySerializer(
                repository, data=fields, partial=True, context=context
            )
        shape = change.fields
        values = {
            "repository": href(self.repositories, shape.repository),
            "remote": href(self.remotes, shape.remote),
            "allow_uploads": shape.allow_uploads,
            "upstreams": [
                {
                    "name": str(number),
                    "repository": href(self.repositories, one.repository),
                    "remote": href(self.remotes, one.remote),
                    "private": one.private,
                }
                for number, one in enumerate(shape.upstreams)
            ],
        }
        if change.which is None:
            values |= dict.fromkeys(("name", "base_path"), unused())
            return serializers.CargoDistributionSerializer(data=values, context=context)
        if change.which >= len(self.distributions):
            return None
        return serializers.CargoDistributionSerializer(
            self.distributions[change.which], data=values, partial=True, context=context
        )

    def writers(self) -> set[Writer]:
        """Return who can put crates into which repository, from the rows."""
        from pulp_cargo.app.models import CargoDistribution, CargoRepository

        found: set[Writer] = set()
        for one in CargoDistribution.objects.filter(name__startswith=PREFIX):
            if one.repository_id and one.allow_uploads:
                found.add((one.repository_id, one.pk))
            pairs = [(one.repository_id, one.remote_id)]
            pairs += one.upstreams.values_list("repository", "remote")
            found |= {(repo, server_of(remote)) for repo, remote in pairs if repo and remote}
        for repository in CargoRepository.objects.filter(name__startswith=PREFIX):
            if repository.remote_id:
                found.add((repository.pk, server_of(repository.remote_id)))
        return found

    def new_user(self, grants: Iterable[Grant]) -> "AbstractBaseUser":
        """Return a user with these roles."""
        from django.contrib.auth import get_user_model

        from pulpcore.plugin.models import Group
        from pulpcore.plugin.util import assign_role, get_default_domain

        user = get_user_model().objects.create(username=unused())
        group = Group.objects.create(name=unused())
        user.groups.add(group)
        for grant in grants:
            who = group if grant.by_group else user
            role = f"cargo.cargorepository_{grant.role}"
            match grant.on:
                case int(number):
                    assign_role(role, who, self.repositories[number])
                case "domain":
                    assign_role(role, who, domain=get_default_domain())
                case _:
                    assign_role(role, who)
        return user

    def modifiable(self, grants: Iterable[Grant]) -> set[UUID]:
        """Return the repositories whose content a user with these roles may modify."""
        found = set()
        for grant in grants:
            if grant.role != "viewer":
                which = [grant.on] if isinstance(grant.on, int) else range(2)
                found |= {self.repositories[number].pk for number in which}
        return found


PREFIX = "use-"


def unused() -> str:
    """Return an unused name."""
    return f"{PREFIX}{secrets.token_hex(6)}"


def server_of(remote: UUID) -> object:
    """Return what tells which server answers for a remote."""
    from pulp_cargo.app.models import CargoRemote

    one = CargoRemote.objects.get(pk=remote)
    return one.pk, one.url, one.proxy_url, one.tls_validation, str(one.headers or [])


@contextmanager
def rolled_back() -> Iterator[None]:
    """Undo everything that the context does in the database."""
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@settings(
    max_examples=60,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    start=st.lists(SHAPES, max_size=2),
    synced=st.tuples(MAYBE, MAYBE),
    grants=st.lists(GRANTS, max_size=3),
    change=CHANGES,
)
def test_change_opens_only_what_its_user_may_modify(
    django_of_the_stack: None,
    start: Sequence[Shape],
    synced: Sequence[int | None],
    grants: Sequence[Grant],
    change: Change,
) -> None:
    """Nothing new gets into other repositories, and nobody may put a remote beside uploads."""
    from rest_framework.exceptions import PermissionDenied

    with rolled_back():
        world = World(start, synced)
        user, allowed = world.new_user(grants), world.modifiable(grants)
        before = world.writers()
        try:
            world.attempt(change, user)
        except PermissionDenied:
            assert len(allowed) < 2
        after = world.writers()
        assert {repository for repository, _ in after - before} <= allowed
        assert not mixed(world.repositories)


def mixed(repositories: Iterable["CargoRepository"]) -> set[UUID]:
    """Return the repositories with uploads or binding claims, and with crates of a remote as well."""
    from pulp_cargo.app.models import CargoDistribution, CargoUpstream

    ones = CargoDistribution.objects.filter(repository__in=repositories)
    entries = CargoUpstream.objects.filter(repository__in=repositories)
    ours = [ones.filter(allow_uploads=True), entries.filter(is_binding=True)]
    theirs = [ones.filter(remote__isnull=False), entries.filter(remote__isnull=False)]
    return ids(ours) & ids(theirs)


def ids(rows: Iterable[Any]) -> set[UUID]:
    """Return the repositories of all rows."""
    return {pk for some in rows for pk in some.values_list("repository", flat=True)}


def as_user(user: "AbstractBaseUser", distribution: Any, *entries: Mapping[str, Any]) -> None:
    """Set the list of a distribution by the serializer, for a user."""
    from pulpcore.plugin.util import get_url

    from pulp_cargo.app.models.core import with_user
    from pulp_cargo.app.serializers import CargoDistributionSerializer

    listed = [{**one, "repository": get_url(one["repository"])} for one in entries]
    with with_user(user):
        serializer = CargoDistributionSerializer(
            distribution, data={"upstreams": listed}, partial=True, context={"request": None}
        )
        serializer.is_valid(raise_exception=True)
        serializer.save()


def user_with(role: str, on: "CargoRepository") -> Any:
    """Return a new user with a role on a repository."""
    from django.contrib.auth import get_user_model

    from pulpcore.plugin.util import assign_role

    user = get_user_model().objects.create(username=unused())
    assign_role(f"cargo.cargorepository_{role}", user, on)
    return user


@pytest.mark.parametrize(("role", "binds"), [("viewer", False), ("publisher", True)])
def test_claim_of_a_viewer_changes_nothing_for_others(
    repository: "CargoRepository",
    new_distribution: "NewList",
    new_remote: "NewRemote",
    role: str,
    binds: bool,
) -> None:
    """It is for the viewer's own list; the claim of somebody who may modify the repository counts.

    Such a repository takes no crates of a remote, and each number once.
    """
    from pulp_cargo.app.queries.upstreams.repository_roles import is_published_to
    from pulp_cargo.app.services import repository_use

    user = user_with(role, repository)
    own = new_distribution()
    as_user(user, own, {"name": "theirs", "repository": repository, "private": True})
    assert own.upstreams.get().private
    assert is_published_to(repository.pk) is binds
    if binds:
        with pytest.raises(repository_use.RepositoryTaken):
            repository_use.require_free(repository, remote=new_remote())
    else:
        repository_use.require_free(repository, remote=new_remote())


def test_claim_stays_binding_when_a_viewer_changes_the_list(
    repository: "CargoRepository", new_repository: "NewRepository", new_distribution: "NewList"
) -> None:
    """Who shares the list with a viewer does not lose the claim by that."""
    from pulp_cargo.app.queries.upstreams.repository_roles import is_published_to

    entry = {"name": "ours", "repository": repository, "private": True}
    shared = new_distribution(
        {"ours": {"repository": repository, "remote": None, "private": True, "pins": []}}
    )
    assert is_published_to(repository.pk)
    viewer = user_with("viewer", repository)
    as_user(viewer, shared, {**entry, "patterns": ["a*"]})
    assert is_published_to(repository.pk)
    as_user(viewer, shared, {**entry, "private": False})
    assert not is_published_to(repository.pk)
    as_user(viewer, shared, entry)
    assert not is_published_to(repository.pk)

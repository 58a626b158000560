"""Who owns a crate, and what owners may do, in a repository with `crate_owners`.

The first publisher of a crate owns it. Only owners publish further versions, yank, unyank and change
owners; whoever may modify the repository stands above them. An owner is a user or a group.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from pulp_cargo.protocol.errors import BadRequest, Forbidden
from pulp_cargo.protocol.owners import enumerated

GROUP = "group:"
# The ids of users and groups are positive and below this, so a group's id gets this bit.
GROUP_BIT = 2**31
# Maximum number of crates that an error message names.
MOST_NAMED = 5


@dataclass(frozen=True, slots=True, order=True)
class Owner:
    """A user or a group, by its id in the database; the login does not identify it."""

    is_group: bool
    pk: int
    login: str = field(compare=False)

    @property
    def wire_id(self) -> int:
        """An id for cargo: an unsigned 32-bit integer, and different for every owner.

        >>> Owner(False, 3, "alice").wire_id, Owner(True, 3, "group:devs").wire_id
        (3, 2147483651)
        """
        return self.pk % GROUP_BIT + (GROUP_BIT if self.is_group else 0)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who wants to change a crate; `may_modify` is the right to modify the repository."""

    user: int
    username: str
    groups: frozenset[int]
    may_modify: bool

    def is_among(self, owners: Collection[Owner]) -> bool:
        """Whether the user is an owner, or a member of a group that is one."""
        return any(one.pk in self.groups if one.is_group else one.pk == self.user for one in owners)


class OwnersOnly(Forbidden):
    """Only owners of the crate may do this, and the sender is not one of them."""


class NotAnOwner(OwnersOnly):
    """The crate belongs to others."""

    def __init__(self, actor: Actor, crate: str) -> None:
        super().__init__(
            f"`{actor.username}` is not an owner of the crate `{crate}`, and only owners may publish"
            " versions of it, yank them and change its owners: ask one of them to run"
            f" `cargo owner --add {actor.username} {crate}`"
        )


class HasNoOwner(OwnersOnly):
    """Nobody owns the crate, so only those above owners may change it."""

    def __init__(self, crate: str) -> None:
        super().__init__(
            f"the crate `{crate}` has no owner yet, and only owners may publish versions of it,"
            " yank them and change its owners: ask somebody who may modify the repository to add"
            " one"
        )


class OwnersDisabled(BadRequest):
    """Crates have no owners here."""

    def __init__(self) -> None:
        super().__init__(
            "the crates of this registry have no owners: everyone who may publish to it may"
            " publish and yank every crate. Users who may change its repository can enable owners"
            " with `pulp cargo repository update --crate-owners`"
        )


class CannotChangeOwners(BadRequest):
    """The owners of a crate cannot be changed as requested; nothing is changed."""


def require_owner(
    actor: Actor, crate: str, owners: Collection[Owner], *, is_new: bool = False
) -> None:
    """Raise NotAnOwner or HasNoOwner unless the actor may change a crate with these owners.

    A new crate without owners is free. Owners outlast the versions of a crate, so a name whose
    versions were removed, or rolled back, stays theirs.
    """
    if actor.may_modify or actor.is_among(owners) or (is_new and not owners):
        return
    raise NotAnOwner(actor, crate) if owners else HasNoOwner(crate)


def require_addable(crate: str, owners: Collection[Owner], wanted: Sequence[Owner]) -> None:
    """Raise CannotChangeOwners if one of the wanted owners is an owner already (as on crates.io)."""
    already = [one.login for one in wanted if one in owners]
    if already:
        raise CannotChangeOwners(
            f"{enumerated(already)} already {_plural(already, 'own')} the crate `{crate}`;"
            " nothing was changed"
        )


def require_removable(crate: str, owners: Collection[Owner], wanted: Sequence[Owner]) -> None:
    """Raise CannotChangeOwners if one is not an owner, or none would be left."""
    strangers = [one.login for one in wanted if one not in owners]
    if strangers:
        raise CannotChangeOwners(
            f"{enumerated(strangers)} {_plural(strangers, 'do')} not own the crate `{crate}`;"
            " nothing was changed"
        )
    if set(owners) <= set(wanted):
        raise last_owners([crate])


def last_owners(crates: Sequence[str]) -> CannotChangeOwners:
    """Return the error for a removal that would leave crates without an owner."""
    what = "the crate" if len(crates) == 1 else "the crates"
    return CannotChangeOwners(
        f"{what} {enumerated(crates, MOST_NAMED)} would be left without an owner: add another one"
        " first; nothing was changed"
    )


def unknown_logins(logins: Sequence[str]) -> CannotChangeOwners:
    """Return the error for logins that are neither users nor groups of this Pulp."""
    kind = "users or groups" if len(logins) > 1 else "a user or group"
    return CannotChangeOwners(
        f"{enumerated(logins)} {'are' if len(logins) > 1 else 'is'} not {kind} of this Pulp"
        f" (a group is written as `{GROUP}NAME`); nothing was changed"
    )


def unknown_crates(names: Sequence[str]) -> CannotChangeOwners:
    """Return the error for names of crates that a repository does not have."""
    what = "crate" if len(names) == 1 else "crates"
    return CannotChangeOwners(
        f"this repository does not have the {what} {enumerated(names, MOST_NAMED)}; nothing was"
        " changed"
    )


def _plural(logins: Sequence[str], verb: str) -> str:
    singular = {"own": "owns", "do": "does"}
    return verb if len(logins) > 1 else singular[verb]

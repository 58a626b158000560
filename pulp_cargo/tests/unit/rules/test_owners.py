"""Who may change a crate that has owners, and which changes of owners are possible."""

import pytest

from pulp_cargo.rules.owners import (
    Actor,
    CannotChangeOwners,
    HasNoOwner,
    NotAnOwner,
    Owner,
    OwnersDisabled,
    last_owners,
    require_addable,
    require_owner,
    require_removable,
    unknown_crates,
    unknown_logins,
)

ALICE = Owner(is_group=False, pk=1, login="alice")
BOB = Owner(is_group=False, pk=2, login="bob")
DEVS = Owner(is_group=True, pk=1, login="group:devs")


def actor(user: int = 1, *groups: int, may_modify: bool = False) -> Actor:
    """Return somebody who asks, by default alice."""
    names = {1: "alice", 2: "bob", 3: "eve"}
    return Actor(user, names[user], frozenset(groups), may_modify)


@pytest.mark.parametrize(
    ("who", "owners"),
    [
        (actor(1), {ALICE}),
        (actor(1), {ALICE, BOB, DEVS}),
        (actor(3, 1), {DEVS}),
        (actor(3, 5, 1), {BOB, DEVS}),
        (actor(3, may_modify=True), {ALICE}),
        (actor(3, may_modify=True), set()),
    ],
)
def test_owners_members_of_owning_groups_and_those_above_may(
    who: Actor, owners: set[Owner]
) -> None:
    """Whether the crate has versions or not."""
    require_owner(who, "leaf", owners)
    require_owner(who, "leaf", owners, is_new=True)


@pytest.mark.parametrize(
    ("who", "owners"),
    [
        (actor(3), {ALICE, BOB}),
        # The user 1 is not the group 1, nor the other way round.
        (actor(1), {DEVS}),
        (actor(3, 1), {ALICE}),
        (actor(3, 2), {DEVS}),
    ],
)
@pytest.mark.parametrize("is_new", [True, False])
def test_others_may_not(who: Actor, owners: set[Owner], is_new: bool) -> None:
    """Neither may they take a name whose versions were removed, and whose owners are still there."""
    with pytest.raises(NotAnOwner) as refused:
        require_owner(who, "leaf", owners, is_new=is_new)
    assert refused.value.status == 403


def test_refusal_says_who_can_help() -> None:
    """With the command to run."""
    with pytest.raises(NotAnOwner) as refused:
        require_owner(actor(3), "leaf", {ALICE})
    assert str(refused.value) == (
        "`eve` is not an owner of the crate `leaf`, and only owners may publish versions of it, yank"
        " them and change its owners: ask one of them to run `cargo owner --add eve leaf`"
    )
    with pytest.raises(HasNoOwner) as refused_too:
        require_owner(actor(3), "leaf", [])
    assert str(refused_too.value) == (
        "the crate `leaf` has no owner yet, and only owners may publish versions of it, yank them"
        " and change its owners: ask somebody who may modify the repository to add one"
    )
    assert refused_too.value.status == 403


def test_new_crate_without_owners_is_free() -> None:
    """Its first publisher will own it."""
    require_owner(actor(3), "leaf", [], is_new=True)


def test_ids_for_cargo_are_unsigned_and_unique() -> None:
    """From 0 to 4294967295, or cargo fails; a user and a group of one id differ [105]."""
    last_user = Owner(is_group=False, pk=2**31 - 1, login="u")
    last_group = Owner(is_group=True, pk=2**31 - 1, login="g")
    ids = [one.wire_id for one in (ALICE, BOB, DEVS, last_user, last_group)]
    assert ids == [1, 2, 2147483649, 2147483647, 4294967295]


def test_owner_is_told_by_kind_and_id() -> None:
    """The commit does not look up logins."""
    assert Owner(is_group=False, pk=1, login="") == ALICE
    assert Owner(is_group=True, pk=1, login="") != ALICE


def test_new_owners_can_be_added() -> None:
    """Also to a crate that has none."""
    require_addable("leaf", [ALICE], [BOB, DEVS])
    require_addable("leaf", [], [ALICE])


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ([ALICE], "`alice` already owns the crate `leaf`; nothing was changed"),
        (
            [BOB, DEVS, ALICE],
            "`group:devs` and `alice` already own the crate `leaf`; nothing was changed",
        ),
    ],
)
def test_owner_is_not_added_twice(wanted: list[Owner], said: str) -> None:
    """As on crates.io it is a 400, and then nobody is added."""
    with pytest.raises(CannotChangeOwners) as refused:
        require_addable("leaf", [ALICE, DEVS], wanted)
    assert (str(refused.value), refused.value.status) == (said, 400)


def test_owners_can_be_removed_as_long_as_one_stays() -> None:
    """A group is enough."""
    require_removable("leaf", [ALICE, BOB], [ALICE])
    require_removable("leaf", [ALICE, BOB, DEVS], [BOB, ALICE])


@pytest.mark.parametrize(
    ("owners", "wanted", "said"),
    [
        ([ALICE], [BOB], "`bob` does not own the crate `leaf`; nothing was changed"),
        (
            [ALICE],
            [ALICE, BOB, DEVS],
            "`bob` and `group:devs` do not own the crate `leaf`; nothing was changed",
        ),
        (
            [ALICE],
            [ALICE],
            "the crate `leaf` would be left without an owner: add another one first; nothing was"
            " changed",
        ),
        (
            [ALICE, DEVS],
            [DEVS, ALICE],
            "the crate `leaf` would be left without an owner: add another one first; nothing was"
            " changed",
        ),
    ],
)
def test_strangers_and_the_last_owners_are_not_removed(
    owners: list[Owner], wanted: list[Owner], said: str
) -> None:
    """A list is applied whole or not at all [106]."""
    with pytest.raises(CannotChangeOwners) as refused:
        require_removable("leaf", owners, wanted)
    assert (str(refused.value), refused.value.status) == (said, 400)


def test_many_crates_are_not_all_named() -> None:
    """An administrator may have meant thousands."""
    names = [f"c{number}" for number in range(7)]
    assert str(last_owners(names)) == (
        "the crates `c0`, `c1`, `c2`, `c3`, `c4` and 2 more would be left without an owner: add"
        " another one first; nothing was changed"
    )
    assert str(unknown_crates(["leaf"])) == (
        "this repository does not have the crate `leaf`; nothing was changed"
    )
    assert str(unknown_crates(["a", "b"])) == (
        "this repository does not have the crates `a` and `b`; nothing was changed"
    )


def test_unknown_logins_are_named() -> None:
    """And how a group is written, since `github:org:team` is none of this Pulp [106]."""
    assert str(unknown_logins(["github:acme:devs"])) == (
        "`github:acme:devs` is not a user or group of this Pulp (a group is written as"
        " `group:NAME`); nothing was changed"
    )
    assert str(unknown_logins(["x", "y"])) == (
        "`x` and `y` are not users or groups of this Pulp (a group is written as `group:NAME`);"
        " nothing was changed"
    )


def test_where_owners_are_disabled_the_sentence_says_how_to_enable_them() -> None:
    """Otherwise `cargo owner --add` would look broken."""
    error = OwnersDisabled()
    assert error.status == 400
    assert "pulp cargo repository update --crate-owners" in str(error)

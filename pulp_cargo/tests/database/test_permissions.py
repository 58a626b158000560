"""The permissions of a user on a repository: by roles at three places, of theirs and of groups."""

import secrets
from typing import Any

import pytest

MODIFY = "cargo.modify_cargorepository"
VIEW = "cargo.view_cargorepository"
CREATE = "cargo.add_cargorepository"
OWNER = "cargo.cargorepository_owner"
VIEWER = "cargo.cargorepository_viewer"


def new_user(**fields: Any) -> Any:
    """Save a user without roles."""
    from django.contrib.auth import get_user_model

    return get_user_model().objects.create(username=f"user-{secrets.token_hex(5)}", **fields)


def new_group(user: Any) -> Any:
    """Save a group with this user."""
    from pulpcore.plugin.models import Group

    group = Group.objects.create(name=f"group-{secrets.token_hex(5)}")
    group.user_set.add(user)
    return group


def new_domain() -> Any:
    """Save a domain other than the default one."""
    from pulpcore.plugin.models import Domain

    name = f"domain-{secrets.token_hex(5)}"
    storage = "pulpcore.app.models.storage.FileSystem"
    return Domain.objects.create(
        name=name, storage_class=storage, storage_settings={"MEDIA_ROOT": f"/nowhere/{name}"}
    )


def found(user: Any, repository: Any, *wanted: str) -> frozenset[str]:
    """Those of the permissions that the user has on the repository."""
    from pulp_cargo.app.queries.permissions import permissions_of

    return permissions_of(user, wanted or (VIEW, MODIFY), repository.pulp_domain, repository)


@pytest.mark.parametrize("bearer", ["user", "group"])
@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("everywhere", {VIEW, MODIFY}),
        ("its domain", {VIEW, MODIFY}),
        ("itself", {VIEW, MODIFY}),
        ("another domain", set()),
        ("another repository", set()),
        ("nowhere", set()),
    ],
)
def test_roles_count_where_they_were_given(
    new_repository: Any, bearer: str, place: str, expected: set[str]
) -> None:
    """On the repository, in its domain or everywhere; to a user, or to a group of theirs."""
    from pulpcore.plugin.util import assign_role

    repository = new_repository()
    user = new_user()
    entity = user if bearer == "user" else new_group(user)
    places: dict[str, dict[str, Any]] = {
        "everywhere": {},
        "its domain": {"domain": repository.pulp_domain},
        "itself": {"obj": repository},
        "another domain": {"domain": new_domain()},
        "another repository": {"obj": new_repository()},
    }
    if place != "nowhere":
        assign_role(OWNER, entity, **places[place])
    assert found(user, repository) == expected


def test_roles_of_others_do_not_count(new_repository: Any) -> None:
    """Neither those of another user nor those of a group that the user is not in."""
    from pulpcore.plugin.util import assign_role

    assign_role(OWNER, new_user())
    assign_role(OWNER, new_group(new_user()))
    assert found(new_user(), new_repository()) == set()


def test_permissions_of_several_roles_add_up(new_repository: Any) -> None:
    """A role that does not have a permission takes none away."""
    from pulpcore.plugin.util import assign_role

    repository, user = new_repository(), new_user()
    assign_role(VIEWER, user, obj=repository)
    assert found(user, repository) == {VIEW}
    assign_role(OWNER, new_group(user), obj=repository)
    assert found(user, repository) == {VIEW, MODIFY}


def test_permission_that_does_not_exist_is_nobodys(new_repository: Any) -> None:
    """Except an active superuser's, as Django has it."""
    from pulpcore.plugin.util import assign_role

    repository, user = new_repository(), new_user()
    assign_role(OWNER, user)
    assert found(user, repository, "cargo.fly", "file.view_cargorepository") == set()
    superuser = new_user(is_superuser=True)
    assert found(superuser, repository, "cargo.fly") == {"cargo.fly"}
    superuser.is_active = False
    assert found(superuser, repository, "cargo.fly") == set()


def test_other_backends_are_asked_for_what_no_role_gives(new_repository: Any) -> None:
    """Django's own permissions count, as in `has_perm`."""
    from django.contrib.auth.models import Permission

    user = new_user()
    user.user_permissions.add(Permission.objects.get(codename="modify_cargorepository"))
    assert found(user, new_repository()) == {MODIFY}


def test_without_the_backend_of_roles_they_do_not_count(new_repository: Any) -> None:
    """A deployment decides by its backends whose word counts."""
    from django.test import override_settings

    from pulpcore.plugin.util import assign_role

    user = new_user()
    assign_role(OWNER, user)
    backends = ["django.contrib.auth.backends.ModelBackend"]
    with override_settings(AUTHENTICATION_BACKENDS=backends):
        assert found(user, new_repository()) == set()


def test_one_statement_for_all_places_and_permissions(new_repository: Any, sent: list[str]) -> None:
    """The first request with a token waits for it."""
    from pulpcore.plugin.util import assign_role

    repository, user = new_repository(), new_user()
    assign_role(OWNER, user, obj=repository)
    assert repository.pulp_domain.name == "default"
    sent.clear()
    assert found(user, repository, VIEW, MODIFY) == {VIEW, MODIFY}
    assert len(sent) == 1, sent

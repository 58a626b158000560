"""Access policies and roles of the REST API, built from one table of verbs.

Pulp reads a `DEFAULT_ACCESS_POLICY` (which actions are allowed under which conditions) and
`LOCKED_ROLES` (named sets of permissions) from each viewset (pulpcore, "Role Based Access
Control").
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

Policy = dict[str, Any]
Roles = dict[str, list[str]]

ON_MODEL = "has_model_or_domain_perms"
ON_OBJECT = "has_model_or_domain_or_obj_perms"
ON_REPOSITORY = "has_repository_model_or_domain_or_obj_perms"
ON_UPLOAD = "has_required_repo_perms_on_upload"

# The condition on an object in a request, by the field that references it.
REFERENCES = {
    "remote": "has_remote_param_model_or_domain_or_obj_perms",
    "repository": "has_repo_or_repo_ver_param_model_or_domain_or_obj_perms",
}


@dataclass(frozen=True, slots=True)
class Verb:
    """Actions that need one permission; `refers` means that their requests reference other objects.

    `conditions` are additional ones.
    """

    actions: tuple[str, ...]
    permission: str
    refers: bool = False
    conditions: tuple[str, ...] = ()


READING = ("list", "retrieve", "my_permissions")
ROLES = Verb(("list_roles", "add_role", "remove_role"), "manage_roles")
DESTROY = Verb(("destroy",), "delete")
UPDATE = Verb(("update", "partial_update"), "change", refers=True)
LABELS = Verb(("set_label", "unset_label"), "change")


def access_for(
    model: type[Model],
    *,
    also: Iterable[Verb] = (),
    refers_to: Iterable[tuple[str, str]] = (),
    roles: Mapping[str, Iterable[str]] | None = None,
) -> tuple[Policy, Roles]:
    """Return the policy and the roles of the objects of a model.

    `also` are actions beyond those of every viewset; `refers_to` pairs the fields that reference
    other objects with their models; `roles` adds roles by the verbs that they allow.
    """
    name = model._meta.model_name
    references = [f"{REFERENCES[field]}:cargo.view_{other}" for field, other in refers_to]
    statements = [
        _allow(READING),
        _allow(["create"], f"{ON_MODEL}:cargo.add_{name}", *references),
    ]
    labels = (LABELS,) if hasattr(model, "pulp_labels") else ()
    for verb in (UPDATE, *labels, DESTROY, ROLES, *also):
        conditions = [*_object_conditions(name, verb.permission), *verb.conditions]
        statements.append(_allow(verb.actions, *conditions, *(references if verb.refers else ())))
    verbs = {"creator": ["add"], "viewer": ["view"], **(roles or {})}
    return _policy(name, statements), _owner_role(model) | _roles(name, verbs)


def access_for_tokens(model: type[Model]) -> tuple[Policy, Roles]:
    """Return the policy and the roles of tokens.

    All users may create tokens for themselves without a role, since a token can do no more than
    its user.
    """
    name = model._meta.model_name
    statements = [
        _allow([*READING, "create"]),
        *(
            _allow(verb.actions, *_object_conditions(name, verb.permission))
            for verb in (LABELS, DESTROY, ROLES)
        ),
    ]
    return _policy(name, statements), _owner_role(model) | _roles(name, {"viewer": ["view"]})


def access_for_content(*conditions: str, also_creating: Iterable[str] = ()) -> Policy:
    """Return the policy of content, whose access depends on the repositories that contain it.

    `conditions` apply to creating and to the actions `also_creating`, in addition to the right to
    modify the repository in the request.
    """
    on_upload = [f"{ON_UPLOAD}:cargo.{verb}_cargorepository" for verb in ("modify", "view")]
    return _scoped(
        [
            _allow(["list", "retrieve"]),
            _allow(["create", *also_creating], *on_upload, *conditions),
            _allow(["set_label", "unset_label"], f"{ON_MODEL}:core.manage_content_labels"),
        ]
    )


def access_for_versions() -> Policy:
    """Return the policy of repository versions, whose access depends on their repository."""
    view = f"{ON_REPOSITORY}:cargo.view_cargorepository"
    return {
        "statements": [
            _allow(["list", "retrieve"], view),
            _allow(["destroy"], f"{ON_REPOSITORY}:cargo.delete_cargorepository", view),
            _allow(["repair"], f"{ON_REPOSITORY}:cargo.repair_cargorepository", view),
        ]
    }


def _allow(actions: Iterable[str], *conditions: str) -> dict[str, Any]:
    statement = {"action": list(actions), "principal": "authenticated", "effect": "allow"}
    return statement | ({"condition": list(conditions)} if conditions else {})


def _object_conditions(name: str, verb: str) -> list[str]:
    if verb == "manage_roles":
        return [f"{ON_OBJECT}:cargo.manage_roles_{name}"]
    return [f"{ON_OBJECT}:cargo.{verb}_{name}", f"{ON_OBJECT}:cargo.view_{name}"]


def _policy(name: str, statements: list[dict[str, Any]]) -> Policy:
    hook = {
        "function": "add_roles_for_object_creator",
        "parameters": {"roles": f"cargo.{name}_owner"},
    }
    return _scoped(statements) | {"creation_hooks": [hook]}


def _scoped(statements: list[dict[str, Any]]) -> Policy:
    return {"statements": statements, "queryset_scoping": {"function": "scope_queryset"}}


def _owner_role(model: type[Model]) -> Roles:
    """Return the role with every permission on an object, but not to create new ones."""
    name = model._meta.model_name
    verbs = [verb for verb in model._meta.default_permissions if verb != "add"]
    names = [*(f"{verb}_{name}" for verb in verbs), *(own[0] for own in model._meta.permissions)]
    return {f"cargo.{name}_owner": [f"cargo.{permission}" for permission in names]}


def _roles(name: str, verbs: Mapping[str, Iterable[str]]) -> Roles:
    return {
        f"cargo.{name}_{role}": [f"cargo.{verb}_{name}" for verb in allowed]
        for role, allowed in verbs.items()
    }

"""Creates objects that a test only requires in this process, with the serializers of the REST API.

The API and a worker do the same for a request, which is not needed here, and neither is the task:
fields, validation and signals are the same, in a tenth of the time. Only the role of owner is not
given to anybody. Tests of creating, changing or deleting an object use HTTP.
"""

import io
import json
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from pulp_cargo.tests.support.django_setup import set_up

ADMIN = "admin"


class Rows:
    """The database of the stack that Django in this process is set up for."""

    def __init__(self, settings_file: Path) -> None:
        set_up(settings_file)

    def make(self, path: str, /, **fields: Any) -> dict[str, Any]:
        """Create an object as a `POST` to this path of the REST API would, and return it."""
        from rest_framework.renderers import JSONRenderer

        serializer = _serializers()[path](data=fields, context={"request": _request()})
        serializer.is_valid(raise_exception=True)
        made = serializer.save()
        if path == "cargo/tokens/":
            # The secret is in another serializer than that for reading tokens.
            serializer = _new_token()(made, context={"request": _request()})
        shown: dict[str, Any] = json.loads(JSONRenderer().render(serializer.data))
        return shown

    def change(self, href: str, /, **fields: Any) -> None:
        """Change fields of an object as a `PATCH` of its href would."""
        instance = _object(href)
        # Objects that are of one kind only are no master models.
        instance = instance.cast() if hasattr(instance, "cast") else instance
        path = href.removeprefix("/pulp/api/v3/").rstrip("/").rpartition("/")[0]
        serializer = _serializers()[f"{path}/"](
            instance, data=fields, partial=True, context={"request": _request()}
        )
        serializer.is_valid(raise_exception=True)
        serializer.save()

    def delete(self, href: str) -> None:
        """Delete an object as a `DELETE` of its href would."""
        instance = _object(href)
        (instance.cast() if hasattr(instance, "cast") else instance).delete()

    def grant(self, user: str, role: str, *, on: str) -> None:
        """Give a user a role on an object as a `POST` to its `add_role/` would."""
        from django.contrib.auth import get_user_model

        from pulpcore.plugin.util import assign_role

        assign_role(role, get_user_model().objects.get(username=user), _object(on))

    def crates(self, repository: str, names: Iterable[str]) -> set[str]:
        """Return name and version of these crates, or of all, in a repository's newest version."""
        from pulp_cargo.app.models import CrateContent

        latest = _object(repository).latest_version()
        found = CrateContent.objects.filter(pk__in=latest.content)
        if wanted := list(names):
            found = found.filter(name__in=wanted)
        return {f"{name} {vers}" for name, vers in found.values_list("name", "vers")}

    def latest(self, repository: str) -> int:
        """Return the number of the newest version of a repository."""
        return int(_object(repository).latest_version().number)

    def task(self, href: str) -> dict[str, Any]:
        """Return a task as a `GET` of its href would, except for who created it."""
        from rest_framework.renderers import JSONRenderer

        from pulpcore.plugin.models import Task
        from pulpcore.plugin.serializers import TaskSerializer

        task = Task.objects.get(pk=href.rstrip("/").rpartition("/")[2])
        shown: dict[str, Any] = json.loads(
            JSONRenderer().render(TaskSerializer(task, context={"request": _request()}).data)
        )
        return shown

    def command(self, *words: str) -> str:
        """Run a command of `pulpcore-manager` and return its output."""
        from django.core.management import call_command

        output = io.StringIO()
        call_command(*words, stdout=output)
        return output.getvalue()

    def make_user(self, name: str, *roles: str, on: str | None) -> dict[str, str]:
        """Create a user with roles, on an object or everywhere; return the cookies of a session."""
        from django.conf import settings
        from django.contrib.auth import (
            BACKEND_SESSION_KEY,
            HASH_SESSION_KEY,
            SESSION_KEY,
            get_user_model,
        )

        from pulpcore.plugin.util import assign_role

        from pulp_cargo.tests.support.hashers import OneRound

        # Signing in would replace a short salt, and so end the session below.
        secret = OneRound().encode(name, OneRound().salt())
        user = get_user_model().objects.create(username=name, password=secret)
        for role in roles:
            assign_role(role, user, _object(on))
        store = import_module(settings.SESSION_ENGINE).SessionStore()
        store[SESSION_KEY] = str(user.pk)
        store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        store[HASH_SESSION_KEY] = user.get_session_auth_hash()
        store.create()
        return {settings.SESSION_COOKIE_NAME: store.session_key, "csrftoken": "c" * 32}


@cache
def _serializers() -> dict[str, Any]:
    from pulp_cargo.app import serializers

    return {
        "repositories/cargo/cargo/": serializers.CargoRepositorySerializer,
        "remotes/cargo/cargo/": serializers.CargoRemoteSerializer,
        "distributions/cargo/cargo/": serializers.CargoDistributionSerializer,
        "cargo/crate-policies/": serializers.CargoCratePolicySerializer,
        "cargo/tokens/": serializers.CargoTokenSerializer,
    }


def _new_token() -> Any:
    from pulp_cargo.app.serializers import NewCargoTokenSerializer

    return NewCargoTokenSerializer


@cache
def _request() -> Any:
    """Return a request of the administrator."""
    from django.contrib.auth import get_user_model
    from rest_framework.request import Request
    from rest_framework.test import APIRequestFactory

    request = Request(APIRequestFactory().post("/"))
    request.user = get_user_model().objects.get(username=ADMIN)
    return request


def _object(on: str | None) -> Any:
    """Return the object of an href or a PRN."""
    from pulpcore.plugin.util import resolve_prn
    from pulpcore.plugin.viewsets import NamedModelViewSet

    if on is None:
        return None
    if on.startswith("prn:"):
        model, pk = resolve_prn(on)
        return model.objects.get(pk=pk)
    return NamedModelViewSet.get_resource(on)

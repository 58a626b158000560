"""Fills a database: migrations, the administrator, the first registry and the cache.

Needs a process in which Django is set up.
"""

import json
from contextlib import nullcontext
from io import StringIO
from pathlib import Path

from django.core.management import call_command

from pulp_cargo.serve.data_dir import write_secret
from pulp_cargo.serve.quick_migrations import cheaper_models, fewer_models
from pulp_cargo.serve.state import ADMIN_USER


def fill(
    *, admin_password_file: str, token_file: str | None, with_cache: bool
) -> dict[str, str | bool | None]:
    """Upgrade the database to this version, and return what is in it.

    `token_file` is for the token of a new first registry, None if there was one already.
    """
    with cheaper_models(), fewer_models() if _is_new() else nullcontext():
        call_command("migrate", interactive=False)
    # `migrate` checks for whoever types it, but not from here.
    call_command("check", tags=["cargo"], databases=["default"])
    return {
        "admin_password_known": _ensure_admin(Path(admin_password_file).read_text().strip()),
        "index_url": _ensure_registry(Path(token_file)) if token_file else None,
        "cache_index_url": _ensure_cache() if with_cache else None,
    }


def _is_new() -> bool:
    """Whether no migration has been run in the database."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    return not MigrationRecorder(connection).applied_migrations()


def _ensure_admin(password: str) -> bool:
    """Create the administrator; return whether the password is valid (it may have been changed)."""
    from django.contrib.auth import get_user_model

    user, created = get_user_model().objects.get_or_create(
        username=ADMIN_USER, defaults={"is_superuser": True, "is_staff": True}
    )
    if created:
        user.set_password(password)
        user.save()
    return created or bool(user.check_password(password))


def _ensure_registry(token_file: Path) -> str:
    """Create the first registry and store its token, unless both exist; return its index URL."""
    from django.db import transaction

    output = StringIO()
    # The token is shown only once, so it is written to its file before it is valid.
    with transaction.atomic():
        call_command("cargo-first-registry", new_token=not token_file.exists(), stdout=output)
        registry = json.loads(output.getvalue())
        if registry["token"] is not None:
            write_secret(token_file, registry["token"])
    return str(registry["index_url"])


def _ensure_cache() -> str | None:
    """Create the cache of crates.io unless it exists; return its index URL, if it has one."""
    output = StringIO()
    call_command("cargo-first-cache", stdout=output)
    url: str | None = json.loads(output.getvalue())["index_url"]
    return url

"""Fills a database in one process: migrations, the administrator, the first registry and cache.

Runs as a child with Pulp's settings in the environment, because Django can be set up only once in a
process. Prints one line of JSON; all other output of Django goes to standard error.
"""

import json
import os
import sys
from argparse import ArgumentParser
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import django
from django.core.management import call_command

from pulp_cargo.serve.data_dir import write_secret
from pulp_cargo.serve.state import ADMIN_USER


def main() -> None:
    """Upgrade the database to this version and print what is in it."""
    parser = ArgumentParser()
    parser.add_argument("--admin-password-file", type=Path, required=True)
    parser.add_argument(
        "--token-file", type=Path, help="file for the token of a new first registry"
    )
    parser.add_argument("--with-cache", action="store_true", help="create a cache of crates.io")
    given = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pulpcore.app.settings")
    with redirect_stdout(sys.stderr):
        django.setup()
        call_command("migrate", interactive=False)
        # `migrate` checks for whoever types it, but not from here.
        call_command("check", tags=["cargo"], databases=["default"])
        outcome = {
            "admin_password_known": _ensure_admin(given.admin_password_file.read_text().strip()),
            "index_url": _ensure_registry(given.token_file) if given.token_file else None,
            "cache_index_url": _ensure_cache() if given.with_cache else None,
        }
    print(json.dumps(outcome))


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


if __name__ == "__main__":
    main()

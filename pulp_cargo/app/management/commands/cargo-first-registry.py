"""`pulpcore-manager cargo-first-registry`: see services/setup/first_registry.py."""

import json
from dataclasses import asdict
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pulp_cargo.app.services.repository_use import RepositoryTaken
from pulp_cargo.app.services.setup import first_registry


class Command(BaseCommand):
    """Prints the URL of the registry, and its token if it is new, as one line of JSON."""

    help = "Create a first Cargo registry that accepts uploads, and a token for it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("--name", default="my-crates", help="name and base path")
        parser.add_argument("--user", default="admin", help="the user of the token")
        parser.add_argument("--new-token", action="store_true", help="replace an existing token")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create what is missing."""
        try:
            made = first_registry.make(
                options["name"], options["user"], renew_token=options["new_token"]
            )
        except get_user_model().DoesNotExist as error:
            raise CommandError(f"there is no user `{options['user']}`") from error
        except RepositoryTaken as error:
            raise CommandError(
                f"the repository `{error}` stores crates of a remote, so it cannot accept uploads:"
                " choose another `--name`"
            ) from error
        self.stdout.write(json.dumps(asdict(made)))

"""`pulpcore-manager cargo-first-cache`: see services/setup/first_cache.py."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from pulp_cargo.app.services.setup import first_cache


class Command(BaseCommand):
    """Prints the URL of the cache as one line of JSON, or null if its name is taken."""

    help = "Create a first cache of crates.io."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("--name", default="crates-io", help="name and base path")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create what is missing."""
        self.stdout.write(json.dumps({"index_url": first_cache.make(options["name"])}))

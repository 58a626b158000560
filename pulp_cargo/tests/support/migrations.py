"""`makemigrations --check` without a running Pulp: `python -m pulp_cargo.tests.support.migrations`."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pulp_cargo.tests.support.django_setup import settings_without_stack


def main() -> int:
    """Return 0 if the migrations match the models."""
    with tempfile.TemporaryDirectory() as root:
        environ = os.environ | {"PULP_SETTINGS": str(settings_without_stack(Path(root)))}
        manager = Path(sys.executable).with_name("pulpcore-manager")
        command = [str(manager), "makemigrations", "cargo", "--check", "--dry-run"]
        return subprocess.call(command, env=environ)


if __name__ == "__main__":
    sys.exit(main())

"""`makemigrations --check` without a running Pulp: `python -m pulp_cargo.tests.support.migrations`.

Pulp's settings want directories and a key to exist before any management command runs.
"""

import base64
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Return 0 when the migrations describe the models as they are."""
    with tempfile.TemporaryDirectory() as root:
        key = Path(root, "key")
        key.write_bytes(base64.urlsafe_b64encode(os.urandom(32)))
        settings = Path(root, "settings.py")
        settings.write_text(
            f"SECRET_KEY = 'unused'\nDB_ENCRYPTION_KEY = {str(key)!r}\n"
            f"MEDIA_ROOT = WORKING_DIRECTORY = FILE_UPLOAD_TEMP_DIR = STATIC_ROOT = {root!r}\n"
            "CONTENT_ORIGIN = 'http://localhost'\nENABLED_PLUGINS = ['pulp_cargo']\n"
            # No connection is wanted, and nothing listens there.
            "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql',"
            f" 'NAME': 'none', 'HOST': {root!r}}}}}\n"
        )
        manager = Path(sys.executable).with_name("pulpcore-manager")
        command = [str(manager), "makemigrations", "cargo", "--check", "--dry-run"]
        return subprocess.call(command, env=os.environ | {"PULP_SETTINGS": str(settings)})


if __name__ == "__main__":
    sys.exit(main())

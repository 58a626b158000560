"""Django in the process of the tests, where it can be set up only once, with one settings file."""

import base64
import gc
import os
from pathlib import Path

import pytest


def set_up(settings_file: Path) -> None:
    """Set up Django with Pulp's settings and this file, unless it is set up already."""
    import django
    from django.apps import apps

    if apps.ready:
        return
    # Commands that tests start must get these variables only from the test.
    with pytest.MonkeyPatch.context() as environ:
        environ.setenv("PULP_SETTINGS", str(settings_file))
        environ.setenv("DJANGO_SETTINGS_MODULE", "pulpcore.app.settings")
        django.setup()
    # All this stays, too, and need not be visited by each collection of garbage.
    gc.collect()
    gc.freeze()


def settings_without_stack(directory: Path) -> Path:
    """Write minimal settings for Pulp: directories, a key, and a database that does not exist."""
    key = directory / "key"
    key.write_bytes(base64.urlsafe_b64encode(os.urandom(32)))
    root = str(directory)
    settings = {
        "SECRET_KEY": "unused",
        "DB_ENCRYPTION_KEY": str(key),
        "CONTENT_ORIGIN": "http://localhost",
        "ENABLED_PLUGINS": ["pulp_cargo"],
        "DATABASES": {
            "default": {"ENGINE": "django.db.backends.postgresql", "NAME": "none", "HOST": root}
        },
    }
    names = ("MEDIA_ROOT", "WORKING_DIRECTORY", "FILE_UPLOAD_TEMP_DIR", "STATIC_ROOT")
    settings |= dict.fromkeys(names, root)
    file = directory / "settings.py"
    file.write_text("".join(f"{name} = {value!r}\n" for name, value in settings.items()))
    return file

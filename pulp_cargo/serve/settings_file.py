"""Pulp's settings for the launcher, rewritten at every start.

Environment variables (`PULP_…`) override each of them.
"""

import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from importlib.util import find_spec

from pulp_cargo.serve.data_dir import DataDir, kept_secret
from pulp_cargo.serve.database import Database

_HEAD = "# Written by `pulp-cargo serve` at every start; changes here are lost.\n"


def write_settings(data: DataDir, database: Database, origin: str, api_origin: str = "") -> None:
    """Write the settings file, and the secrets that it needs if they do not exist."""
    kept_secret(data.encryption_key, lambda: urlsafe_b64encode(os.urandom(32)).decode())
    settings = settings_of(
        data,
        database,
        origin,
        api_origin=api_origin,
        secret_key=kept_secret(data.secret_key),
        has_uvloop=has_uvloop(),
    )
    data.settings_file.touch(mode=0o600)
    data.settings_file.write_text(render(settings))


def settings_of(
    data: DataDir,
    database: Database,
    origin: str,
    *,
    api_origin: str,
    secret_key: str,
    has_uvloop: bool,
) -> dict[str, object]:
    """Return all settings that differ from Pulp's defaults."""
    return {
        "SECRET_KEY": secret_key,
        "DB_ENCRYPTION_KEY": str(data.encryption_key),
        "DATABASES": {"default": database.django()},
        "ENABLED_PLUGINS": ["pulp_cargo"],
        "CONTENT_ORIGIN": origin,
        "CARGO_ORIGIN_ALIASES": origin_aliases(origin),
        "CARGO_API_ORIGIN": api_origin,
        # Pulp derives these four from the default of DEPLOY_ROOT, not from its value.
        "DEPLOY_ROOT": str(data.root),
        "MEDIA_ROOT": str(data.media),
        "WORKING_DIRECTORY": str(data.tmp),
        "FILE_UPLOAD_TEMP_DIR": str(data.tmp),
        "STATIC_ROOT": str(data.assets),
        "ALLOWED_EXPORT_PATHS": [str(data.exports)],
        "ALLOWED_IMPORT_PATHS": [str(data.exports)],
        "UVLOOP_ENABLED": has_uvloop,
        # Django's own list, but that verified passwords are remembered.
        "AUTHENTICATION_BACKENDS": [
            "pulp_cargo.app.authentication.passwords.RememberingBackend",
            "pulpcore.backends.ObjectRolePermissionBackend",
        ],
        "ANALYTICS": False,
        # By this name the launcher finds its own processes, and no others.
        "WORKER_NAME_TEMPLATE": f"{{pid}}@{{hostname}}/{data.instance}",
        "WORKER_TTL": 9,
        # How long a task may continue while the registry is stopping.
        "TASK_GRACE_INTERVAL": 2,
    }


def has_uvloop() -> bool:
    """Return whether the faster event loop is installed."""
    return find_spec("uvloop") is not None


def origin_aliases(origin: str) -> list[str]:
    """Return the other names of a loopback origin, since dependencies may use any of them."""
    scheme, _, address = origin.partition("://")
    host, colon, port = address.rpartition(":")
    others = {"127.0.0.1": ["localhost"], "[::1]": ["localhost"], "localhost": ["127.0.0.1"]}
    return [f"{scheme}://{other}{colon}{port}" for other in others.get(host, [])]


def api_origin(origin: str, content_port: int, api_port: int) -> str:
    """Return the origin of the API for browsers; empty if a proxy serves both at one origin.

    >>> api_origin("http://crates.example.org:24816", 24816, 24817)
    'http://crates.example.org:24817'
    >>> api_origin("https://crates.example.org", 24816, 24817)
    ''
    """
    host = origin.removesuffix(f":{content_port}")
    is_direct = origin.startswith("http://") and host != origin
    return f"{host}:{api_port}" if is_direct else ""


def render(settings: Mapping[str, object]) -> str:
    """Write settings as a Python file."""
    return _HEAD + "".join(f"{name} = {value!r}\n" for name, value in settings.items())

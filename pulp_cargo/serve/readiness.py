"""Waiting until the servers answer."""

import json
import select
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPException

from pulp_cargo.serve.ports import Listener

_STATUS = "/pulp/api/v3/status/"


def wait_for_api(api: Listener, instance: str, pause: Callable[[], None]) -> None:
    """Wait until the API reports our worker and our content app as online."""
    while True:
        code, body = get(api, _STATUS, pause)
        if code == 200 and _is_complete(json.loads(body), instance):
            return
        pause()


def _is_complete(status: dict[str, list[dict[str, str]]], instance: str) -> bool:
    return all(
        any(process["name"].endswith(f"/{instance}") for process in status[kind])
        for kind in ("online_workers", "online_content_apps")
    )


def has_registry(content: Listener, path: str, pause: Callable[[], None]) -> bool:
    """Return whether the content app serves a registry; a private one answers 401."""
    while True:
        code, _ = get(content, f"{path}config.json", pause)
        if code < 500:
            return code in (200, 401)
        pause()


def get(listener: Listener, path: str, pause: Callable[[], None]) -> tuple[int, bytes]:
    """Request a path until there is a response.

    The launcher is listening already, so the request waits for a server that is still starting.
    """
    while True:
        with closing(HTTPConnection(listener.host, listener.port, timeout=10)) as connection:
            try:
                connection.request("GET", path)
                while not select.select([connection.sock], [], [], 0)[0]:
                    pause()
                response = connection.getresponse()
                return response.status, response.read()
            except (OSError, HTTPException):
                pause()

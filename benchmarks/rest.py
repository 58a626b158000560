"""Pulp's REST API, as far as rows need it: making things, and tasks with the times they took."""

import time
from datetime import datetime
from typing import Any

import requests

ENDED = {"completed", "failed", "canceled", "skipped"}
PAUSE = 0.2


class Rest:
    """The API of one stack as its administrator sees it."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self._origin: str = ready["api_url"]
        self._session = requests.Session()
        self._session.auth = (ready["admin_user"], ready["admin_password"])

    def make(self, path: str, **fields: Any) -> str:
        """Make an object and return its href."""
        return str(self._call("POST", f"/pulp/api/v3/{path}", json=fields)["pulp_href"])

    def get(self, href: str) -> dict[str, Any]:
        """Read an object."""
        return self._call("GET", href)

    def run_task(self, href: str, **fields: Any) -> float:
        """Start a task, and return how many seconds it ran."""
        task: dict[str, Any] = {"pulp_href": self._call("POST", href, json=fields)["task"]}
        while task.get("state") not in ENDED:
            time.sleep(PAUSE)
            task = self.get(task["pulp_href"])
        if task["state"] != "completed":
            raise SystemExit(f"{href}: {task['error']}")
        started, finished = (
            datetime.fromisoformat(task[key]) for key in ("started_at", "finished_at")
        )
        return (finished - started).total_seconds()

    def _call(self, method: str, href: str, **kwargs: Any) -> dict[str, Any]:
        answer = self._session.request(method, self._origin + href, timeout=60, **kwargs)
        if answer.status_code >= 400:
            raise SystemExit(f"{method} {href}: {answer.status_code} {answer.text[:300]}")
        return dict(answer.json())

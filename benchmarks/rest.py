"""The parts of Pulp's REST API that rows need: creating objects, and tasks with their durations."""

import time
from datetime import datetime
from typing import Any

import requests

ENDED = {"completed", "failed", "canceled", "skipped"}
PAUSE = 0.2


class Rest:
    """The API of a stack for its administrator."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self._origin: str = ready["api_url"]
        self._session = requests.Session()
        # Checking a password costs Pulp a tenth of a second; a session costs nothing.
        user = (ready["admin_user"], ready["admin_password"])
        self._session.post(f"{self._origin}/pulp/api/v3/login/", auth=user).raise_for_status()
        self._session.headers["X-CSRFToken"] = self._session.cookies["csrftoken"]

    def make(self, path: str, **fields: Any) -> str:
        """Create an object and return its href."""
        return str(self._call("POST", f"/pulp/api/v3/{path}", json=fields)["pulp_href"])

    def make_by_task(self, path: str, **fields: Any) -> dict[str, Any]:
        """Create an object in a task, and return it."""
        task = self._ended(self._call("POST", f"/pulp/api/v3/{path}", json=fields)["task"])
        return self.get(task["created_resources"][0])

    def delete(self, href: str) -> None:
        """Delete an object in a task."""
        self._ended(self._call("DELETE", href)["task"])

    def import_crates(self, repository: str, archive: bytes) -> None:
        """Add the .crate files of an archive to a repository."""
        files = {"file": ("crates.tar", archive)}
        self._ended(self._call("POST", f"{repository}import_crates/", files=files)["task"])

    def get(self, href: str) -> dict[str, Any]:
        """Read an object."""
        return self._call("GET", href)

    def find(self, path: str, name: str) -> str:
        """Return the href of the object with a name."""
        found = self._call("GET", f"/pulp/api/v3/{path}", params={"name": name})
        return str(found["results"][0]["pulp_href"])

    def post(self, href: str, **fields: Any) -> dict[str, Any]:
        """Send a request that needs no task, and return the answer."""
        return self._call("POST", href, json=fields)

    def run_task(self, href: str, **fields: Any) -> float:
        """Start a task, and return how many seconds it ran."""
        task = self._ended(self._call("POST", href, json=fields)["task"])
        started, finished = (
            datetime.fromisoformat(task[key]) for key in ("started_at", "finished_at")
        )
        return (finished - started).total_seconds()

    def _ended(self, href: str) -> dict[str, Any]:
        """Return a task once it has completed."""
        while (task := self.get(href))["state"] not in ENDED:
            time.sleep(PAUSE)
        if task["state"] != "completed":
            raise SystemExit(f"{task['name']}: {task['error']}")
        return task

    def _call(self, method: str, href: str, **kwargs: Any) -> dict[str, Any]:
        answer = self._session.request(method, self._origin + href, timeout=60, **kwargs)
        if answer.status_code >= 400:
            raise SystemExit(f"{method} {href}: {answer.status_code} {answer.text[:300]}")
        return dict(answer.json())

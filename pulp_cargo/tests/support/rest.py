"""A small client of Pulp's REST API that waits for the tasks it starts."""

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import requests

from pulp_cargo.tests.support.rows import Rows

ENDED = {"completed", "failed", "canceled", "skipped"}
PATIENCE = 60
# The lists of the REST API that this plugin adds.
LISTS = (
    "repositories/cargo/cargo/",
    "distributions/cargo/cargo/",
    "remotes/cargo/cargo/",
    "cargo/tokens/",
    "cargo/crate-policies/",
    "content/cargo/crates/",
    "content/cargo/yanks/",
)


class Refused(Exception):
    """Pulp refused: with a status, or (`status` is None) by a failed task."""

    def __init__(self, status: int | None, text: str) -> None:
        super().__init__(f"{status or 'task'}: {text}")
        self.status = status
        self.text = text


class Rest:
    """Pulp's REST API for a user; `api_url` may be the origin or include a path.

    `rows` creates objects that a test only requires, if Django in this process is set up for this
    Pulp, and `state_of` returns a task's state without a request.
    """

    rows: Rows | None = None
    state_of: Callable[[str], str] | None = None

    def __init__(self, api_url: str, auth: tuple[str, str] | None) -> None:
        self.origin = api_url.split("/pulp/")[0].rstrip("/")
        self.auth = auth
        self.session = requests.Session()
        if auth is not None:
            # Checking a password costs Pulp a tenth of a second; a session costs nothing.
            self.call("POST", "login/", auth=auth)
            self.session.headers["X-CSRFToken"] = self.session.cookies["csrftoken"]

    def url(self, path: str) -> str:
        """Return the URL of an href, or of a path below the API's root."""
        return self.origin + (path if path.startswith("/") else f"/pulp/api/v3/{path}")

    def call(self, method: str, path: str, **kwargs: Any) -> Any:
        """Return the JSON of a response, or its task once that is completed."""
        answer = self.session.request(method, self.url(path), timeout=PATIENCE, **kwargs)
        if answer.status_code >= 400:
            raise Refused(answer.status_code, answer.text)
        if answer.status_code == 202:
            return self.wait_task(answer.json()["task"])
        return answer.json() if answer.content else None

    def get(self, path: str, /, **params: Any) -> Any:
        """Read an object or a list."""
        return self.call("GET", path, params=params)

    def list(self, path: str, /, **params: Any) -> list[dict[str, Any]]:
        """Return the first page of a list."""
        return self.get(path, **params)["results"]

    def post(self, path: str, /, **fields: Any) -> Any:
        """Post fields as JSON."""
        return self.call("POST", path, json=fields)

    def patch(self, href: str, /, **fields: Any) -> Any:
        """Change some fields."""
        return self.call("PATCH", href, json=fields)

    def put(self, href: str, /, **fields: Any) -> Any:
        """Set all fields."""
        return self.call("PUT", href, json=fields)

    def delete(self, href: str) -> Any:
        """Delete an object."""
        return self.call("DELETE", href)

    def make(self, path: str, /, **fields: Any) -> dict[str, Any]:
        """Create an object, with or without a task, and return it."""
        return self._made(path, self.post(path, **fields))

    def need(self, path: str, /, **fields: Any) -> dict[str, Any]:
        """Create an object that a test only requires, in the fastest way."""
        return self.rows.make(path, **fields) if self.rows else self.make(path, **fields)

    def set(self, href: str, /, **fields: Any) -> None:
        """Change an object that a test only requires, in the fastest way."""
        if self.rows:
            self.rows.change(href, **fields)
        else:
            self.patch(href, **fields)

    def drop(self, href: str) -> None:
        """Delete an object whose deletion is not what a test is about, in the fastest way."""
        if self.rows:
            self.rows.delete(href)
        else:
            self.delete(href)

    def grant(self, user: "Rest", role: str, on: str) -> None:
        """Give a user a role on an object, in the fastest way."""
        assert user.auth
        if self.rows:
            self.rows.grant(user.auth[0], role, on=on)
        else:
            self.post(f"{on}add_role/", users=[user.auth[0]], role=role)

    def upload(self, path: str, file: bytes, **fields: str) -> dict[str, Any]:
        """Create content from a file and return it."""
        answer = self.call("POST", path, files={"file": ("upload", file)}, data=fields)
        return self._made(path, answer)

    def need_crate(self, file: bytes, **fields: str) -> dict[str, Any]:
        """Create a crate version that a test only requires, without a task."""
        return self.upload("content/cargo/crates/upload/", file, **fields)

    def wait_task(self, href: str) -> dict[str, Any]:
        """Return a completed task; raises Refused if it failed."""
        state_of = self.state_of or (lambda href: str(self.get(href)["state"]))
        deadline = time.monotonic() + PATIENCE
        while (state := state_of(href)) not in ENDED:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{href} is still {state}")
            time.sleep(0.02)
        task: dict[str, Any] = self.rows.task(href) if self.rows else self.get(href)
        if task["state"] != "completed":
            raise Refused(None, (task["error"] or {}).get("description", task["state"]))
        return task

    def new_user(self, *roles: str, on: str | None = None) -> "Rest":
        """Create a user with roles, on an object or everywhere, and return the API for them."""
        name = unique("user")
        if self.rows is not None:
            return self._with_session(name, self.rows.make_user(name, *roles, on=on))
        user = self.make("users/", username=name, password=name)
        for role in roles:
            self.post(f"{user['pulp_href']}roles/", role=role, content_object=on)
        return Rest(self.origin, (name, name))

    def _with_session(self, name: str, cookies: dict[str, str]) -> "Rest":
        """Return the API for a logged-in user."""
        seen = Rest(self.origin, None)
        seen.auth, seen.rows, seen.state_of = (name, name), self.rows, self.state_of
        seen.session.cookies.update(cookies)
        seen.session.headers["X-CSRFToken"] = cookies["csrftoken"]
        return seen

    def _made(self, path: str, answer: dict[str, Any]) -> dict[str, Any]:
        if "created_resources" not in answer:
            return answer
        below = self.url(path).removeprefix(self.origin)
        return self.get(next(one for one in answer["created_resources"] if one.startswith(below)))


def unique(prefix: str) -> str:
    """Return an unused name."""
    return f"{prefix}-{uuid4().hex[:12]}"

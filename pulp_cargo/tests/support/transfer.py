"""Pulp's own exports and imports, by an administrator with the REST API."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import PATIENCE, Refused, Rest, unique
from pulp_cargo.tests.support.stack import Stack


@dataclass(frozen=True, slots=True)
class Pulp:
    """A Pulp or a domain: the root of its API, and its export folder."""

    rest: Rest
    exports: Path
    root: str
    token: str

    @classmethod
    def of(cls, stack: Stack) -> "Pulp":
        """Return the Pulp of a stack."""
        exports = stack.data_dir / "exports"
        return cls(stack.rest, exports, "/pulp/api/v3/", stack.ready["token"])

    def make_repository(self, name: str) -> str:
        """Create a repository and return its href."""
        return str(self.rest.make(f"{self.root}repositories/cargo/cargo/", name=name)["pulp_href"])

    def repository(self, name: str) -> dict[str, Any]:
        """Return the repository with a name."""
        (found,) = self.rest.list(f"{self.root}repositories/cargo/cargo/", name=name)
        return found

    def serve(self, name: str) -> Registry:
        """Create a registry for the repository with a name."""
        path, repository = unique("r"), self.repository(name)["pulp_href"]
        made = self.rest.make(
            f"{self.root}distributions/cargo/cargo/",
            name=path,
            base_path=path,
            repository=repository,
            allow_uploads=True,
        )
        return Registry(path, made["base_url"], self.token, made["pulp_href"], repository)

    def make_exporter(self, *repositories: str) -> str:
        """Create an exporter of repositories and return its href."""
        name = unique("exporter")
        fields = {
            "name": name,
            "path": str(self.exports / name),
            "repositories": list(repositories),
        }
        made = self.rest.call("POST", f"{self.root}exporters/core/pulp/", json=fields)
        return str(made["pulp_href"])

    def export(self, exporter: str, **how: Any) -> Path:
        """Run an exporter and return its file."""
        made = self.rest.make(f"{exporter}exports/", **how)
        (path,) = [name for name in made["output_file_info"] if name.endswith(".tar")]
        return Path(path)

    def bring(
        self, file: Path, *, mapping: Mapping[str, str] | None = None, create: bool = False
    ) -> None:
        """Import an exported file; raises Refused for the first failed task."""
        path = shutil.copy(file, self.exports / unique("import"))
        fields = {"name": unique("importer"), "repo_mapping": dict(mapping or {})}
        importer = self.rest.make(f"{self.root}importers/core/pulp/", **fields)["pulp_href"]
        answer = self.rest.session.post(
            self.rest.url(f"{importer}imports/"),
            json={"path": str(path), "create_repositories": create},
            timeout=PATIENCE,
        )
        if answer.status_code != 202:
            raise Refused(answer.status_code, answer.text)
        self._wait_group(answer.json()["task_group"])

    def _wait_group(self, href: str) -> None:
        """Wait for the first task, and for the tasks that it dispatches."""
        waited: set[str] = set()
        while new := {task["pulp_href"] for task in self.rest.get(href)["tasks"]} - waited:
            for task in new:
                self.rest.wait_task(task)
            waited |= new

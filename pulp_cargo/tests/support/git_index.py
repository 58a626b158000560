"""A git index, made by the git program as crates.io's is: a commit for each change."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import index_path
from pulp_cargo.tests.support.sparse_upstream import index_line

WHO = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Index"), ("EMAIL", "index@crates.invalid"))
}


def git(root: Path, *arguments: str) -> str:
    """Return what git says about a repository."""
    done = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout


@dataclass
class GitIndex:
    """A repository with a work tree in `folder`; `dl` is that of config.json."""

    folder: Path
    dl: str = "http://127.0.0.1:9/files"
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=master")
        self.configure({"dl": self.dl})

    @property
    def url(self) -> str:
        """The URL of the repository for cargo."""
        return f"file://{self.folder}"

    def git(self, *words: str) -> str:
        """Run git there, and return what it prints."""
        environ = {"PATH": os.environ["PATH"], "HOME": "/nowhere", **WHO}
        done = subprocess.run(
            ["git", *words],
            cwd=self.folder,
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def configure(self, config: Mapping[str, Any]) -> None:
        """Commit a config.json."""
        self.write("config.json", json.dumps(config).encode())

    def have(self, *crates: Crate, **changes: Any) -> None:
        """Commit further versions; `changes` apply to each line."""
        for crate in crates:
            line = index_line(crate, self.url) | changes
            self.lines.setdefault(crate.name.lower(), []).append(line)
        self._write({crate.name.lower() for crate in crates})

    def yank(self, name: str, vers: str) -> None:
        """Commit the yank of a version."""
        for line in self.lines[name]:
            line["yanked"] = line["yanked"] or line["vers"] == vers
        self._write({name})

    def remove(self, name: str) -> None:
        """Commit the removal of a crate."""
        del self.lines[name]
        (self.folder / index_path(name)).unlink()
        self.commit()

    def write(self, path: str, body: bytes) -> None:
        """Commit a file with any content."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
        self.commit()

    def squash(self) -> None:
        """Replace the history by one commit, as crates.io does from time to time."""
        self.git("checkout", "--quiet", "--orphan", "squashed")
        self.commit()
        self.git("branch", "--quiet", "--force", "--move", "squashed", "master")
        self.git("reflog", "expire", "--expire=now", "--all")
        self.git("gc", "--quiet", "--prune=now")

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=change")

    def publish_dumbly(self, folder: Path) -> None:
        """Copy the repository to where a web server for files has it."""
        shutil.rmtree(folder, ignore_errors=True)
        self.git("clone", "--quiet", "--bare", str(self.folder), str(folder))
        environ = {"PATH": os.environ["PATH"], "HOME": "/nowhere"}
        subprocess.run(["git", "-C", folder, "update-server-info"], env=environ, check=True)

    def _write(self, names: set[str]) -> None:
        for name in names:
            file = self.folder / index_path(name)
            file.parent.mkdir(parents=True, exist_ok=True)
            text = "".join(json.dumps(line) + "\n" for line in self.lines[name])
            file.write_text(text)
        self.commit()

"""Compares with Rust's own crates how cargo reads versions, requirements, targets and archives."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulp_cargo.tests.support import run

SOURCE = Path(__file__).parents[1] / "oracles"
TIMEOUT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an archive as read by Rust's `tar`; `flag` is the type in its header."""

    path: bytes
    flag: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class Oracle:
    """The program in `tests/oracles`, which takes many inputs at once.

    The result for an input that a crate cannot read is None.
    """

    program: Path

    def print_versions(self, texts: Iterable[str]) -> list[str | None]:
        """Return versions as the `semver` crate prints them."""
        return self._print("version", texts)

    def print_requirements(self, texts: Iterable[str]) -> list[str | None]:
        """Return requirements as the `semver` crate prints them."""
        return self._print("requirement", texts)

    def print_targets(self, texts: Iterable[str]) -> list[str | None]:
        """Return targets as the `cargo-platform` crate prints them."""
        return self._print("target", texts)

    def order(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[int, int]]:
        """Return how the first version of a pair compares, completely and by precedence only."""
        asked = [{"ask": "order", "left": left, "right": right} for left, right in pairs]
        return [(answer["order"], answer["precedence"]) for answer in self._ask(asked)]

    def match(self, pairs: Iterable[tuple[str, str]]) -> list[bool]:
        """Return whether the requirement of a pair matches the version."""
        asked = [{"ask": "match", "requirement": req, "version": vers} for req, vers in pairs]
        return [answer["matches"] for answer in self._ask(asked)]

    def read_archives(self, archives: Iterable[bytes]) -> list[list[Member] | None]:
        """Return the members of uncompressed archives."""
        answers = self._ask([{"ask": "archive", "hex": archive.hex()} for archive in archives])
        return [_members(answer) for answer in answers]

    def unpack_archives(
        self, archives: Iterable[bytes], root: str
    ) -> list[dict[bytes, bytes] | None]:
        """Return the files below `root` that cargo leaves on the disk, by their paths."""
        with tempfile.TemporaryDirectory() as folder:
            asked = [
                {
                    "ask": "unpack",
                    "hex": archive.hex(),
                    "root": root,
                    "folder": f"{folder}/{number}",
                }
                for number, archive in enumerate(archives)
            ]
            return [_files(answer) for answer in self._ask(asked)]

    def _print(self, kind: str, texts: Iterable[str]) -> list[str | None]:
        answers = self._ask([{"ask": kind, "text": text} for text in texts])
        return [answer.get("printed") for answer in answers]

    def _ask(self, requests: list[dict[str, str]]) -> list[dict[str, Any]]:
        done = subprocess.run(
            [self.program],
            input="".join(json.dumps(request) + "\n" for request in requests),
            stdout=subprocess.PIPE,
            encoding="utf-8",
            timeout=TIMEOUT_SECONDS,
            check=True,
        )
        answers = [json.loads(line) for line in done.stdout.split("\n")[:-1]]
        assert len(answers) == len(requests)
        return answers


def build_oracle() -> Oracle:
    """Build the program, once for all workers of a run."""
    directory = run.directory() / "oracles"
    with run.locked("oracles"):
        # Cargo writes a lock file next to the manifest, so it uses a copy.
        ignored = shutil.ignore_patterns("target", "Cargo.lock")
        shutil.copytree(SOURCE, directory / "source", dirs_exist_ok=True, ignore=ignored)
        target = directory / "target"
        _run_cargo("build", "--quiet", "--target-dir", str(target), cwd=directory / "source")
    return Oracle(target / "debug" / "oracles")


def _run_cargo(*arguments: str, cwd: Path) -> None:
    done = subprocess.run(
        ["cargo", *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )
    assert done.returncode == 0, done.stdout


def _members(answer: dict[str, Any]) -> list[Member] | None:
    if "refused" in answer:
        return None
    parts = ((member[key] for key in ("path", "flag", "content")) for member in answer["members"])
    return [Member(*map(bytes.fromhex, part)) for part in parts]


def _files(answer: dict[str, Any]) -> dict[bytes, bytes] | None:
    if "refused" in answer:
        return None
    return {bytes.fromhex(file["path"]): bytes.fromhex(file["content"]) for file in answer["files"]}

"""`pulp cargo repository sync`: what its options ask for."""

from pathlib import Path
from typing import Any

import pytest
from pulp_glue.cargo.context import PulpCargoRepositoryContext

from pulp_cargo.tests.support.pulp import Pulp, PulpFailed

HREF = "/pulp/api/v3/repositories/cargo/cargo/019a9b1e-0000-7000-8000-000000000000/"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What a Pulp was asked, that refuses a dependency."""
    asked: list[dict[str, Any]] = []

    def call(self: Any, operation: str, **request: Any) -> Any:
        assert operation == "list"
        return {"count": 1, "results": [{"pulp_href": HREF, "name": "team", "remote": "up"}]}

    def sync(self: Any, body: dict[str, Any]) -> Any:
        asked.append({key: value for key, value in body.items() if value is not None})
        refused = {"name": "near", "vers": "*", "reason": "it is from the folder `near`"}
        return {"number": 1}, {"refused_count": 1, "refused": [refused]}

    monkeypatch.setattr(PulpCargoRepositoryContext, "call", call)
    monkeypatch.setattr(PulpCargoRepositoryContext, "sync_index", sync)
    return asked


def sync(tmp_path: Path, *words: str) -> Any:
    """Run the command."""
    return Pulp(tmp_path).run("cargo", "repository", "sync", "team", *words)


def test_manifests_are_sent_as_text(tmp_path: Path, asked: list[dict[str, Any]]) -> None:
    """And what is from elsewhere is named."""
    for name in ("one", "two"):
        (tmp_path / name).write_text(f"[package]\nname = '{name}'\n")
    manifests = [word for name in ("one", "two") for word in ("--manifest", str(tmp_path / name))]
    done = sync(tmp_path, *manifests, "--registry", "company", "--no-dev")
    assert asked == [
        {
            "manifests": ["[package]\nname = 'one'\n", "[package]\nname = 'two'\n"],
            "registry": "company",
            "dev": False,
        }
    ]
    assert "refused: near *: it is from the folder `near`" in done.stderr
    with pytest.raises(PulpFailed, match="'missing' cannot be read: No such file"):
        sync(tmp_path, "--manifest", "missing")


def test_closure_is_narrowed(tmp_path: Path, asked: list[dict[str, Any]]) -> None:
    """Features are separated as for cargo."""
    words = ("--crate", "a", "--closure", "--features", "x,a/y", "--features", "z")
    targets = ("--target", "x86_64-unknown-linux-gnu", "--target", "wasm32-wasip1")
    sync(tmp_path, *words, *targets)
    sync(tmp_path, "--crate", "a", "--closure", "--no-all-features")
    first, second = asked
    assert list(first["features"]) == ["x", "a/y", "z"]
    assert list(first["targets"]) == ["x86_64-unknown-linux-gnu", "wasm32-wasip1"]
    assert "all_features" not in first
    assert second["all_features"] is False
    assert "features" not in second and "targets" not in second

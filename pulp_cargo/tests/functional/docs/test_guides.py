"""The commands in the guides for users do what the guides say, as they are written."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.docs.conftest import GUIDES
from pulp_cargo.tests.functional.docs.shell import DOCS, Shell, about_here, blocks

FIRST = "private-registry.md"
OTHERS = [
    *(page for page in sorted(GUIDES.glob("*.md")) if page.name != FIRST),
    DOCS / "admin" / "guides" / "upstreams.md",
    DOCS / "admin" / "guides" / "caches.md",
    DOCS / "admin" / "guides" / "retention.md",
    DOCS / "admin" / "guides" / "crate-policies.md",
    DOCS / "admin" / "guides" / "export.md",
    DOCS / "admin" / "guides" / "download-counts.md",
]

# The guides for administrators that go on in the shell of another than the first one.
AFTER = {"upstreams.md": GUIDES / "one-url.md", "caches.md": GUIDES / "cache.md"}


@pytest.fixture(scope="module")
def read(shell: Shell, values: Mapping[str, str]) -> Callable[[Path], None]:
    """Runs a guide in the shell of the first one, once, and before it the one that it needs."""
    worked: dict[Path, bool] = {}

    def run(page: Path) -> None:
        if page in worked:
            assert worked[page], f"{page.name} has failed before"
            return
        if page.name in AFTER:
            run(AFTER[page.name])
        worked[page] = False
        shell.read(about_here(block, values) for block in blocks(page))
        worked[page] = True

    return run


def test_private_registry_guide_works_as_written(shell: Shell) -> None:
    """The fixture has run the guide; here its work is seen in the reader's own home."""
    assert "[registries.team]" in (shell.home / ".cargo" / "config.toml").read_text()
    assert "pulp_cargo_" in (shell.home / ".cargo" / "credentials.toml").read_text()


@pytest.mark.parametrize("page", OTHERS, ids=lambda page: page.stem)
def test_guide_works_as_written(read: Callable[[Path], None], page: Path) -> None:
    """Each of the other guides goes on from the first one, in the same shell."""
    assert blocks(page), "a guide ends with a check that its reader can run"
    read(page)

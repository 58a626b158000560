"""The commands in the guides for users do what the guides say, as they are written."""

from collections.abc import Mapping
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
]


def test_private_registry_guide_works_as_written(shell: Shell) -> None:
    """The fixture has run the guide; here its work is seen in the reader's own home."""
    assert "[registries.team]" in (shell.home / ".cargo" / "config.toml").read_text()
    assert "pulp_cargo_" in (shell.home / ".cargo" / "credentials.toml").read_text()


@pytest.mark.parametrize("page", OTHERS, ids=lambda page: page.stem)
def test_guide_works_as_written(shell: Shell, page: Path, values: Mapping[str, str]) -> None:
    """Each of the other guides goes on from the first one, in the same shell."""
    found = blocks(page)
    assert found, "a guide ends with a check that its reader can run"
    for block in found:
        shell.run(about_here(block, values))

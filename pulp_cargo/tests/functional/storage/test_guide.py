"""The guide to object storage: its settings and its check."""

import ast
from pathlib import Path

from pulp_cargo.tests.functional.docs.conftest import environment
from pulp_cargo.tests.functional.docs.shell import DOCS, FENCE, Shell, about_here, blocks
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.object_storage import S3, ObjectStorage
from pulp_cargo.tests.support.registry import Registry

GUIDE = DOCS / "admin" / "guides" / "object-storage.md"


def test_settings_of_the_guide_are_those_of_the_tests(s3: ObjectStorage) -> None:
    """The same class of storage with the same options, so that what is tested is what is told."""
    (text,) = [text for kind, text in FENCE.findall(GUIDE.read_text()) if kind == "python"]
    settings = {
        statement.targets[0].id: ast.literal_eval(statement.value)
        for statement in ast.parse(text).body
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
    }
    default = settings["STORAGES"]["default"]
    assert default["BACKEND"] == S3
    assert set(default["OPTIONS"]) == set(s3.settings)
    assert default["OPTIONS"]["max_memory_size"] == s3.settings["max_memory_size"] == 4_194_304
    assert settings["REDIRECT_TO_OBJECT_STORAGE"] is True


def test_check_of_the_guide_prints_what_it_says(
    registry: Registry, name: str, tmp_path: Path
) -> None:
    """A signed redirect, and behind it the bytes with the checksum of the index."""
    crate = Crate(name)
    registry.publish(crate)
    values = {"REGISTRY": registry.url.rstrip("/"), "CRATE": f"{name}/1.0.0"}
    (block,) = blocks(GUIDE)
    exact = block.prints.replace("…  -", f"{crate.cksum(registry.index_url)}  -")
    with Shell(tmp_path, environment()) as shell:
        shell.run(about_here(type(block)(block.commands, prints=exact), values))

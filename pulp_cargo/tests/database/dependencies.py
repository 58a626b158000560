"""Crates with dependencies for tests in this process; the fixture is made known by `conftest`."""

import json
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRemote, CargoRepository, CrateContent
    from pulp_cargo.tests.database.upstreams import NewRemote

# Lines are stored with absolute URLs; this one means the registries of every repository here.
OWN = "sparse+https://own.example/index/"
AddCrate = Callable[..., "CrateContent"]


@pytest.fixture
def add_crate(domain: Any, new_remote: "NewRemote") -> AddCrate:
    """Adds a version to a repository; a dependency is `name requirement`, or a table."""
    upstream = new_remote()

    def make(
        repository: "CargoRepository",
        crate: str,
        *deps: str | dict[str, Any],
        yanked: bool = False,
        has_file: bool = True,
        **fields: Any,
    ) -> "CrateContent":
        from django.utils import timezone

        from pulpcore.plugin.models import Content

        from pulp_cargo.app.models import CrateContent
        from pulp_cargo.app.services.crates import yank_marks

        if OWN not in repository.index_aliases:
            repository.index_aliases = [*repository.index_aliases, OWN]
            repository.save(update_fields=["index_aliases"])
        name, _, vers = crate.partition(" ")
        cksum = fields.pop("cksum", None) or secrets.token_hex(32)
        tables = [dependency(dep) if isinstance(dep, str) else dep for dep in deps]
        unit = CrateContent.objects.create(
            name=name,
            canonical_name=name.lower().replace("-", "_"),
            vers=vers,
            vers_key=vers.partition("+")[0],
            pubtime=timezone.now(),
            cksum=cksum,
            index_line=_line(name=name, vers=vers, deps=tables, cksum=cksum),
            **{"registries": [dep["registry"] for dep in tables], **fields},
        )
        if has_file:
            _add_file(unit, upstream)
        marks = yank_marks.save_yanks([(unit.canonical_name, vers)], domain) if yanked else []
        with repository.new_version() as version:
            version.add_content(Content.objects.filter(pk__in=[unit.pk, *marks]))
        return unit

    return make


def _line(**values: Any) -> str:
    values |= {"features": {}, "yanked": False}
    return json.dumps(values, separators=(",", ":"))


def dependency(text: str, **more: Any) -> dict[str, Any]:
    """Return a dependency `name requirement` as the index has it."""
    name, _, req = text.partition(" ")
    return {"name": name, "req": req, "optional": False, "kind": "normal", "registry": OWN, **more}


def _add_file(unit: "CrateContent", upstream: "CargoRemote") -> None:
    """Let the file of a unit be fetched from an upstream, which is enough."""
    from pulpcore.plugin.models import ContentArtifact, RemoteArtifact

    member = ContentArtifact.objects.create(content=unit, relative_path=unit.relative_path)
    url = f"https://crates.example.org/{unit.relative_path}"
    RemoteArtifact.objects.create(content_artifact=member, remote=upstream, url=url)

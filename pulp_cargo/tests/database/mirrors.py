"""Repositories that are synced in the process of the test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pulp_cargo.rules.mirror_selection import Selection, parse_wanted_crate

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository
    from pulp_cargo.app.services.sync.labels import LabelReport
    from pulp_cargo.app.services.sync.order import Synced

# Why a file of an index is not read.
MISPLACED = "it is not at the path of the index file of a crate"


@dataclass
class Mirror:
    """A repository that is synced in this process."""

    repository: "CargoRepository"
    remote: Any
    services: Any

    def sync(self, *crates: str, mirror: bool = False, **selection: Any) -> "Synced":
        """Sync what is selected, and return what was made."""
        from pulp_cargo.app.services.sync.order import Order
        from pulp_cargo.app.services.sync.synchronize import synchronize

        chosen = Selection(tuple(map(parse_wanted_crate, crates)), **selection)
        return synchronize(
            self.services, Order(self.repository, self._new_remote(), mirror, chosen)
        )

    def replicate(self, **labels: str) -> "tuple[Synced, LabelReport]":
        """Sync everything as a mirror, with labels that have these origins upstream."""
        from pulp_cargo.app.services.sync.labels import synchronize_with_labels
        from pulp_cargo.app.services.sync.order import Order

        order = Order(self.repository, self._new_remote(), mirror=True)
        return synchronize_with_labels(self.services, order, labels)

    def _new_remote(self) -> Any:
        # As a task does: the session of a remote is closed after a sync.
        return type(self.remote).objects.get(pk=self.remote.pk)

    @property
    def crates(self) -> list[str]:
        """What the newest version has: names and versions, a yanked one with a `!`."""
        from pulp_cargo.app.models import CrateContent, CrateYank

        members = self.repository.latest_version().content
        yanked = set(CrateYank.objects.filter(pk__in=members).values_list("canonical_name", "vers"))
        units = CrateContent.objects.filter(pk__in=members).order_by("name", "vers")
        return [
            f"{unit.name} {unit.vers}" + "!" * ((unit.canonical_name, unit.vers) in yanked)
            for unit in units
        ]


@pytest.fixture(autouse=True)
def in_a_task(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the service find a task's working directory, without a task for its reports."""
    from django.conf import settings

    from pulp_cargo.app.models import connecting
    from pulp_cargo.app.services.sync import (
        files,
        from_index,
        labels,
        listing_units,
        replaced,
        sources,
    )

    @contextmanager
    def report(**fields: Any) -> Iterator[Any]:
        yield SimpleNamespace(increase_by=lambda count: None)

    (tmp_path / "task").mkdir()
    monkeypatch.chdir(tmp_path / "task")
    for module in (files, from_index, labels, listing_units, replaced):
        monkeypatch.setattr(module, "ProgressReport", report)
    here = {"WORKING_DIRECTORY": str(tmp_path), "ALLOWED_IMPORT_PATHS": [str(tmp_path / "up")]}
    monkeypatch.setattr(sources, "settings", SimpleNamespace(**here))
    own = SimpleNamespace(
        CARGO_UPSTREAM_PRIVATE_NETWORKS=["127.0.0.0/8"],
        WORKING_DIRECTORY=settings.WORKING_DIRECTORY,
    )
    monkeypatch.setattr(connecting, "settings", own)


@pytest.fixture
def mirror_of(
    new_repository: "Callable[..., CargoRepository]", made: list[Any]
) -> Callable[..., Mirror]:
    """Makes repositories with a remote of their own."""
    from pulp_cargo.app.models import CargoRemote
    from pulp_cargo.app.services.process import this_process
    from pulp_cargo.app.services.sync.order import Services

    def make(url: str, **fields: Any) -> Mirror:
        repository = new_repository()
        fields = {"policy": "on_demand", "max_retries": 0, **fields}
        made.append(CargoRemote.objects.create(name=repository.name, url=url, **fields))
        process = this_process()
        services = Services(process.loop, process.services.disk)
        return Mirror(repository, made[-1], services)

    return make


MirrorOf = Callable[..., Mirror]

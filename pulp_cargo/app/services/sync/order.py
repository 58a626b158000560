"""A sync that is asked for, and what it depends on."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from pulpcore.plugin.models import RepositoryVersion

from pulp_cargo.app.models import CargoRemote, CargoRepository, ReplacedVersion
from pulp_cargo.app.runtime.background_loop import BackgroundLoop
from pulp_cargo.app.runtime.free_space import FreeSpace
from pulp_cargo.app.services.sync.report import SyncReport
from pulp_cargo.rules.mirror_selection import Selection

EVERYTHING = Selection()


@dataclass(frozen=True, slots=True)
class Services:
    """What a sync needs of its process."""

    loop: BackgroundLoop
    disk: FreeSpace


@dataclass(frozen=True, slots=True)
class Order:
    """What is mirrored from where to where; `mirror` also removes everything else.

    With a `label`, the remote has the URL of this state of the upstream (`at_label`), and `origin` is
    that of the label. A snapshot that is older than the last one is refused unless
    `accept_older_snapshot` is set.
    """

    repository: CargoRepository
    remote: CargoRemote
    mirror: bool
    selection: Selection = EVERYTHING
    label: str | None = None
    origin: str = ""
    accept_older_snapshot: bool = False

    def at_label(self, label: str, origin: str) -> "Order":
        """Return the order for the state of the upstream that has a label."""
        remote = CargoRemote.objects.get(pk=self.remote.pk)
        remote.url = f"{remote.url.rstrip('/')}/@{label}/"
        return replace(self, remote=remote, label=label, origin=origin)

    @property
    def upstream_url(self) -> str:
        """The URL that means the registry, whichever state of it is mirrored."""
        url = str(self.remote.url)
        return url if self.label is None else url.removesuffix(f"@{self.label}/")

    @property
    def is_immediate(self) -> bool:
        """Whether all files are fetched at once."""
        return bool(self.remote.policy == self.remote.IMMEDIATE)

    def made_of(self, rules: str) -> dict[str, Any]:
        """Return everything besides the upstream's content on which that of a version depends.

        `rules` is the text of the crate policy. If the note of a version is the same at the next
        sync, only what has changed upstream is new.
        """
        made_of = {
            "remote": str(self.remote.pk),
            "url": self.upstream_url,
            "mirror": self.mirror,
            "immediate": self.is_immediate,
        }
        if self.label is not None:
            made_of["label"] = self.label
        if self.selection != EVERYTHING:
            made_of["selection"] = self.selection.digest
        if accepted := _count_accepted(self.remote):
            made_of["accepted"] = accepted
        if self.remote.snapshot_keys:
            made_of["keys"] = hashlib.sha256(self.remote.snapshot_keys.encode()).hexdigest()
        if rules:
            made_of["rules"] = hashlib.sha256(rules.encode()).hexdigest()
        return made_of


@dataclass(frozen=True, slots=True)
class Synced:
    """The version that a sync has made, None if nothing changed, and what it has left out."""

    version: RepositoryVersion | None
    report: SyncReport


def _count_accepted(remote: CargoRemote) -> int:
    """Return how many replacements of a remote are accepted."""
    return ReplacedVersion.objects.filter(remote=remote, accepted_at__isnull=False).count()

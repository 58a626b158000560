"""Copying the labels of the upstream's versions, each on a version of the same content."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pulpcore.plugin.models import ProgressReport, RepositoryVersion

from pulp_cargo.app.services import version_labels
from pulp_cargo.app.services.sync.order import Order, Services, Synced
from pulp_cargo.app.services.sync.synchronize import synchronize
from pulp_cargo.protocol.errors import RegistryError, printable

log = logging.getLogger(__name__)

# How many labels the progress report names; the result of the task has all of them.
MOST_NAMED = 10
LONGEST_REASON = 500


@dataclass(slots=True)
class LabelReport:
    """The labels of the upstream that were not copied, each with the reason."""

    left_out: list[dict[str, str]] = field(default_factory=list)

    def leave_out(self, label: str, reason: str) -> None:
        """Record a label that was not copied."""
        shown = printable(reason[:LONGEST_REASON])
        self.left_out.append({"label": printable(label), "reason": shown})

    @property
    def values(self) -> dict[str, Any]:
        """The fields of the result of a task."""
        return {"labels_left_out": self.left_out}


def synchronize_with_labels(
    services: Services, order: Order, labels: Mapping[str, str]
) -> tuple[Synced, LabelReport]:
    """Sync a repository, and give it the labels of the upstream's versions.

    Each comes with its origin, which changes when it moves upstream. Raises CannotCopy,
    CannotReplace and StorageFull if the newest state cannot be copied; then no label is.
    """
    done = synchronize(services, order)
    synced = _newest(order)
    report = _copy(services, order, labels)
    newest = _newest(order)
    # The newest content is again in the version after one that was made for a label.
    return (done if newest == synced else replace(done, version=newest)), report


def _newest(order: Order) -> RepositoryVersion:
    versions = order.repository.versions.filter(complete=True)
    return versions.defer("content_ids").latest()


def _copy(services: Services, order: Order, labels: Mapping[str, str]) -> LabelReport:
    """Add and move labels; a state that cannot be copied is left out, as the newest matters more."""
    report = LabelReport()
    repository = order.repository
    # First, since their number is limited.
    version_labels.forget_followed(repository, labels)
    known = version_labels.origins(repository.pk)
    for label, origin in labels.items():
        if known.get(label) == origin:
            continue
        try:
            version_labels.require_followable(repository, label)
            done = synchronize(services, order.at_label(label, origin))
            version = done.version or _newest(order)
            version_labels.follow(repository, label, version.pk, origin)
        except RegistryError as error:
            stays = "; it remains on the version that it had upstream before"
            report.leave_out(label, f"{error}{stays if known.get(label) else ''}")
            log.warning("The label `%s` of `%s` is not copied: %s", label, repository.name, error)
    _note(report)
    return report


def _note(report: LabelReport) -> None:
    if not report.left_out:
        return
    named = [one["label"] for one in report.left_out[:MOST_NAMED]]
    more = ["…"] if len(report.left_out) > MOST_NAMED else []
    with ProgressReport(
        message="Leaving out labels",
        code="sync.cargo.labels",
        done=len(report.left_out),
        suffix=", ".join(named + more),
    ):
        pass

"""Adding and removing labels of repository versions."""

from django.db import transaction

from pulpcore.plugin.models import RepositoryVersion

from pulp_cargo.app.models import CargoRepository, VersionLabel
from pulp_cargo.app.models.repository import locked
from pulp_cargo.app.models.version_label import MOST_LABELS
from pulp_cargo.app.notices import barrier, channel
from pulp_cargo.app.queries.repository.moments import version_at
from pulp_cargo.protocol.errors import BadRequest, NotFound
from pulp_cargo.rules.moments import AtNumber, parse_label


class LabelTaken(BadRequest):
    """Another version has the label."""

    def __init__(self, label: str, number: int) -> None:
        super().__init__(
            f"version {number} has the label `{label}`; a label never moves, or a build from its URL"
            " would change: choose another one, or remove it first"
        )


def add(repository: CargoRepository, text: str, number: int) -> VersionLabel:
    """Give a version a label, which it may have already.

    Raises InvalidLabel, LabelTaken, NotFound, Gone and RepositoryBusy.
    """
    label = parse_label(text)
    # One at a time, so that they can be counted.
    with locked(repository.pk):
        version = version_at(repository.pk, AtNumber(number))
        # A clean-up that deletes the version holds its row until it is gone.
        if not RepositoryVersion.objects.select_for_update().filter(pk=version.pk).exists():
            version_at(repository.pk, AtNumber(number))
        labels = repository.version_labels.select_related("version").defer("version__content_ids")
        if found := labels.filter(label=label).first():
            if found.version_id != version.pk:
                raise LabelTaken(label, found.version.number)
            return found
        if labels.count() >= MOST_LABELS:
            raise BadRequest(f"the repository has {MOST_LABELS} labels already; remove one first")
        return VersionLabel.objects.create(
            repository=repository, version_id=version.pk, label=label
        )


def remove(repository: CargoRepository, text: str) -> VersionLabel:
    """Remove a label, whose URL answers 404 from then on, and return it; raises NotFound."""
    with transaction.atomic():
        rows = repository.version_labels.select_related("version").defer("version__content_ids")
        label = rows.filter(label=text).first()
        if label is None:
            raise NotFound(f"no version of this repository has the label `{text}`")
        label.delete()
        channel.past_changed(repository.pk)
        barrier.ask_after_commit()
    return label

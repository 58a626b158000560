"""Adding and removing labels of repository versions."""

from collections.abc import Container, Mapping
from uuid import UUID

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
            f"version {number} has the label `{label}`, which cannot be moved, because builds that use its"
            " URL would change: choose another label, or remove this one first"
        )


class OwnLabel(BadRequest):
    """A label of the upstream has the name of one that was set here."""

    def __init__(self, label: str) -> None:
        super().__init__(
            f"this repository has a label `{label}` of its own, which is never replaced: remove it"
            " here to get the upstream's"
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
        _require_room(repository)
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
        _past_has_changed(repository)
    return label


def origins(repository: UUID) -> Mapping[str, str]:
    """Return the labels of a repository, each with its origin, empty for its own."""
    labels = VersionLabel.objects.filter(repository=repository)
    return dict(labels.values_list("label", "origin"))


def require_followable(repository: CargoRepository, label: str) -> None:
    """Raise BadRequest if the repository has the label as its own, or no room for another one.

    A label without an origin is its own, also if it was copied before origins were recorded.
    """
    origin = repository.version_labels.filter(label=label).values_list("origin", flat=True).first()
    if origin == "":
        raise OwnLabel(label)
    if origin is None:
        _require_room(repository)


def follow(repository: CargoRepository, text: str, version: UUID, origin: str) -> None:
    """Give a version the label of a copied one, wherever such a label was before.

    Raises InvalidLabel, OwnLabel, BadRequest, NotFound and RepositoryBusy.
    """
    label = parse_label(text)
    with locked(repository.pk):
        require_followable(repository, label)
        # See `add`: a clean-up may be deleting the version.
        if not RepositoryVersion.objects.select_for_update().filter(pk=version).exists():
            raise NotFound(f"the version for the label `{label}` was deleted meanwhile")
        repository.version_labels.filter(label=label).delete()
        repository.version_labels.create(label=label, version_id=version, origin=origin)
        _past_has_changed(repository)


def forget_followed(repository: CargoRepository, present: Container[str]) -> None:
    """Remove the labels of copied versions that the upstream does not have any more."""
    gone = [
        label for label, origin in origins(repository.pk).items() if origin and label not in present
    ]
    if gone:
        with transaction.atomic():
            repository.version_labels.filter(label__in=gone).delete()
            _past_has_changed(repository)


def _require_room(repository: CargoRepository) -> None:
    if repository.version_labels.count() >= MOST_LABELS:
        raise BadRequest(f"the repository has {MOST_LABELS} labels already; remove one first")


def _past_has_changed(repository: CargoRepository) -> None:
    channel.past_changed(repository.pk)
    barrier.ask_after_commit()

"""Copying crate versions with what they need from one repository to another, as one version.

The task has locked the target, so what was planned remains valid.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from pulpcore.plugin.models import Content, RepositoryVersion

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.models.registry_urls import note_mirrored
from pulp_cargo.app.notices import channel
from pulp_cargo.app.queries.crates.by_name import NamedVersion
from pulp_cargo.app.services.closure.promotion_plan import Plan, plan
from pulp_cargo.app.services.crates.yank_marks import save_marks
from pulp_cargo.app.services.policies.advisory_db import AdvisoryDatabase
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.rules.promotion import CannotPromote


@dataclass(frozen=True, slots=True)
class Promotion:
    """A plan that was carried out; `version` is None if the target had everything."""

    plan: Plan
    version: RepositoryVersion | None


def promote(
    advisories: AdvisoryDatabase,
    source: CargoRepository,
    target: CargoRepository,
    wanted: Collection[NamedVersion],
    *,
    closure: bool,
) -> Promotion:
    """Promote versions, all of them or none; raises CannotPromote, VersionsNotFound and TooLarge."""
    planned = plan(advisories, source, target, wanted, closure=closure)
    if planned.problems:
        raise CannotPromote([one.sentence for one in planned.problems])
    if not planned.copies:
        return Promotion(planned, None)
    stored = [one.stored for one in planned.copies]
    yanked = [(canonical_name(one.name), one.vers) for one in stored if one.yanked]
    marks = save_marks(yanked, target.pulp_domain)
    units = [one.unit for one in stored]
    # In one transaction, so that no reader sees crates whose dependencies lead elsewhere.
    with transaction.atomic():
        with target.new_version() as version:
            version.add_content(Content.objects.filter(pk__in=[*units, *marks]))
        for url in planned.stands_in_for:
            note_mirrored(target.pk, url)
        if planned.stands_in_for:
            channel.registries_changed()
    return Promotion(planned, version)

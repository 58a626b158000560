"""Which distributions serve a content unit now."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from pulpcore.plugin.models import RepositoryContent, RepositoryVersion

from pulp_cargo.app.models import CargoDistribution


def serving(distributions: QuerySet[CargoDistribution], unit: UUID) -> QuerySet[CargoDistribution]:
    """Return those whose repository version, fixed or the newest, contains a unit.

    What a list of upstreams or a remote serves in addition does not count, as in Pulp's own filter.
    """
    newest = RepositoryVersion.objects.complete().filter(repository=OuterRef("repository"))
    served = distributions.alias(
        served_repository=Coalesce("repository_version__repository", "repository"),
        served_number=Coalesce(
            "repository_version__number", Subquery(newest.order_by("-number").values("number")[:1])
        ),
    )
    number = OuterRef("served_number")
    rows = RepositoryContent.objects.filter(
        Q(version_removed=None) | Q(version_removed__number__gt=number),
        content=unit,
        repository=OuterRef("served_repository"),
        version_added__number__lte=number,
    )
    return served.filter(Exists(rows))

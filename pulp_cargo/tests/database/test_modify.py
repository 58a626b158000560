"""Whether the asker may see what `modify` adds is asked of the database once for all units."""

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository

UNITS = "/pulp/api/v3/content/cargo/crates/"


def test_more_units_take_no_more_queries(
    repository: "CargoRepository", publish: Callable[..., UUID]
) -> None:
    """For one who is no administrator; a unit that is not there keeps the task from starting."""
    from django.contrib.auth import get_user_model

    from pulpcore.plugin.util import assign_role

    from pulp_cargo.app.models import CrateContent

    names = [f"modify-{secrets.token_hex(5)}-{number}" for number in range(30)]
    publish(repository, *names)
    pks = CrateContent.objects.filter(name__in=names).values_list("pk", flat=True)
    seen = [f"{UNITS}{pk}/" for pk in pks]
    user = get_user_model().objects.create(username=f"user-{secrets.token_hex(5)}")
    assign_role("cargo.cargorepository_publisher", user, repository)
    nothing = f"{UNITS}{uuid4()}/"
    # The first request also fills Django's caches.
    _, few, many = (_refused(user, repository, [*seen[:n], nothing]) for n in (0, 3, 30))
    refusal = {"add_content_units": [f"Could not find the following content units: ['{nothing}']"]}
    assert many == few
    assert few[0] == refusal


def _refused(
    user: object, repository: "CargoRepository", hrefs: list[str]
) -> tuple[dict[str, list[str]], int]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from rest_framework.test import APIRequestFactory, force_authenticate

    from pulp_cargo.app.models.core import with_domain
    from pulp_cargo.app.viewsets import CargoRepositoryViewSet

    path = f"/pulp/api/v3/repositories/cargo/cargo/{repository.pk}/modify/"
    request = APIRequestFactory().post(path, {"add_content_units": hrefs}, format="json")
    force_authenticate(request, user)
    request.pulp_domain = repository.pulp_domain
    modify = CargoRepositoryViewSet.as_view(
        {"post": "modify"}, **CargoRepositoryViewSet.modify.kwargs
    )
    with with_domain(request.pulp_domain), CaptureQueriesContext(connection) as queries:
        answer = modify(request, pk=str(repository.pk)).render()
    assert answer.status_code == 400, answer.content
    return answer.data, len(queries)

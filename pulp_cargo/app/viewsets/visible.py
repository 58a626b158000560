"""What users may view in the lists of our viewsets, to limit references in requests."""

from collections.abc import Callable
from functools import partial

from django.db.models import Model, QuerySet
from rest_framework.request import Request

from pulpcore.plugin import viewsets as core


def visible(
    request: Request, *viewsets: type[core.NamedModelViewSet]
) -> dict[type[Model], Callable[[], QuerySet]]:
    """Return functions by model that query what the user may view; each call costs queries."""
    return {one.queryset.model: partial(_listed, one, request) for one in viewsets}


def _listed(viewset: type[core.NamedModelViewSet], request: Request) -> QuerySet:
    lister = viewset()
    lister.request = request
    return lister.get_queryset()

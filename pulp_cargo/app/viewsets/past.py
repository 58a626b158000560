"""Actions of repositories for their older versions: labels, and what changed between two."""

import dataclasses
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pulp_cargo.app.access import Verb
from pulp_cargo.app.queries.repository.diff import diff
from pulp_cargo.app.queries.repository.moments import newest_version, version_at
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.serializers.explain import checked
from pulp_cargo.app.serializers.past import (
    DiffQuerySerializer,
    DiffSerializer,
    LabelSerializer,
    LabelVersionSerializer,
    VersionLabelSerializer,
)
from pulp_cargo.app.services import version_labels
from pulp_cargo.rules.moments import parse_moment

# A label retains a version, so it needs the same right as changing the retention.
PAST_VERBS = (
    Verb(("version_labels", "diff"), "view"),
    Verb(("label_version", "unlabel_version"), "change"),
)


class PastMixin:
    """Adds actions for older versions to the viewset of repositories."""

    @extend_schema(
        summary="List the labels of repository versions",
        description="The labels of the repository's versions, sorted by number and label.",
        responses={200: VersionLabelSerializer(many=True)},
    )
    # The filters of the viewset are for repositories.
    @action(
        detail=True, methods=["get"], serializer_class=VersionLabelSerializer, filterset_class=None
    )
    def version_labels(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Return a page of the labels."""
        rows = self.get_object().version_labels.select_related("version")
        rows = rows.defer("version__content_ids").order_by("version__number", "label")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        summary="Label a repository version",
        description="Give a repository version a label. While it has one, it is not deleted, and the"
        " registries of the repository serve it at `@LABEL/` below their URLs.",
        request=LabelVersionSerializer,
        responses={201: VersionLabelSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=LabelVersionSerializer)
    def label_version(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Add it at once, without a task."""
        repository, wanted = self.get_object(), checked(LabelVersionSerializer, request.data)
        with refused_as_invalid():
            number = wanted.get("number")
            number = newest_version(repository.pk).number if number is None else number
            made = version_labels.add(repository, wanted["label"], number)
        shown = VersionLabelSerializer(made, context={"request": request})
        return Response(shown.data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Remove a label",
        description="Remove a label of a repository version. A version without a label is subject"
        " to `retain_repo_versions`, unless a distribution serves it.",
        request=LabelSerializer,
        responses={201: VersionLabelSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=LabelSerializer)
    def unlabel_version(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Remove it at once, without a task."""
        repository, wanted = self.get_object(), checked(LabelSerializer, request.data)
        with refused_as_invalid():
            removed = version_labels.remove(repository, wanted["label"])
        shown = VersionLabelSerializer(removed, context={"request": request})
        # The status of core's actions; the schema has 201 for them in any case.
        return Response(shown.data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Compare two repository versions",
        description="The crate versions that were added, removed, yanked and unyanked between two"
        " states of the repository.",
        parameters=[DiffQuerySerializer],
        responses={200: DiffSerializer},
    )
    @action(detail=True, methods=["get"], serializer_class=DiffSerializer, filterset_class=None)
    def diff(self, request: Request, pk: str, **kwargs: Any) -> Response:
        """Return a page of the changes."""
        repository = self.get_object()
        asked = checked(DiffQuerySerializer, request.query_params)
        with refused_as_invalid():
            old = version_at(repository.pk, parse_moment(asked["old"]))
            new = (
                version_at(repository.pk, parse_moment(asked["new"]))
                if "new" in asked
                else newest_version(repository.pk)
            )
        found = diff(
            repository.pk, old.number, new.number, limit=asked["limit"], offset=asked["offset"]
        )
        # Not `asdict`, which would copy the changes.
        values = {one.name: getattr(found, one.name) for one in dataclasses.fields(found)}
        shown = DiffSerializer(values | {"old": old, "new": new}, context={"request": request})
        return Response(shown.data)

"""The rows of Pulp's exports, and their import (pulpcore, "Import/Export").

An export has the units of repository versions as rows of JSON, and the importer gives the
destination exactly the content of the source. Core's resources export the files.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.postgres.fields import ArrayField
from django.db.models import Field as Column
from django.db.models import QuerySet
from django.utils import timezone
from import_export.fields import Field
from import_export.widgets import CharWidget, Widget
from tablib import Dataset

from pulpcore.plugin.exceptions import ValidationError
from pulpcore.plugin.importexport import BaseContentResource, QueryModelResource
from pulpcore.plugin.modelresources import RepositoryResource
from pulpcore.plugin.models import Content, Task
from pulpcore.plugin.util import get_current_authenticated_user, get_domain

from pulp_cargo.app.models import CargoRepository, CrateContent, CrateOwner, CrateYank, VersionLabel
from pulp_cargo.app.models.repository import IMPORTED_LABELS
from pulp_cargo.app.queries.owners import login_of, rows_of_repository
from pulp_cargo.app.queries.registry.mirrored_urls import inherited_urls
from pulp_cargo.app.queries.registry.own_urls import own_urls
from pulp_cargo.app.services.crates import build_unit
from pulp_cargo.app.services.repository_use import NotPermitted, require_modifiable
from pulp_cargo.protocol.index import parse_line, render_line
from pulp_cargo.protocol.registry_url import parse_registry_url
from pulp_cargo.rules.metadata_source import FILE, NO_TIME, word_of_export
from pulp_cargo.rules.moments import parse_label
from pulp_cargo.rules.owners import GROUP

SOURCE, TIME_SOURCE = "metadata_source", "time_source"
# The columns that are read from files.
FACTS = (
    "canonical_name",
    "vers_key",
    "index_line",
    "dependency_names",
    "registries",
    *build_unit.DESCRIPTION,
)
VERS = "vers"


class TextWidget(CharWidget):
    """Unchanged text: an empty one differs from null."""

    def __init__(self, coerce_to_string: bool = False, **kwargs: Any) -> None:
        super().__init__(coerce_to_string=False, allow_blank=False)


class ListWidget(Widget):
    """An unchanged list; import_export would join it with commas, which names may contain."""

    def clean(self, value: Iterable[str], row: Any = None, **kwargs: Any) -> list[str]:
        """Read the list from a row."""
        return list(value)

    def render(self, value: Iterable[str], obj: Any = None, **kwargs: Any) -> list[str]:
        """Write the list to a row."""
        return list(value)


class UnitResource(BaseContentResource):
    """Immutable units: an existing one is not changed."""

    WIDGETS_MAP = BaseContentResource.WIDGETS_MAP | {"TextField": TextWidget}

    @classmethod
    def widget_from_django_field(cls, f: Column, default: type[Widget] = Widget) -> type[Widget]:
        """Return the widget of a column."""
        if isinstance(f, ArrayField):
            return ListWidget
        return super().widget_from_django_field(f, default)

    def set_up_queryset(self) -> QuerySet[Content]:
        """Return the units to export."""
        return self.repo_version.get_content(self._meta.model.objects)

    def import_instance(self, instance: Content, row: dict[str, Any], **kwargs: Any) -> None:
        """Fill in a new unit; for an existing one only record its id in the export."""
        if instance._state.adding:
            super().import_instance(instance, row, **kwargs)
        else:
            self.import_field(self.fields["upstream_id"], instance, row)


class CrateContentResource(UnitResource):
    """Crate versions; metadata that the other Pulp has read from files are unverified here."""

    def before_import(self, dataset: Dataset, **kwargs: Any) -> None:
        """Accept exports from before the columns existed."""
        super().before_import(dataset, **kwargs)
        for header, value in ((SOURCE, FILE), (TIME_SOURCE, NO_TIME)):
            if header not in dataset.headers:
                dataset.append_col([value] * len(dataset), header=header)

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        """Record that the files were not read here, unless this Pulp has read them itself.

        Then only the time of publication is the export's.
        """
        super().before_import_row(row, **kwargs)
        read = CrateContent.objects.filter(
            name=row["name"],
            vers=row["vers"],
            cksum=row["cksum"],
            metadata_source=FILE,
            _pulp_domain=get_domain(),
        ).first()
        if read is None:
            row[SOURCE] = word_of_export({name: row[name] for name in FACTS})
            row[TIME_SOURCE] = NO_TIME
            return
        time = parse_line(row["index_line"]).pubtime
        row |= {name: getattr(read, name) for name in FACTS}
        row["index_line"] = render_line(replace(parse_line(read.index_line), pubtime=time))
        row[SOURCE] = FILE
        row[TIME_SOURCE] = NO_TIME if time is None else word_of_export({"pubtime": time})

    class Meta:
        model = CrateContent
        import_id_fields = model.natural_key_fields()


class CrateYankResource(UnitResource):
    """Yank marks."""

    def before_import(self, dataset: Dataset, **kwargs: Any) -> None:
        """Accept exports from before marks had versions with build metadata."""
        super().before_import(dataset, **kwargs)
        if VERS not in dataset.headers:
            marks = zip(dataset["canonical_name"], dataset["vers_key"], strict=True)
            dataset.append_col([_meant(*mark) for mark in marks], header=VERS)

    class Meta:
        model = CrateYank
        import_id_fields = model.natural_key_fields()


class CargoRepositoryResource(RepositoryResource):
    """The repository itself, for importers that create missing ones."""

    def set_up_queryset(self) -> QuerySet[CargoRepository]:
        """Return the exported repository."""
        return CargoRepository.objects.filter(pk=self.repo_version.repository_id)

    class Meta:
        model = CargoRepository
        # A signing service, and whose snapshots are trusted, are decisions of each Pulp.
        exclude = (
            *RepositoryResource.Meta.exclude,
            "index_aliases",
            "mirrored_urls",
            "signing_service",
            "snapshot_keys",
        )


class RegistryUrlsResource(QueryModelResource):
    """The URLs of the exported registry, as aliases for the destination.

    Crates refer to their own registry by these URLs, which has another URL here. Each export has one
    row of these, before core gives the destination its content.
    """

    def before_import(self, dataset: Dataset, **kwargs: Any) -> None:
        """Refuse a destination that the user of the task may not modify."""
        super().before_import(dataset, **kwargs)
        try:
            require_modifiable(_destination(), get_current_authenticated_user())
        except NotPermitted as error:
            raise ValidationError(str(error)) from error

    def set_up_queryset(self) -> QuerySet[CargoRepository]:
        """Return the exported repository."""
        return CargoRepository.objects.filter(pk=self.repo_version.repository_id)

    @classmethod
    def widget_from_django_field(cls, f: Column, default: type[Widget] = Widget) -> type[Widget]:
        """Return the widget for lists of URLs."""
        return ListWidget

    def dehydrate_index_aliases(self, repository: CargoRepository) -> list[str]:
        """Return every URL that means the registry now."""
        return sorted(own_urls(repository) | inherited_urls(repository))

    def get_instance(self, instance_loader: Any, row: dict[str, Any]) -> CargoRepository:
        """Return the repository into which the task imports, whatever its name."""
        return _destination()

    def import_instance(
        self, instance: CargoRepository, row: dict[str, Any], **kwargs: Any
    ) -> None:
        """Add the URLs to those of the repository."""
        urls = [parse_registry_url(url) for url in row["index_aliases"]]
        instance.index_aliases = list(dict.fromkeys([*instance.index_aliases, *urls]))

    class Meta:
        model = CargoRepository
        fields = ("index_aliases",)
        import_id_fields = ("index_aliases",)


class CrateOwnerResource(QueryModelResource):
    """The owners of crates, by their logins; those who do not exist at the destination are left out."""

    owner = Field(column_name="owner")

    def set_up_queryset(self) -> QuerySet[CrateOwner]:
        """Return the owners of the exported repository's crates."""
        return rows_of_repository(self.repo_version.repository_id)

    @classmethod
    def widget_from_django_field(cls, f: Column, default: type[Widget] = Widget) -> type[Widget]:
        """Return the widget for names."""
        return TextWidget

    def dehydrate_owner(self, row: CrateOwner) -> str:
        """Return the login of a user or group."""
        return login_of(row)

    def get_instance(self, instance_loader: Any, row: dict[str, Any]) -> CrateOwner | None:
        """Return the owner, if the crate has it already."""
        new = self.init_instance(row)
        if new.user is None and new.group is None:
            return None
        same = CrateOwner.objects.filter(
            repository=new.repository,
            canonical_name=row["canonical_name"],
            user=new.user,
            group=new.group,
        )
        return same.first()

    def init_instance(self, row: dict[str, Any]) -> CrateOwner:
        """Return a new owner, with the user or group of this name here."""
        login = str(row["owner"])
        user = group = None
        if login.startswith(GROUP):
            group = Group.objects.filter(name=login.removeprefix(GROUP)).first()
        else:
            user = get_user_model().objects.filter(username=login).first()
        return CrateOwner(
            repository=_destination(), user=user, group=group, added_at=timezone.now()
        )

    def skip_row(self, instance: CrateOwner, *args: Any, **kwargs: Any) -> bool:
        """Leave out owners who are there already, or do not exist here."""
        return instance.pk is not None or (instance.user is None and instance.group is None)

    class Meta:
        model = CrateOwner
        fields = ("canonical_name", "owner")
        import_id_fields = ("canonical_name", "owner")
        # A comparison would ask for the login of an owner who does not exist here.
        skip_diff = True


class VersionLabelResource(QueryModelResource):
    """The labels of the exported version, for the version that the import makes."""

    def set_up_queryset(self) -> QuerySet[VersionLabel]:
        """Return the labels of the exported version."""
        return VersionLabel.objects.filter(version=self.repo_version)

    def before_import(self, dataset: Dataset, **kwargs: Any) -> None:
        """Keep the labels until core makes the version."""
        super().before_import(dataset, **kwargs)
        labels = {parse_label(str(text)) for text in dataset["label"]}
        IMPORTED_LABELS.set(tuple(sorted({*IMPORTED_LABELS.get(), *labels})))

    def skip_row(self, instance: VersionLabel, *args: Any, **kwargs: Any) -> bool:
        """Store no row: the version is not there yet."""
        return True

    class Meta:
        model = VersionLabel
        fields = ("label",)
        import_id_fields = ("label",)
        skip_diff = True


def _destination() -> CargoRepository:
    """Return the repository into which the task imports.

    The task has reserved it, before it began or when CargoRepositoryResource created it.
    """
    prefix = f"prn:{CargoRepository._meta.label_lower}:"
    reserved = Task.objects.get(pk=Task.current().pk).reserved_resources_record
    (prn,) = [one for one in reserved if one.startswith(prefix)]
    return CargoRepository.objects.get(pk=prn.removeprefix(prefix))


def _meant(name: str, number: str) -> str:
    """Return the version that an old mark by number means; the crates are imported before."""
    crates = CrateContent.objects.filter(
        canonical_name=name, vers_key=number, _pulp_domain=get_domain()
    )
    versions = set(crates.values_list(VERS, flat=True))
    return number if number in versions else min(versions, default=number)


IMPORT_ORDER = [
    CrateContentResource,
    CrateYankResource,
    CargoRepositoryResource,
    RegistryUrlsResource,
    CrateOwnerResource,
    VersionLabelResource,
]

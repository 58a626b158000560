"""Lock files in the REST API: the requests, and the report."""

from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from pulpcore.plugin import serializers as core

from pulp_cargo.app.serializers.choices import NamedChoiceField
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.serializers.storable import StorableRequest
from pulp_cargo.protocol.lock_file import MAX_SIZE, LockFile, parse_lock_file
from pulp_cargo.protocol.lock_source import GitSource, RegistrySource
from pulp_cargo.rules.lock_check import CheckedPackage, Flag, Here, Outcome
from pulp_cargo.rules.lock_report import NotCheckedPackage
from pulp_cargo.rules.lock_sources import parse_source

MOST_SOURCES = 200


@dataclass(frozen=True, slots=True)
class Sent:
    """A lock file as received, and parsed."""

    content: bytes
    lock: LockFile


class LockFileField(serializers.FileField):
    """Accepts a Cargo.lock as a file in the request, or as text."""

    def to_internal_value(self, data: Any) -> Sent:
        """Parse the lock file."""
        if isinstance(data, str):
            content = data.encode(errors="surrogatepass")
        else:
            content = super().to_internal_value(data).read(MAX_SIZE + 1)
        with refused_as_invalid():
            return Sent(content, parse_lock_file(content))


class LockFileSerializer(core.ValidateFieldsMixin, StorableRequest):
    """A request with a lock file."""

    # For text that is not UTF-8, the parser reports the position.
    validates_text_itself = frozenset({"lock_file"})

    lock_file = LockFileField(
        help_text="A Cargo.lock, as a file in the request or as text.", allow_empty_file=True
    )
    crates_io = serializers.BooleanField(
        allow_null=True,
        default=None,
        help_text="Whether the registry stands in for crates.io. By default, it does if one of"
        " its upstreams has the URL of crates.io. Set this if an upstream is a copy of"
        " crates.io.",
    )

    class Meta:
        ref_name = "cargo.LockFile"


class LockFileCheckSerializer(LockFileSerializer):
    """A request to check a lock file, with its options."""

    refresh = serializers.BooleanField(
        allow_null=True,
        default=None,
        help_text="Whether missing and outdated index files are fetched from upstreams. By"
        " default they are, unless `offline` is set.",
    )
    offline = serializers.BooleanField(
        default=False,
        help_text="Whether packages fail if their files are not stored here.",
    )
    fail_on_yanked = serializers.BooleanField(
        default=False,
        help_text="Whether yanked packages fail; otherwise, they pass with a warning.",
    )

    allow_sources = serializers.ListField(
        child=serializers.CharField(),
        default=list,
        max_length=MOST_SOURCES,
        help_text="Other registries and git repositories that packages may come from: URLs as in"
        " the lock file, or prefixes of URLs followed by `/*`. Packages from elsewhere fail."
        " None by default.",
    )

    def validate_allow_sources(self, sources: list[str]) -> list[str]:
        """Refuse invalid sources."""
        with refused_as_invalid():
            return [parse_source(text) for text in sources]

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Fill in the default of `refresh`."""
        data = super().validate(data)
        if data["refresh"] is None:
            data["refresh"] = not data["offline"]
        return data

    class Meta:
        ref_name = "cargo.LockFileCheck"


class LockFileTextSerializer(LockFileSerializer):
    """Describes a lock file in a JSON request, which has no files."""

    lock_file = serializers.CharField(help_text="The text of a Cargo.lock.")

    class Meta:
        ref_name = "cargo.LockFileText"


class LockFileCheckTextSerializer(LockFileCheckSerializer):
    """Describes a check in a JSON request."""

    lock_file = serializers.CharField(help_text="The text of a Cargo.lock.")

    class Meta:
        ref_name = "cargo.LockFileCheckText"


class LockedPackageSerializer(serializers.Serializer):
    """Shows the fields of every package in a report."""

    name = serializers.CharField(source="package.name", help_text="The name of the package.")
    vers = serializers.CharField(source="package.vers", help_text="The version of the package.")
    source = serializers.SerializerMethodField(
        help_text="The URL of the package's registry or git repository; null for a local package."
    )
    reason = serializers.CharField(
        source="sentence",
        help_text="The reason for the verdict, or why the package was not checked.",
    )

    def get_source(self, row: CheckedPackage | NotCheckedPackage) -> str | None:
        """Return a source's URL."""
        found = row.package.source
        return found.url if isinstance(found, RegistrySource | GitSource) else None


class NotCheckedPackageSerializer(LockedPackageSerializer):
    """Shows a package from elsewhere, without a verdict."""

    passes = serializers.BooleanField(
        help_text="Whether the package passes, because it is local or its source is allowed."
    )

    class Meta:
        ref_name = "cargo.NotCheckedPackage"


class CheckedPackageSerializer(LockedPackageSerializer):
    """Shows a package with its verdict."""

    checksum = serializers.CharField(
        source="package.cksum",
        allow_null=True,
        help_text="The SHA-256 in the lock file, in hex; null if it has none.",
    )
    upstream = serializers.CharField(
        allow_null=True, help_text="The upstream that has the package, or that was asked last."
    )
    here = NamedChoiceField(
        "LockFilePresence",
        choices=[one.value for one in Here],
        help_text="What is available without an upstream: `stored` (the .crate file), `index`"
        " (only the index line) or `unknown`.",
    )
    verdict = NamedChoiceField(
        "LockFileVerdict",
        choices=[one.value for one in Outcome],
        source="outcome",
        help_text="The verdict.",
    )
    flags = serializers.ListField(
        child=NamedChoiceField("LockFileFlag", choices=[one.value for one in Flag]),
        help_text="Further information, independent of the verdict.",
    )
    passes = serializers.BooleanField(help_text="Whether the package passes.")

    class Meta:
        ref_name = "cargo.CheckedPackage"


class LockFileReportSerializer(serializers.Serializer):
    """Shows the verdicts on a lock file."""

    passes = serializers.BooleanField(help_text="Whether the lock file passes the check.")
    sentence = serializers.CharField(help_text="The result in a sentence.")
    totals = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many packages have each verdict."
    )
    packages = CheckedPackageSerializer(
        many=True,
        source="checked",
        help_text="The packages of this registry, in the order of the lock file.",
    )
    not_checked = NotCheckedPackageSerializer(
        many=True, help_text="The packages from elsewhere, which were not checked."
    )
    not_refreshed = serializers.ListField(
        child=serializers.CharField(),
        help_text="The names of crates, in lower case, for which an upstream did not respond"
        " in time.",
    )

    class Meta:
        ref_name = "cargo.LockFileReport"

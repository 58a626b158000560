"""Lock files in the REST API: what is asked about them, and the report on one."""

from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from pulpcore.plugin import serializers as core

from pulp_cargo.app.serializers.choices import NamedChoiceField
from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.protocol.lock_file import MAX_SIZE, LockFile, parse_lock_file
from pulp_cargo.protocol.lock_source import GitSource, RegistrySource
from pulp_cargo.rules.lock_check import Flag, Here, Judged, Outcome
from pulp_cargo.rules.lock_report import NotJudged
from pulp_cargo.rules.lock_sources import parse_source

MOST_SOURCES = 200


@dataclass(frozen=True, slots=True)
class Sent:
    """A lock file as it was sent, and what it says."""

    content: bytes
    lock: LockFile


class LockFileField(serializers.FileField):
    """Takes a Cargo.lock as a file of the request, or as text."""

    def to_internal_value(self, data: Any) -> Sent:
        """Read the lock file."""
        if isinstance(data, str):
            content = data.encode(errors="surrogatepass")
        else:
            content = super().to_internal_value(data).read(MAX_SIZE + 1)
        with refused_as_invalid():
            return Sent(content, parse_lock_file(content))


class LockFileSerializer(core.ValidateFieldsMixin, serializers.Serializer):
    """Takes a lock file."""

    lock_file = LockFileField(
        help_text="A Cargo.lock: a file of the request, or its text.", allow_empty_file=True
    )
    crates_io = serializers.BooleanField(
        allow_null=True,
        default=None,
        help_text="Whether this registry stands in for crates.io. It does where one of its"
        " upstreams is crates.io, by its URL; say so where that one is a copy itself.",
    )

    class Meta:
        ref_name = "cargo.LockFile"


class LockFileCheckSerializer(LockFileSerializer):
    """Takes a lock file that is to be judged, and what is to pass."""

    refresh = serializers.BooleanField(
        allow_null=True,
        default=None,
        help_text="Whether upstreams are asked for index files that are missing here or old. By"
        " default they are, unless the question is about being `offline`.",
    )
    offline = serializers.BooleanField(
        default=False,
        help_text="Whether only packages pass that can be downloaded without any upstream.",
    )
    fail_on_yanked = serializers.BooleanField(
        default=False, help_text="Whether yanked packages fail; else they are a warning."
    )

    allow_sources = serializers.ListField(
        child=serializers.CharField(),
        default=list,
        max_length=MOST_SOURCES,
        help_text="The registries and git repositories beside this registry that packages may come"
        " from: URLs as in the lock file, or beginnings of URLs with a final `/*`. Packages from"
        " any other fail; by default there are none.",
    )

    def validate_allow_sources(self, sources: list[str]) -> list[str]:
        """Refuse what could never mean a source."""
        with refused_as_invalid():
            return [parse_source(text) for text in sources]

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Fill in whether upstreams are asked."""
        data = super().validate(data)
        if data["refresh"] is None:
            data["refresh"] = not data["offline"]
        return data

    class Meta:
        ref_name = "cargo.LockFileCheck"


class LockFileTextSerializer(LockFileSerializer):
    """Describes a lock file in JSON, which has no files."""

    lock_file = serializers.CharField(help_text="The text of a Cargo.lock.")

    class Meta:
        ref_name = "cargo.LockFileText"


class LockFileCheckTextSerializer(LockFileCheckSerializer):
    """Describes one that is to be judged, in JSON."""

    lock_file = serializers.CharField(help_text="The text of a Cargo.lock.")

    class Meta:
        ref_name = "cargo.LockFileCheckText"


class LockedPackageSerializer(serializers.Serializer):
    """Shows what every package of a report has."""

    name = serializers.CharField(source="package.name", help_text="The name of the package.")
    vers = serializers.CharField(source="package.vers", help_text="The version of the package.")
    source = serializers.SerializerMethodField(
        help_text="The URL of the registry or git repository that the package is from, null for"
        " one on the disk."
    )
    reason = serializers.CharField(
        source="sentence", help_text="Why the package has its verdict, or none, in a sentence."
    )

    def get_source(self, row: Judged | NotJudged) -> str | None:
        """Return a source's URL."""
        found = row.package.source
        return found.url if isinstance(found, RegistrySource | GitSource) else None


class NotJudgedPackageSerializer(LockedPackageSerializer):
    """Shows a package that the registry has no say in."""

    passes = serializers.BooleanField(
        help_text="Whether it lets a build go ahead: it is on the disk, or its source is allowed."
    )

    class Meta:
        ref_name = "cargo.NotJudgedPackage"


class JudgedPackageSerializer(LockedPackageSerializer):
    """Shows a package with its verdict."""

    checksum = serializers.CharField(
        source="package.cksum",
        allow_null=True,
        help_text="The SHA-256 that the lock file has, in hex; null where it has none.",
    )
    upstream = serializers.CharField(
        allow_null=True, help_text="The upstream that has the package, or was asked for it at last."
    )
    here = NamedChoiceField(
        "LockFilePresence",
        choices=[one.value for one in Here],
        help_text="What is here: the .crate file is `stored`, the version is only in an `index`"
        " file, or it is `unknown`.",
    )
    verdict = NamedChoiceField(
        "LockFileVerdict",
        choices=[one.value for one in Outcome],
        source="outcome",
        help_text="What becomes of it.",
    )
    flags = serializers.ListField(
        child=NamedChoiceField("LockFileFlag", choices=[one.value for one in Flag]),
        help_text="What else there is to know, whatever the verdict.",
    )
    passes = serializers.BooleanField(help_text="Whether this verdict lets a build go ahead.")

    class Meta:
        ref_name = "cargo.JudgedPackage"


class LockFileReportSerializer(serializers.Serializer):
    """Shows the verdicts on a lock file."""

    passes = serializers.BooleanField(help_text="Whether a build may go ahead.")
    sentence = serializers.CharField(help_text="The report in a sentence.")
    totals = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many packages have each verdict."
    )
    packages = JudgedPackageSerializer(
        many=True, source="judged", help_text="The packages of this registry, with verdicts."
    )
    not_judged = NotJudgedPackageSerializer(
        many=True, help_text="The packages that are from elsewhere."
    )
    not_refreshed = serializers.ListField(
        child=serializers.CharField(),
        help_text="The crates, in lower case, for which an upstream did not answer, or not in time.",
    )

    class Meta:
        ref_name = "cargo.LockFileReport"

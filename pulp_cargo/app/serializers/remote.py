"""Upstream registries in the REST API."""

from typing import Any
from urllib.parse import unquote, urlsplit

from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from yarl import URL

from pulpcore.plugin import serializers as core
from pulpcore.plugin.models import Remote
from pulpcore.plugin.util import get_current_authenticated_user

from pulp_cargo.app.models import CargoRemote
from pulp_cargo.app.serializers.choices import NamedChoiceField
from pulp_cargo.app.serializers.core_fields import DocumentedFields
from pulp_cargo.app.serializers.errors import refused_as_forbidden, refused_as_invalid
from pulp_cargo.app.serializers.import_crates import IMPORT_FOLDERS
from pulp_cargo.app.serializers.snapshot_keys import SnapshotKeysField
from pulp_cargo.app.serializers.visible import CratePolicyField
from pulp_cargo.app.services import repository_use
from pulp_cargo.app.services.imports.folder import allowed_path
from pulp_cargo.protocol.registry_url import parse_registry_url

SPARSE = ("sparse+https://", "sparse+http://")
FOLDER = "file:///"
OTHERS = ("https://", "http://", "ssh://", FOLDER)
# The maximum of PostgreSQL's integers, some 68 years.
MOST_SECONDS = 2**31 - 1


def default_policy() -> str:
    """Return the default `policy` of new remotes."""
    policy: str = Remote.ON_DEMAND
    return policy


class CargoRemoteSerializer(DocumentedFields, core.RemoteSerializer):
    """Shows and creates remotes, the records of upstream registries."""

    url = serializers.CharField(
        help_text="The URL of the upstream's index as in cargo's configuration. A sparse index has a"
        " final slash: `sparse+https://crates.example.org/`. Only syncs can use the others: a git"
        " index (`https://`, `ssh://` or `file://`), and a local registry, a folder as"
        " `cargo local-registry` writes it (`file://`). Folders must be below a path in the setting"
        " `ALLOWED_IMPORT_PATHS`, and require the permission `core.add_pulpimport`, which"
        " administrators have."
    )
    policy = NamedChoiceField(
        "RemotePolicy",
        choices=Remote.POLICY_CHOICES,
        default=default_policy,
        help_text="When .crate files are fetched: `immediate`, all at once; `on_demand`, at their"
        " first download, and then stored; `streamed`, at each download. The default is"
        " `on_demand`.",
    )

    token = serializers.CharField(
        required=False,
        allow_null=True,
        write_only=True,
        trim_whitespace=False,
        style={"input_type": "password"},
        help_text="The token for an upstream that requires one (`auth-required`), exactly as"
        " cargo sends it.",
    )
    index_max_age = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=MOST_SECONDS,
        help_text="For how many seconds a cache serves an index file before it revalidates it;"
        " null means the setting `CARGO_UPSTREAM_MAX_AGE`.",
    )
    stale_for = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=MOST_SECONDS,
        help_text="For how many seconds more a cache serves an index file if the upstream is"
        " unavailable; null means without limit.",
    )
    forbidden_means_missing = serializers.BooleanField(
        required=False,
        help_text="Whether a 403 from the upstream means that it does not have a crate, as in an"
        " S3 bucket that does not allow listing. The default is false: a 403 is a failure.",
    )
    search_upstream = serializers.BooleanField(
        required=False,
        help_text="Whether searches of its caches are sent to the upstream's own web API as well, so"
        " that they find crates that are not stored. The default is false.",
    )
    snapshot_keys = SnapshotKeysField(
        help_text="OpenPGP public keys, ASCII-armored. If there are any, a sync fails unless all crate"
        " versions that it would store are in a snapshot that one of them has signed."
    )
    crate_policy = CratePolicyField(help_text="The crate policy for this upstream; null for none.")

    class Meta:
        model = CargoRemote
        fields = (
            *core.RemoteSerializer.Meta.fields,
            "token",
            "index_max_age",
            "stale_for",
            "forbidden_means_missing",
            "search_upstream",
            "snapshot_keys",
            "crate_policy",
        )

    def validate_url(self, url: str) -> str:
        """Refuse URLs that are not of an index, or contain a password."""
        if not url.startswith(SPARSE + OTHERS):
            raise serializers.ValidationError(
                f"the URL {url!r} is not the URL of an index: it must begin with `sparse+https://` or"
                " `sparse+http://`, as in cargo's configuration, or for a git index with `https://`,"
                " `http://`, `ssh://` or `file:///`"
            )
        with refused_as_invalid():
            parse_registry_url(url)
        _require_host(url)
        if url.startswith(FOLDER):
            _require_folder(url)
        return super().validate_url(url)

    def validate_token(self, token: str | None) -> str | None:
        """Refuse tokens that cannot be sent in a header."""
        if token is not None and not (token.isascii() and token.isprintable()):
            # Not the value: it is a secret.
            raise serializers.ValidationError("A token can only have printable ASCII characters.")
        return token

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Refuse another server for crates that go into a repository of others."""
        data = super().validate(data)
        if self.instance is not None:
            if not str(data.get("url", SPARSE[0])).startswith(SPARSE):
                with refused_as_invalid():
                    repository_use.require_no_cache(self.instance)
            with refused_as_forbidden():
                user = get_current_authenticated_user()
                repository_use.require_permitted_for_remote(self.instance, data, user)
        return data


def _require_host(url: str) -> None:
    """Refuse a host that cannot be encoded for DNS (RFC 5891), as in `https://xn--ü/`."""
    try:
        URL(url.removeprefix("sparse+"))
    except ValueError as error:
        raise serializers.ValidationError(
            f"the host of the URL {url!r} is invalid: {error}"
        ) from error


def _require_folder(url: str) -> None:
    """Refuse folders that are not for imports, and users who may not import from them."""
    with refused_as_invalid():
        allowed_path(unquote(urlsplit(url).path))
    user = get_current_authenticated_user()
    if user is not None and not user.has_perm(IMPORT_FOLDERS):
        raise PermissionDenied(
            f"a remote for a folder of the server requires the permission `{IMPORT_FOLDERS}`"
        )

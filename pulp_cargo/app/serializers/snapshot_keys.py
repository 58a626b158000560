"""The keys of those whose snapshots are trusted."""

from typing import Any

from rest_framework import serializers

from pulp_cargo.app.serializers.errors import refused_as_invalid
from pulp_cargo.app.services.snapshots.signature import require_keys

# Some hundred keys.
LONGEST_KEYS = 1024 * 1024


class SnapshotKeysField(serializers.CharField):
    """OpenPGP public keys, ASCII-armored; empty without any."""

    def __init__(self, **options: Any) -> None:
        wanted = {"required": False, "allow_blank": True, "max_length": LONGEST_KEYS}
        super().__init__(**(wanted | options))

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Refuse text that has no public key, or that has a secret one."""
        keys = super().run_validation(data)
        with refused_as_invalid():
            require_keys(keys)
        return keys

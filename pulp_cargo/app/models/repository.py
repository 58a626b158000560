"""The repository behind a registry, and the creation of its versions."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import OperationalError, models, transaction
from django.db.models import Q, QuerySet
from django_lifecycle import AFTER_UPDATE, hook
from psycopg.errors import LockNotAvailable

from pulpcore.plugin.models import (
    AsciiArmoredDetachedSigningService,
    AutoAddObjPermsMixin,
    Repository,
    RepositoryVersion,
)

from pulp_cargo.app.models import content_responses, invariants, retention
from pulp_cargo.app.models.claims import claim_names
from pulp_cargo.app.models.crate import CrateContent, CrateYank
from pulp_cargo.app.models.remote import CargoRemote
from pulp_cargo.app.models.version_label import add_missing
from pulp_cargo.app.runtime import statements, timeouts
from pulp_cargo.protocol.unavailable import RepositoryBusy

# The first key of our advisory locks; the second is the repository's id.
LOCK_CLASS = 0x6361_7267
# The labels that Pulp's import of an export has read, until its version is there. Core makes it, in
# the same task, and hands nothing on.
IMPORTED_LABELS: ContextVar[tuple[str, ...]] = ContextVar("cargo_imported_labels", default=())


# The locks are taken in the order of the keys. PostgreSQL would plan the prepared statements of a commit
# anew each time, since it knows the lengths of their arrays only then, and that takes a millisecond.
BEGIN_COMMIT = """
    SELECT set_config('plan_cache_mode', 'force_generic_plan', true),
        set_config('lock_timeout', %s, true), pg_advisory_xact_lock(wanted.class, hashtext(key))
    FROM unnest(%s::int[], %s::text[]) AS wanted (class, key)
"""


def set_lock_timeout() -> None:
    """Let no statement of the transaction wait longer for a lock; it raises OperationalError."""
    statements.run("SELECT set_config('lock_timeout', %s, true)", [_lock_timeout()])


def _lock_timeout() -> str:
    return f"{timeouts.LOCK_TIMEOUT_SECONDS}s"


def begin_commit(repository: UUID, keys: Sequence[tuple[int, str]]) -> None:
    """Prepare a transaction for a commit: lock a repository, and then take further advisory locks.

    All of this is one statement, which raises OperationalError after the timeout for locks.
    """
    classes, names = zip((LOCK_CLASS, str(repository)), *keys, strict=True)
    statements.run(BEGIN_COMMIT, [_lock_timeout(), list(classes), list(names)])


def lock(repository: UUID) -> None:
    """Lock a repository against other writers until the transaction ends."""
    statements.run("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK_CLASS, str(repository)])


@contextmanager
def locked(repository: UUID) -> Iterator[None]:
    """Hold the lock of a repository in a transaction; raises RepositoryBusy."""
    try:
        with transaction.atomic():
            set_lock_timeout()
            lock(repository)
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise RepositoryBusy from error
        raise


class CargoRepository(Repository, AutoAddObjPermsMixin):
    """Crates and yank marks, versioned; every publish and yank creates a version."""

    TYPE = "cargo"
    CONTENT_TYPES = [CrateContent, CrateYank]
    REMOTE_TYPES = [CargoRemote]

    crates_io_rules = models.BooleanField(default=False)
    # Whether crates belong to owners (rules/owners), or to everybody who may publish.
    crate_owners = models.BooleanField(default=False)
    index_aliases = ArrayField(models.TextField(), default=list)
    # Former upstreams of caches that have stored crates here.
    mirrored_urls = ArrayField(models.TextField(), default=list)
    # Signs the snapshots of versions.
    signing_service = models.ForeignKey(
        AsciiArmoredDetachedSigningService,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    # OpenPGP keys, ASCII-armored: if there are any, a bundle must be signed by one of them.
    snapshot_keys = models.TextField(default="")

    class Meta:
        default_related_name = "%(app_label)s_%(model_name)s"
        permissions = [
            ("modify_cargorepository", "Can modify content of Cargo repositories"),
            ("sync_cargorepository", "Can sync Cargo repositories"),
            ("repair_cargorepository", "Can repair Cargo repositories"),
            ("manage_roles_cargorepository", "Can manage roles on Cargo repositories"),
        ]

    def new_version(
        self, base_version: RepositoryVersion | None = None, *, follows: bool = False
    ) -> RepositoryVersion:
        """Start a repository version after the newest, even if others create versions.

        A publish may have committed a version since this object was loaded, so the next number
        is read again under the lock; core uses the loaded one. A version that `follows` an upstream
        may have other bytes for numbers that were removed.
        """
        with transaction.atomic():
            lock(self.pk)
            self.refresh_from_db(fields=["next_version"])
            latest = self.versions.latest()
            if latest.complete:
                self.next_version = max(self.next_version, latest.number + 1)
            version = super().new_version(base_version)
        version.follows = follows
        return version

    def finalize_new_version(self, new_version: RepositoryVersion) -> None:
        """Check the invariants, remove the yank marks of removed crates, and claim names.

        Of two units of one file, one is removed.
        """
        for kind, find in (
            (CrateContent, invariants.second_descriptions),
            (CrateYank, invariants.dangling_yanks),
        ):
            if units := find(new_version):
                new_version.remove_content(kind.objects.filter(pk__in=units))
        invariants.require_sound(new_version)
        # An import of Pulp's exports, which follows their source, calls core's `new_version`.
        if not getattr(new_version, "follows", True):
            invariants.require_unused(new_version)
        claim_names(new_version.pk)
        if IMPORTED_LABELS.get() and not (new_version.added() or new_version.removed()):
            # Core drops the new version, and the newest has the same content.
            self._label_as_imported(self.latest_version())

    def on_new_version(self, version: RepositoryVersion) -> None:
        """Give the version of an import its labels."""
        super().on_new_version(version)
        self._label_as_imported(version)

    def _label_as_imported(self, version: RepositoryVersion) -> None:
        if labels := IMPORTED_LABELS.get():
            IMPORTED_LABELS.set(())
            add_missing(version, labels)

    @hook(AFTER_UPDATE, when="remote_id", has_changed=True)
    def drop_content_responses(self) -> None:
        """Drop cached responses of paths that may be closed now."""
        content_responses.drop_after_commit()

    def protected_versions(self) -> QuerySet[RepositoryVersion]:
        """Return core's protected versions, and those with a label."""
        labelled = self.versions.filter(cargo_labels__isnull=False).values("pk")
        return self.versions.filter(Q(pk__in=super().protected_versions()) | Q(pk__in=labelled))

    def cleanup_old_versions(self) -> None:
        """Delete the versions beyond `retain_repo_versions`, all in one go."""
        retention.trim(self)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, without reverting versions or aliases that others have created since.

        Core saves the repository with each version of a task, in its state from the task's
        beginning.
        """
        if not self._state.adding and kwargs.get("update_fields") is None:
            with transaction.atomic():
                lock(self.pk)
                self._take_over_what_others_made()
                super().save(*args, **kwargs)
        else:
            super().save(*args, **kwargs)

    def _take_over_what_others_made(self) -> None:
        stored = type(self).objects.select_for_update(no_key=True).filter(pk=self.pk)
        columns = ("next_version", "index_aliases", "mirrored_urls")
        for next_version, aliases, mirrored in stored.values_list(*columns):
            self.next_version = max(self.next_version, next_version)
            self.mirrored_urls = mirrored
            if not self.has_changed("index_aliases"):
                self.index_aliases = aliases

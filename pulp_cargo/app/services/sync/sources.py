"""Opening the index of a remote that is mirrored from: fetched git repositories, folders, connections.

A git repository stays in a folder for its repository below Pulp's working directory, so that a
worker on the same machine fetches and reads only what is new. Nothing depends on it: without it the
whole index is fetched again.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit
from uuid import UUID

from django.conf import settings

from pulp_cargo.app.models import CargoRemote, CargoRepository
from pulp_cargo.app.runtime.free_space import FreeSpace
from pulp_cargo.app.services.sync.upstream import ConnectedUpstream
from pulp_cargo.app.upstream.errors import CannotCopy
from pulp_cargo.app.upstream.git import CannotReadGit, GitRepository
from pulp_cargo.app.upstream.git_settings import GitAccess, write_settings
from pulp_cargo.app.upstream.index_sources import (
    GitIndex,
    IndexSource,
    LocalRegistry,
    SparseIndex,
)
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.registry_url import CRATES_IO, is_crates_io
from pulp_cargo.protocol.unavailable import UpstreamUnreachable
from pulp_cargo.protocol.upstream_config import UpstreamConfig, download_url

# The folder of git repositories below Pulp's working directory.
GIT_FOLDER = "cargo-git"
# The user of ssh URLs, as on all big hosts.
SSH_USER = "git"
NOT_GIT_NOR_LOCAL = (
    "the folder {path} is neither a git repository nor a local registry with a folder `index`"
)


@dataclass(frozen=True, slots=True)
class Opened:
    """An index that is ready to be read, and where its files are.

    `config` is None for a local registry, and `commit` for everything but a git index.
    """

    index: IndexSource
    registry: str
    config: UpstreamConfig | None
    commit: str | None = None
    is_partial: bool = False
    note_synced: Callable[[], None] = lambda: None

    def file_url(self) -> Callable[[str, str, str], str] | None:
        """Return what makes the URL of a file, None for a local registry."""
        return None if self.config is None else partial(download_url, self.config)


def registry_url(remote: CargoRemote) -> str:
    """Return the URL that means the registry in index lines."""
    return CRATES_IO if is_crates_io(remote.url) else str(remote.url)


@contextmanager
def opened(
    connected: ConnectedUpstream,
    disk: FreeSpace,
    repository: CargoRepository,
    remote: CargoRemote,
    base: str | None,
) -> Iterator[Opened]:
    """Open the index of a remote; raises CannotCopy and StorageFull.

    If `base`, a commit of an earlier sync, is known, only what has changed since is listed.
    """
    registry = registry_url(remote)
    if remote.is_sparse:
        index = SparseIndex(connected.client, connected.loop)
        yield Opened(index, registry, _sparse_config(connected))
        return
    folder = _allowed_folder(remote) if urlsplit(remote.url).scheme == "file" else None
    if folder is not None and (folder / "index").is_dir():
        yield Opened(LocalRegistry(folder), registry, None)
        return
    if folder is not None:
        folder = _plain_git(folder)
    with tempfile.TemporaryDirectory(prefix="git-", dir=os.getcwd()) as own:
        access = _access(remote, folder)
        clone = _git_folder(repository.pk)
        git = GitRepository(clone, write_settings(access, Path(own)))
        commit = git.fetch(access.url, disk.require_room, remote.total_timeout)
        with _cleared_if_damaged(git):
            yield _git_index(git, commit, base, registry)


def _git_index(git: GitRepository, commit: str, base: str | None, registry: str) -> Opened:
    config = _usable(GitIndex(git, commit, None).config)
    known = base if base is not None and git.has(base) else None
    if known is not None and not _is_same_config(git, known, config):
        # All files have other URLs.
        known = None
    return Opened(
        GitIndex(git, commit, known),
        registry,
        config,
        commit,
        is_partial=known is not None,
        note_synced=lambda: git.note_synced(commit),
    )


@contextmanager
def _cleared_if_damaged(git: GitRepository) -> Iterator[None]:
    """Remove what was fetched if it cannot be read, so that the next sync fetches it again."""
    try:
        yield
    except CannotReadGit as error:
        git.clear()
        raise CannotCopy(f"{error}; the next sync fetches the whole index again") from error


def _sparse_config(connected: ConnectedUpstream) -> UpstreamConfig:
    return _usable(lambda: connected.run(connected.client.config()))


def _is_same_config(git: GitRepository, commit: str, config: UpstreamConfig) -> bool:
    """Whether an earlier commit has the same config.json."""
    try:
        return GitIndex(git, commit, None).config() == config
    except RegistryError:
        return False


def _usable(config: Callable[[], UpstreamConfig]) -> UpstreamConfig:
    try:
        return config()
    except CannotCopy:
        raise
    except UpstreamUnreachable as error:
        raise CannotCopy(f"{error}{error.detail and f' ({error.detail})'}") from error
    except RegistryError as error:
        raise CannotCopy(str(error)) from error


def _allowed_folder(remote: CargoRemote) -> Path:
    """Return the folder of a URL, without links; it must be below an allowed one."""
    path = Path(unquote(urlsplit(remote.url).path))
    real = path.resolve()
    allowed = (Path(one).resolve() for one in settings.ALLOWED_IMPORT_PATHS)
    if not any(real.is_relative_to(one) for one in allowed):
        raise CannotCopy(f"the folder {path} is not below a path in `ALLOWED_IMPORT_PATHS`")
    if not real.is_dir():
        raise CannotCopy(f"the folder {path} does not exist where Pulp's workers run")
    return real


def _plain_git(folder: Path) -> Path:
    """Return the git directory of a repository; refuse one that may have its objects elsewhere."""
    inner = folder / ".git"
    if inner.is_symlink() or inner.is_file():
        raise _leads_outside(folder, inner)
    git = inner if inner.is_dir() else folder
    if not (git / "HEAD").is_file() or not (git / "objects").is_dir():
        raise CannotCopy(NOT_GIT_NOR_LOCAL.format(path=folder))
    for elsewhere in (git / "objects" / "info" / "alternates", git / "commondir"):
        if os.path.lexists(elsewhere):
            raise _leads_outside(folder, elsewhere)
    for link in _links(git):
        raise _leads_outside(folder, link)
    return git


def _links(git: Path) -> Iterator[Path]:
    """Yield the symbolic links that git would follow in a git directory."""
    yield from (path for path in git.iterdir() if path.is_symlink())
    for place in ("objects", "refs", "reftable"):
        for parent, folders, files in os.walk(git / place):
            names = (Path(parent, name) for name in (*folders, *files))
            yield from (path for path in names if path.is_symlink())


def _leads_outside(folder: Path, path: Path) -> CannotCopy:
    return CannotCopy(
        f"the git repository {folder} has objects outside of its folder: `{path.relative_to(folder)}`"
        " leads elsewhere"
    )


def _access(remote: CargoRemote, folder: Path | None) -> GitAccess:
    parts = urlsplit(remote.url)
    url = remote.url
    if folder is not None:
        url = f"file://{quote(str(folder))}"
    elif parts.scheme == "ssh":
        user = quote(remote.username or SSH_USER, safe="")
        url = parts._replace(netloc=f"{user}@{parts.netloc}").geturl()
    return GitAccess(
        url=url,
        username=remote.username,
        password=remote.password,
        proxy_url=remote.proxy_url,
        proxy_username=remote.proxy_username,
        proxy_password=remote.proxy_password,
        verify=remote.tls_validation,
        ca_cert=remote.ca_cert,
        client_cert=remote.client_cert,
        client_key=remote.client_key,
    )


def _git_folder(repository: UUID) -> Path:
    """Return the folder for a repository's git index; those of deleted repositories are removed.

    The task has the repository to itself, so nothing else uses the folder.
    """
    root = Path(settings.WORKING_DIRECTORY, GIT_FOLDER)
    root.mkdir(mode=0o700, exist_ok=True)
    there = {one.name: one for one in root.iterdir() if one.name != str(repository)}
    known = {
        str(pk) for pk in CargoRepository.objects.filter(pk__in=there).values_list("pk", flat=True)
    }
    for name in there.keys() - known:
        shutil.rmtree(there[name], ignore_errors=True)
    return root / str(repository)

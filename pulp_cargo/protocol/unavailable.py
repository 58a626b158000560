"""What a registry cannot do now, through no fault of who asks: answers from 502 on."""

from typing import ClassVar

from pulp_cargo.protocol.errors import RegistryError


class UpstreamFailed(RegistryError):
    """A file that is with the upstream registry cannot be had from there."""

    status = 502

    def __init__(self, name: str, vers: str, what: str = "") -> None:
        super().__init__(
            f"the upstream registry did not send the file of `{name} {vers}`"
            f"{what and f': {what}'}; try again later, or tell the administrator of this registry"
        )


class UpstreamUnreachable(RegistryError):
    """An upstream registry does not answer, or with an error; `wait` are seconds it asked for.

    What clients are told names no address of it; `detail` is for the log.
    """

    status = 502

    def __init__(self, upstream: str, what: str, wait: int | None = None, detail: str = "") -> None:
        super().__init__(f"the upstream registry `{upstream}` cannot be used now: {what}")
        self.what = what
        self.wait = wait
        self.detail = detail


class UpstreamRefused(UpstreamUnreachable):
    """An upstream registry is there, and refuses what it was asked for."""


class UpstreamLeftAlone(UpstreamUnreachable):
    """An upstream registry failed just now, and is not asked for a while."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream, "it failed just now, and is left alone a while")


class UpstreamIndexInvalid(RegistryError):
    """What an upstream registry sent as an index file is none, or is damaged."""

    status = 502

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"the upstream registry's index file of `{name}` cannot be used: {what}")


class UpstreamIndexEmpty(UpstreamIndexInvalid):
    """What an upstream registry sent as an index file has nothing in it: it has no such crate."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "it is empty")


class UpstreamConfigInvalid(RegistryError):
    """What an upstream registry sent as its config.json is none, or is damaged."""

    status = 502

    def __init__(self, what: str) -> None:
        super().__init__(f"the upstream registry's config.json cannot be used: {what}")


class Unavailable(RegistryError):
    """The registry cannot do it now; `retry_after` seconds later it may."""

    status = 503
    retry_after: ClassVar[int] = 5


class RepositoryBusy(Unavailable):
    """Something else holds the repository for too long."""

    def __init__(self) -> None:
        super().__init__("the registry is busy with another change; nothing was changed, try again")


class ServiceUnavailable(Unavailable):
    """Something the registry depends on does not answer."""


class StorageFull(Unavailable):
    """The registry has no room left for the file."""

    retry_after = 60

    def __init__(self) -> None:
        super().__init__("the registry has no room left to store the crate; tell its administrator")

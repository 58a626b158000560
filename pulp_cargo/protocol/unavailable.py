"""Failures that are not the client's fault: statuses from 502 on."""

from typing import ClassVar

from pulp_cargo.protocol.errors import RegistryError


class UpstreamFailed(RegistryError):
    """The upstream registry does not deliver a file that its index lists."""

    status = 502

    def __init__(self, name: str, vers: str, what: str = "") -> None:
        super().__init__(
            f"the upstream registry did not send the file of `{name} {vers}`"
            f"{what and f': {what}'}; try again later, or tell the administrator of this registry"
        )


class UpstreamUnreachable(RegistryError):
    """An upstream registry does not answer, or answers with an error; `wait` is its Retry-After.

    The message for clients does not contain its address; `detail` is for the log.
    """

    status = 502

    def __init__(self, upstream: str, what: str, wait: int | None = None, detail: str = "") -> None:
        super().__init__(f"the upstream registry `{upstream}` cannot be used now: {what}")
        self.upstream = upstream
        self.what = what
        self.wait = wait
        self.detail = detail


class UpstreamRefused(UpstreamUnreachable):
    """An upstream registry is available, but refuses the request."""


class UpstreamLeftAlone(UpstreamUnreachable):
    """An upstream registry failed repeatedly, so the circuit breaker is open."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream, "it failed repeatedly, and gets no requests for a while")


class UpstreamIndexInvalid(RegistryError):
    """An upstream registry sent an invalid index file."""

    status = 502

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"the upstream registry's index file of `{name}` cannot be used: {what}")


class UpstreamIndexEmpty(UpstreamIndexInvalid):
    """An upstream registry sent an empty index file: it has no such crate."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "it is empty")


class UpstreamConfigInvalid(RegistryError):
    """An upstream registry sent an invalid config.json."""

    status = 502

    def __init__(self, what: str) -> None:
        super().__init__(f"the upstream registry's config.json cannot be used: {what}")


class UpstreamSearchInvalid(RegistryError):
    """An upstream registry sent an invalid response to a search."""

    status = 502

    def __init__(self, what: str) -> None:
        super().__init__(f"the upstream registry's response to a search cannot be used: {what}")


class Unavailable(RegistryError):
    """The registry cannot do it now; retrying after `retry_after` seconds may succeed."""

    status = 503
    retry_after: ClassVar[int] = 5


class RepositoryBusy(Unavailable):
    """Something else locks the repository for too long."""

    def __init__(self) -> None:
        super().__init__("the registry is busy with another change; nothing was changed, try again")


class ServiceUnavailable(Unavailable):
    """Something the registry depends on does not answer."""


class StorageFull(Unavailable):
    """The registry has no room left for the file."""

    retry_after = 60

    def __init__(self) -> None:
        super().__init__(
            "the registry has no space left to store the crate; tell its administrator"
        )

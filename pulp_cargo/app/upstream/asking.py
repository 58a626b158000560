"""One request to an upstream registry, and recording its result in the circuit breaker."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import ClientConnectorError, ClientError

from pulp_cargo.app.models.connecting import AddressRefused
from pulp_cargo.app.upstream.answer import without_query
from pulp_cargo.protocol.unavailable import (
    UpstreamLeftAlone,
    UpstreamRefused,
    UpstreamUnreachable,
)
from pulp_cargo.rules.breaker import Breaker

# Maximum Retry-After of a single file, in seconds, because it says nothing about other files.
LONGEST_WAIT_FOR_FILE = 60
LEADS_INSIDE = (
    "it leads to an address that is not public, and not allowed by the setting"
    " `CARGO_UPSTREAM_PRIVATE_NETWORKS`"
)


class Kind(StrEnum):
    """What a request is for; the kinds have separate limits and circuit breakers."""

    INDEX = "index"
    FILE = "file"
    SEARCH = "search"


@dataclass(slots=True)
class Asking:
    """A request; `has_begun` is false while it waits for its turn."""

    upstream: str
    url: str
    breaker: Breaker
    kind: Kind
    has_begun: bool = False

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Record the result in the breaker, and turn failures into UpstreamUnreachable."""
        try:
            yield
        except UpstreamLeftAlone:
            raise
        except UpstreamRefused:
            # The upstream is available, and refuses this request only.
            self.breaker.succeeded()
            raise
        except UpstreamUnreachable as error:
            self._failed_with(error)
            raise
        except ClientConnectorError as error:
            if not isinstance(error.os_error, AddressRefused):
                self._note_silence()
                raise self._unreachable(error) from error
            # The upstream is available; only this request leads to a refused address.
            self.breaker.succeeded()
            detail = without_query(self.url)
            raise UpstreamRefused(self.upstream, LEADS_INSIDE, detail=detail) from error
        except (ClientError, TimeoutError, OSError, ValueError) as error:
            self._note_silence()
            raise self._unreachable(error) from error
        else:
            self.breaker.succeeded()

    def _note_silence(self) -> None:
        # A request that was not sent says nothing about the upstream.
        if self.has_begun:
            self.breaker.failed()

    def _failed_with(self, answer: UpstreamUnreachable) -> None:
        """Record an error response of the upstream."""
        match self.kind:
            case Kind.INDEX:
                self.breaker.failed(answer.wait, self.url)
            case Kind.FILE if answer.wait is not None:
                self.breaker.failed(min(answer.wait, LONGEST_WAIT_FOR_FILE))
            case Kind.SEARCH:
                self.breaker.failed(answer.wait)

    def _unreachable(self, error: Exception) -> UpstreamUnreachable:
        is_late = isinstance(error, TimeoutError)
        what = (
            "it does not answer in time"
            if is_late
            else "the connection failed, or its response was invalid"
        )
        detail = f"{without_query(self.url)}: {str(error) or type(error).__name__}"
        return UpstreamUnreachable(self.upstream, what, detail=detail)

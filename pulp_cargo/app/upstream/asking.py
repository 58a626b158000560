"""One request to an upstream registry, and what it tells of the upstream's health."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import ClientConnectorError, ClientError

from pulp_cargo.app.models.connecting import AddressRefused
from pulp_cargo.app.upstream.answer import without_query
from pulp_cargo.protocol.unavailable import (
    UpstreamLeftAlone,
    UpstreamRefused,
    UpstreamUnreachable,
)
from pulp_cargo.rules.breaker import Breaker

# The longest pause that an answer about one file may ask for, in seconds: it is about no other.
LONGEST_WAIT_FOR_FILE = 60
LEADS_INSIDE = (
    "it leads to an address that is not a public one, and that the setting"
    " `CARGO_UPSTREAM_PRIVATE_NETWORKS` does not allow"
)


@dataclass(slots=True)
class Asking:
    """A request, which may still wait for its turn."""

    upstream: str
    url: str
    breaker: Breaker
    is_file: bool
    has_begun: bool = False

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note how the request fares; whatever fails is an UpstreamUnreachable."""
        try:
            yield
        except UpstreamLeftAlone:
            raise
        except UpstreamRefused:
            # It is well, and refuses this one request.
            self.breaker.succeeded()
            raise
        except UpstreamUnreachable as error:
            self._failed_with(error)
            raise
        except ClientConnectorError as error:
            if not isinstance(error.os_error, AddressRefused):
                self._note_silence()
                raise self._told(error) from error
            # It is well, and leads elsewhere with this one request.
            self.breaker.succeeded()
            detail = without_query(self.url)
            raise UpstreamRefused(self.upstream, LEADS_INSIDE, detail=detail) from error
        except (ClientError, TimeoutError, OSError, ValueError) as error:
            self._note_silence()
            raise self._told(error) from error
        else:
            self.breaker.succeeded()

    def _note_silence(self) -> None:
        # Who only waited for a turn knows nothing of the upstream.
        if self.has_begun:
            self.breaker.failed()

    def _failed_with(self, answer: UpstreamUnreachable) -> None:
        """Note an answer that says that something is wrong there."""
        if not self.is_file:
            self.breaker.failed(answer.wait, self.url)
        elif answer.wait is not None:
            self.breaker.failed(min(answer.wait, LONGEST_WAIT_FOR_FILE))

    def _told(self, error: Exception) -> UpstreamUnreachable:
        is_late = isinstance(error, TimeoutError)
        what = "it does not answer in time" if is_late else "it does not answer as it should"
        detail = f"{without_query(self.url)}: {str(error) or type(error).__name__}"
        return UpstreamUnreachable(self.upstream, what, detail=detail)

"""The packages of a lock file that a repository is to hold and does not, and those it cannot get."""

from dataclasses import dataclass
from uuid import UUID

from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
from pulp_cargo.protocol.upstream_index import UpstreamVersion
from pulp_cargo.rules.crate_policy import NamedPolicy


@dataclass(frozen=True, slots=True)
class Absent:
    """A version that a repository is to keep; `unit` is its id where the domain has it already.

    `policies` are asked once more when its licence is known.
    """

    name: str
    version: UpstreamVersion
    remote: UpstreamRemote
    repository: UUID
    unit: UUID | None
    policies: tuple[NamedPolicy, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """A package that could not be fetched, and why."""

    name: str
    vers: str
    sentence: str

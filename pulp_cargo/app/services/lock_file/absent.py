"""The packages of a lock file that a repository lacks, and those that could not be fetched."""

from dataclasses import dataclass
from uuid import UUID

from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
from pulp_cargo.protocol.upstream_index import UpstreamVersion
from pulp_cargo.rules.policies.crate_policy import NamedPolicy


@dataclass(frozen=True, slots=True)
class Absent:
    """A version to add to a repository; `unit` is its id if the domain has it already.

    `policies` are evaluated again once its licence is known.
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

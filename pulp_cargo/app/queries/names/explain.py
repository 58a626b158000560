"""Why a list of upstreams answers for a crate as it does, without asking any upstream."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pulp_cargo.app.models import ReplacedVersion, UpstreamIndexFile
from pulp_cargo.app.queries.names import claims
from pulp_cargo.app.queries.names.claims import NameHolding
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.upstreams.upstreams import Upstream
from pulp_cargo.protocol.names import canonical_name, parse_crate_name
from pulp_cargo.protocol.packed_index import unpack
from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid
from pulp_cargo.protocol.upstream_index import parse_index_file
from pulp_cargo.rules.replaced_versions import replaced_sentence, version_key
from pulp_cargo.rules.upstream_order import Order, Rule, who_answers, who_has


@dataclass(frozen=True, slots=True)
class Had:
    """What an upstream has of a crate, as far as is known here; `has` is None where it is not.

    `checked_at` is when a remote last said so; `replaced` has a sentence for each version that it
    has replaced.
    """

    has: bool | None
    versions: int | None
    checked_at: datetime | None = None
    replaced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OfUpstream:
    """What one upstream has to do with a crate; `said` is a sentence."""

    upstream: str
    private: bool
    asked: bool
    said: str
    has: bool | None
    versions: int | None
    checked_at: datetime | None
    replaced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Who answers for a crate by which rule; `answers` is None where only asking can tell."""

    name: str
    rule: Rule
    sentence: str
    answers: tuple[str, ...] | None
    upstreams: tuple[OfUpstream, ...]


UNKNOWN = Had(None, None)


def explain(registry: Registry, order: Order, name: str) -> Explanation:
    """Return which upstreams of a list answer for a crate, and why; raises InvalidName."""
    name = parse_crate_name(name)
    held = claims.held(registry.sources, name)
    had = _in_repositories(held) | _kept_of_remotes(registry.sources, name)
    ever = [upstream for upstream, one in held.items() if one.ever]
    answer = who_answers(order, name, lambda one: had[one.name].has, had=ever)
    private = {one.name: one.private for one in order.upstreams}
    return Explanation(
        name=name,
        rule=answer.rule,
        sentence=answer.sentence,
        answers=who_has(answer, {upstream: one.has for upstream, one in had.items()}),
        upstreams=tuple(
            OfUpstream(
                upstream=one.upstream,
                private=private[one.upstream],
                asked=one.asked,
                said=one.sentence,
                has=had[one.upstream].has,
                versions=had[one.upstream].versions,
                checked_at=had[one.upstream].checked_at,
                replaced=had[one.upstream].replaced,
            )
            for one in answer.said
        ),
    )


def _in_repositories(held: Mapping[str, NameHolding]) -> dict[str, Had]:
    return {upstream: Had(one.versions > 0, one.versions) for upstream, one in held.items()}


def _kept_of_remotes(sources: Iterable[Upstream], name: str) -> dict[str, Had]:
    names = {one.remote.pk: one.name for one in sources if one.remote}
    found = UpstreamIndexFile.objects.filter(
        remote__in=names, canonical_name=canonical_name(name)
    ).values_list("remote", "name", "gzipped", "checked_at", "replaced")
    kept: dict[UUID, Had] = {}
    for remote, spelling, gzipped, checked_at, replaced in found:
        versions = 0 if gzipped is None else _versions_in(bytes(gzipped), spelling)
        before = kept.get(remote)
        # An index keeps the spellings of a crate apart, and has one of them.
        if before is None or not before.has:
            told = _held_as_they_were(remote, spelling, replaced)
            kept[remote] = Had(versions > 0, versions, checked_at, told)
    return {upstream: kept.get(remote, UNKNOWN) for remote, upstream in names.items()}


def _held_as_they_were(
    remote: UUID, name: str, replaced: Mapping[str, tuple[str, str]]
) -> tuple[str, ...]:
    """Say it of versions that were replaced, but not of those that the next request fetches anew."""
    if not replaced:
        return ()
    rows = ReplacedVersion.objects.filter(remote=remote, name=name, accepted_at__isnull=False)
    accepted = {version_key(vers, cksum) for vers, cksum in rows.values_list("vers", "cksum")}
    return tuple(
        replaced_sentence(vers, before, now)
        for vers, (before, now) in replaced.items()
        if version_key(vers, now) not in accepted
    )


def _versions_in(gzipped: bytes, name: str) -> int:
    try:
        return len(parse_index_file(unpack(gzipped), name).versions)
    except UpstreamIndexInvalid:
        return 0

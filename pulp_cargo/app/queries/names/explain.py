"""Which upstream of a list answers for a crate, and why, without upstream requests."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pulp_cargo.app.models import ReplacedVersion, UpstreamIndexFile
from pulp_cargo.app.queries.lock_file import cached_versions
from pulp_cargo.app.queries.names import claims
from pulp_cargo.app.queries.names.claims import NameHolding
from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream, Upstream
from pulp_cargo.protocol.names import canonical_name, parse_crate_name
from pulp_cargo.protocol.packed_index import unpack
from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid
from pulp_cargo.protocol.upstream_index import parse_index_file
from pulp_cargo.rules.replaced_versions import replaced_sentence, version_key
from pulp_cargo.rules.resolution import AnsweredBy, CrateState, has_crate, state_of, who_has
from pulp_cargo.rules.upstream_order import Order, Rule, who_answers


@dataclass(frozen=True, slots=True)
class Had:
    """What an upstream has of a crate, as far as is known here; `state` is None if it is not.

    `checked_at` is when a remote last confirmed it; `replaced` has a sentence for each version that
    it has replaced.
    """

    state: CrateState | None
    versions: int | None
    checked_at: datetime | None = None
    replaced: tuple[str, ...] = ()

    @property
    def has(self) -> bool | None:
        """Whether it has the crate, None if only a request to it can tell."""
        return has_crate(self.state)


@dataclass(frozen=True, slots=True)
class _IndexFile:
    """A cached index file of an upstream: how many versions it has, none for a 404."""

    versions: int
    checked_at: datetime
    replaced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfUpstream:
    """The part of one upstream in the answer for a crate; `reason` is a sentence."""

    upstream: str
    private: bool
    asked: bool
    reason: str
    has: bool | None
    versions: int | None
    checked_at: datetime | None
    replaced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Who answers for a crate by which rule; `answers` is None if remotes must be asked first."""

    name: str
    rule: Rule
    sentence: str
    answers: tuple[str, ...] | None
    upstreams: tuple[OfUpstream, ...]


def explain(upstreams: Sequence[Upstream], order: Order, name: str) -> Explanation:
    """Return which upstreams of a list answer for a crate, and why; raises InvalidName."""
    name = parse_crate_name(name)
    holdings = claims.holdings(upstreams, name)
    had = _in_repositories(holdings) | _in_remotes(upstreams, name)
    ever = [upstream for upstream, one in holdings.items() if one.ever]
    answer = who_answers(order, name, lambda one: had[one.name].has, had=ever)
    states = {upstream: one.state for upstream, one in had.items() if one.state is not None}
    step = who_has(answer, states)
    private = {one.name: one.private for one in order.upstreams}
    return Explanation(
        name=name,
        rule=answer.rule,
        sentence=answer.sentence,
        answers=step.upstreams if isinstance(step, AnsweredBy) else None,
        upstreams=tuple(
            OfUpstream(
                upstream=one.upstream,
                private=private[one.upstream],
                asked=one.asked,
                reason=one.sentence,
                has=had[one.upstream].has,
                versions=had[one.upstream].versions,
                checked_at=had[one.upstream].checked_at,
                replaced=had[one.upstream].replaced,
            )
            for one in answer.reasons
        ),
    )


def _in_repositories(holdings: Mapping[str, NameHolding]) -> dict[str, Had]:
    return {
        upstream: Had(
            CrateState.LISTED if one.versions else CrateState.ABSENT, versions=one.versions
        )
        for upstream, one in holdings.items()
    }


def _in_remotes(upstreams: Iterable[Upstream], name: str) -> dict[str, Had]:
    remotes = [one for one in upstreams if isinstance(one, RemoteUpstream)]
    files = _index_files(remotes, name)
    versions = [one.version for one in remotes if one.version]
    stored = cached_versions(versions, [canonical_name(name)]) if versions else {}
    return {
        one.name: _in_remote(
            one,
            files.get(one.remote.pk),
            len(stored.get((one.version, name.lower()), ())) if one.version else 0,
        )
        for one in remotes
    }


def _in_remote(upstream: RemoteUpstream, file: _IndexFile | None, stored: int) -> Had:
    """Return what a remote has, by its index file if that may be served, or by what is stored."""
    listed = None
    if file is not None and upstream.remote.is_usable(file.checked_at, has_crate=file.versions > 0):
        listed = file.versions > 0
    state = state_of(listed=listed, stored=stored > 0)
    if file is None:
        return Had(state, versions=stored or None)
    versions = stored if state is CrateState.STORED else file.versions
    return Had(state, versions, file.checked_at, file.replaced)


def _index_files(remotes: Iterable[RemoteUpstream], name: str) -> dict[UUID, _IndexFile]:
    """Return the cached index file of each remote; of several spellings, one that has versions."""
    rows = UpstreamIndexFile.objects.filter(
        remote__in=[one.remote.pk for one in remotes], canonical_name=canonical_name(name)
    ).values_list("remote", "name", "gzipped", "checked_at", "replaced")
    found: dict[UUID, _IndexFile] = {}
    for remote, spelling, gzipped, checked_at, replaced in rows:
        if remote not in found or not found[remote].versions:
            versions = 0 if gzipped is None else _versions_in(bytes(gzipped), spelling)
            sentences = _replaced_sentences(remote, spelling, replaced)
            found[remote] = _IndexFile(versions, checked_at, sentences)
    return found


def _replaced_sentences(
    remote: UUID, name: str, replaced: Mapping[str, tuple[str, str]]
) -> tuple[str, ...]:
    """Return a sentence for each replaced version, except those whose new bytes are accepted."""
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

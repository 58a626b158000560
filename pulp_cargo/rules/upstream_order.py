"""Which upstreams of a list may answer for a crate, and in which order they are asked.

The first of these rules that applies decides:
1. a name is claimed if it is reserved, or a private repository of the list has it or ever had it:
   then no other upstream is asked for it or serves it, regardless of patterns, pins and mixing;
2. a pinned name belongs only to the upstream with the narrowest matching pin;
3. if a name is mixed, all upstreams that may answer do;
4. otherwise the first in order that has the crate answers for all of it.

An unreachable upstream does not count as one without the crate: the search stops there, since
otherwise a failure of the first would let the second answer for its names.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from pulp_cargo.rules.patterns import matching, narrowness


class Rule(StrEnum):
    """The rule that decided which upstreams answer."""

    CLAIM = "claim"
    RESERVED = "reserved"
    PIN = "pin"
    MIXED = "mixed"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class OrderedUpstream:
    """An upstream of a list; a private one claims the names of its crates."""

    name: str
    patterns: tuple[str, ...] = ("*",)
    pins: tuple[str, ...] = ()
    private: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """A list of upstreams, the names reserved for private ones, and those that are mixed."""

    upstreams: tuple[OrderedUpstream, ...]
    reserved: tuple[str, ...] = ()
    mixed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UpstreamReason:
    """Whether one upstream of the list is asked, and the reason."""

    upstream: str
    asked: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The upstreams to ask, in order; the first that has the crate answers alone unless `mixed`."""

    ask: tuple[str, ...]
    rule: Rule
    sentence: str
    reasons: tuple[UpstreamReason, ...] = ()
    mixed: bool = False


_WORDS = {True: "has the crate", False: "does not have the crate", None: "is asked"}

# Whether an upstream has the crate; None if it must be asked.
Has = Callable[[OrderedUpstream], bool | None]


def who_answers(order: Order, name: str, has: Has, had: Collection[str] = ()) -> Answer:
    """Return the upstreams to ask for a crate; `has` is not called for those that are excluded.

    `had` are the names of upstreams that have or had the crate.

    >>> order = Order((OrderedUpstream("ours", private=True), OrderedUpstream("crates.io")), reserved=("acme-*",))
    >>> who_answers(order, "serde", lambda upstream: None if not upstream.private else False).ask
    ('crates.io',)
    >>> who_answers(order, "Acme_core", lambda upstream: False).ask
    ()
    """
    has = cache(has)
    # A private repository that is unknown counts as having it, so that no name leaks.
    private = [u for u in order.upstreams if u.private]
    holders = [u.name for u in private if has(u) is not False]
    claimed = _claim(order, name, holders, [u.name for u in private if u.name in had])
    rule, sentence = claimed or _pin(order, name) or _mixed(order, name) or _by_order(name)
    mixed = matching(order.mixed, name) is not None
    reasons = tuple(_reasons(order, name, has, private_only=claimed is not None, mixed=mixed))
    ask = tuple(one.upstream for one in reasons if one.asked)
    return Answer(ask, rule, sentence, reasons, mixed)


def only(*upstreams: str) -> Answer:
    """Return the answer for registries without a list: these upstreams, for every name.

    >>> only("crates.io").ask
    ('crates.io',)
    """
    return Answer(upstreams, Rule.ORDER, "")


def may_learn(
    order: Order, upstream: str, names: Iterable[str], claimed: Collection[str] = ()
) -> bool:
    """Return whether an upstream that is not private may get a text that could mean these names.

    It must not get claimed and reserved names, nor those that are pinned to another upstream.

    >>> order = Order((OrderedUpstream("crates.io"),), reserved=("acme-*",))
    >>> may_learn(order, "crates.io", ["acme", "serde"]), may_learn(order, "crates.io", ["acme_a"])
    (True, False)
    """

    def is_secret(name: str) -> bool:
        if name in claimed or matching(order.reserved, name):
            return True
        owner = _owner(order, name)
        return owner is not None and owner.name != upstream

    return not any(is_secret(name) for name in names)


def _claim(
    order: Order, name: str, holders: list[str], former: list[str]
) -> tuple[Rule, str] | None:
    if holders:
        return Rule.CLAIM, f"`{name}` is claimed by the private repository `{holders[0]}`"
    if former:
        # Otherwise removing a crate would give its name to an upstream.
        once = f"the private repository `{former[0]}`, which no longer has a version of it"
        return Rule.CLAIM, f"`{name}` is claimed by {once}"
    reserved = matching(order.reserved, name)
    if reserved:
        return Rule.RESERVED, f"`{name}` is reserved for private repositories by `{reserved}`"
    return None


def _pin(order: Order, name: str) -> tuple[Rule, str] | None:
    owner = _owner(order, name)
    if owner is None:
        return None
    return Rule.PIN, f"`{name}` is pinned to `{owner.name}` by `{matching(owner.pins, name)}`"


def _mixed(order: Order, name: str) -> tuple[Rule, str] | None:
    pattern = matching(order.mixed, name)
    if pattern is None:
        return None
    return Rule.MIXED, f"the versions of `{name}` are mixed because of `{pattern}`"


def _by_order(name: str) -> tuple[Rule, str]:
    return Rule.ORDER, f"the first upstream that has `{name}` answers for all of its versions"


def _owner(order: Order, name: str) -> OrderedUpstream | None:
    """Return the upstream with the narrowest pin for a name, the first one if they are equal."""
    pinned = [(u, pin) for u in order.upstreams if (pin := matching(u.pins, name))]
    return max(pinned, key=lambda pair: narrowness(pair[1]), default=(None, ""))[0]


def _reasons(
    order: Order, name: str, has: Has, *, private_only: bool, mixed: bool
) -> Iterator[UpstreamReason]:
    owner = None if private_only else _owner(order, name)
    answered: str | None = None
    for upstream in order.upstreams:
        excluded = _excluded(upstream, name, owner, private_only=private_only)
        if excluded is None and answered is not None and not mixed:
            excluded = f"it comes after `{answered}`, which has the crate"
        if excluded is not None:
            yield UpstreamReason(upstream.name, False, f"not asked: {excluded}")
            continue
        here = has(upstream)
        if here:
            answered = upstream.name
        yield UpstreamReason(upstream.name, here is not False, _WORDS[here])


def _excluded(
    upstream: OrderedUpstream, name: str, owner: OrderedUpstream | None, *, private_only: bool
) -> str | None:
    """Return why an upstream may not answer for a name, None if it may."""
    if private_only and not upstream.private:
        return "the name is reserved for private repositories"
    if owner is upstream:
        return None
    if owner is not None:
        return f"the name is pinned to `{owner.name}`"
    if matching(upstream.patterns, name) is None:
        return f"it only answers for {', '.join(f'`{p}`' for p in upstream.patterns)}"
    return None

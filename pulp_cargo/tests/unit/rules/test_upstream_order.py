"""Which upstreams of a list may answer for a crate."""

import pytest

from pulp_cargo.rules.upstream_order import (
    Order,
    OrderedUpstream,
    Rule,
    UpstreamReason,
    may_learn,
    who_answers,
)

OURS = OrderedUpstream("ours", private=True)
FORKS = OrderedUpstream("forks", private=True)
PARTNER = OrderedUpstream("partner", patterns=("partner-*", "serde"))
CRATES_IO = OrderedUpstream("crates.io")


class Index:
    """What each upstream has: a crate it lacks, or one that only asking would tell (`?`)."""

    def __init__(self, **names: str) -> None:
        self.names = {name.replace("_", "."): has.split() for name, has in names.items()}
        self.asked: list[str] = []

    def __call__(self, upstream: OrderedUpstream) -> bool | None:
        self.asked.append(upstream.name)
        crates = self.names.get(upstream.name, [])
        return None if "?" in crates else bool(crates)


def answers(upstreams, name, index=None, **rules):
    order = Order(upstreams, **rules)
    answer = who_answers(order, name, index or Index(crates_io="?", partner="?"))
    return answer.rule, answer.ask


def test_upstreams_are_asked_in_their_order():
    """The first that has the crate answers for all of it, so those known not to are left out."""
    both = (PARTNER, CRATES_IO)
    assert answers(both, "serde") == (Rule.ORDER, ("partner", "crates.io"))
    assert answers(both[::-1], "serde") == (Rule.ORDER, ("crates.io", "partner"))
    assert answers(both, "serde", Index(crates_io="?")) == (Rule.ORDER, ("crates.io",))


def test_nobody_is_asked_behind_the_one_that_has_the_crate():
    """Versions of one name from two upstreams are never mixed."""
    index = Index(partner="serde", crates_io="?")
    assert answers((PARTNER, CRATES_IO), "serde", index) == (Rule.ORDER, ("partner",))
    assert "crates.io" not in index.asked


def test_upstream_answers_for_its_patterns_only():
    """In any spelling."""
    both = (PARTNER, CRATES_IO)
    assert answers(both, "log") == (Rule.ORDER, ("crates.io",))
    assert answers(both, "Partner_Core") == (Rule.ORDER, ("partner", "crates.io"))
    assert answers((PARTNER,), "log") == (Rule.ORDER, ())


def test_versions_are_mixed_where_that_is_switched_on():
    """All that may answer are asked, and all answer."""
    order = Order((PARTNER, CRATES_IO), mixed=("serde*",))
    answer = who_answers(order, "serde", Index(partner="serde", crates_io="?"))
    assert (answer.rule, answer.ask, answer.mixed) == (Rule.MIXED, ("partner", "crates.io"), True)
    assert not who_answers(order, "log", Index(crates_io="?")).mixed


def test_pin_gives_a_name_to_one_upstream_alone():
    """A pattern that belongs to one upstream: no other answers, even where that one has nothing."""
    pinned = OrderedUpstream("partner", patterns=("other",), pins=("acme-*",))
    upstreams = (CRATES_IO, pinned)
    assert answers(upstreams, "Acme_core") == (Rule.PIN, ("partner",))
    assert answers(upstreams, "acme-core", Index(crates_io="?")) == (Rule.PIN, ())
    assert answers(upstreams, "acme") == (Rule.ORDER, ("crates.io",))


def test_narrowest_pin_decides():
    """A whole name before a start of names, a longer start before a shorter, then the order."""
    wide, narrow = (
        OrderedUpstream("wide", pins=("acme-*",)),
        OrderedUpstream("narrow", pins=("acme-core",)),
    )
    index = Index(wide="?", narrow="?")
    assert answers((wide, narrow), "acme_core", index) == (Rule.PIN, ("narrow",))
    assert answers((wide, narrow), "acme_web", index) == (Rule.PIN, ("wide",))
    again = OrderedUpstream("again", pins=("acme_core",))
    assert answers((again, narrow), "acme-core", Index(again="?")) == (Rule.PIN, ("again",))


@pytest.mark.parametrize(
    "rules",
    [{}, {"mixed": ("*",)}, {"reserved": ("other",)}],
    ids=["plain", "mixed", "reserved"],
)
def test_private_crate_is_never_asked_for_upstream(rules):
    """A name that a private repository has is claimed, wherever that stands in the list."""
    index = Index(ours="acme", crates_io="acme", partner="acme")
    assert answers((CRATES_IO, OURS, PARTNER), "acme", index, **rules) == (Rule.CLAIM, ("ours",))
    assert index.asked == ["ours"]


def test_no_pin_gives_a_private_name_away():
    """A claim stands above pins."""
    thief = OrderedUpstream("crates.io", pins=("acme",))
    index = Index(ours="acme", crates_io="acme")
    assert answers((thief, OURS), "acme", index) == (Rule.CLAIM, ("ours",))
    assert index.asked == ["ours"]


def test_private_repository_that_cannot_say_keeps_its_names():
    """Until it can, nothing is asked elsewhere."""
    index = Index(ours="?", crates_io="acme")
    assert answers((OURS, CRATES_IO), "acme", index) == (Rule.CLAIM, ("ours",))
    assert index.asked == ["ours"]


@pytest.mark.parametrize("name", ["acme-core", "acme_core", "ACME-Core"])
def test_reserved_name_is_never_asked_for_upstream(name):
    """A reserved pattern keeps names that nobody has yet, whatever case or hyphens."""
    index = Index(crates_io="acme-core")
    order = (OURS, CRATES_IO)
    assert answers(order, name, index, reserved=("acme-*",)) == (Rule.RESERVED, ())
    assert index.asked == ["ours"]


def test_private_repositories_answer_in_their_order():
    """The first of them that has the crate, or all where that is mixed."""
    index = Index(ours="acme", forks="acme")
    upstreams = (FORKS, CRATES_IO, OURS)
    assert answers(upstreams, "acme", index) == (Rule.CLAIM, ("forks",))
    assert answers(upstreams, "acme", index, mixed=("acme",)) == (Rule.CLAIM, ("forks", "ours"))


def test_crate_that_no_private_repository_has_is_asked_for_upstream():
    """A private repository in the list only claims what it has."""
    assert answers((OURS, CRATES_IO), "serde") == (Rule.ORDER, ("crates.io",))


def test_answer_says_what_became_of_each_upstream():
    """For `explain`: which rule decided, and what every other upstream had."""
    last = OrderedUpstream("last")
    order = Order((OURS, PARTNER, CRATES_IO, last), reserved=("acme-*",))
    answer = who_answers(order, "log", Index(crates_io="log", last="log"))
    assert answer.sentence == "the first upstream that has `log` answers for all of its versions"
    assert answer.reasons == (
        UpstreamReason("ours", False, "does not have the crate"),
        UpstreamReason("partner", False, "not asked: it only answers for `partner-*`, `serde`"),
        UpstreamReason("crates.io", True, "has the crate"),
        UpstreamReason("last", False, "not asked: it comes after `crates.io`, which has the crate"),
    )


@pytest.mark.parametrize(
    ("name", "sentence", "said"),
    [
        (
            "acme",
            "`acme` is claimed by the private repository `ours`",
            "not asked: the name is reserved for private repositories",
        ),
        (
            "acme_core",
            "`acme_core` is reserved for private repositories by `acme-*`",
            "not asked: the name is reserved for private repositories",
        ),
        (
            "pin",
            "`pin` is pinned to `partner` by `p*`",
            "not asked: the name is pinned to `partner`",
        ),
        ("mix", "the versions of `mix` are mixed because of `mix`", "is asked"),
    ],
)
def test_rule_that_decided_is_named(name, sentence, said):
    """With the repository or pattern that it comes from, and why crates.io is not asked."""
    partner = OrderedUpstream("partner", patterns=(), pins=("p*",))
    order = Order((OURS, partner, CRATES_IO), reserved=("acme-*",), mixed=("mix",))
    ours = {"ours": "acme"} if name == "acme" else {}
    answer = who_answers(order, name, Index(crates_io="?", **ours))
    assert (answer.sentence, answer.reasons[2].sentence) == (sentence, said)


def test_name_stays_claimed_when_the_crate_is_gone():
    """Nobody is asked for it; a private repository that has the crate now is the one to name."""
    order = Order((CRATES_IO, OURS, FORKS))
    answer = who_answers(order, "serde", Index(crates_io="?"), had=["ours"])
    assert (answer.rule, answer.ask) == (Rule.CLAIM, ())
    assert answer.sentence == (
        "`serde` is claimed by the private repository `ours`, which no longer has a version of it"
    )
    answer = who_answers(order, "serde", Index(forks="serde", crates_io="?"), had=["ours", "forks"])
    assert (answer.ask, answer.sentence) == (
        ("forks",),
        "`serde` is claimed by the private repository `forks`",
    )


def test_what_is_not_private_stays_nobodys():
    """It had the crate once, and the next in order answers now."""
    both = Order((OrderedUpstream("shared"), CRATES_IO))
    answer = who_answers(both, "serde", Index(crates_io="?"), had=["shared"])
    assert (answer.rule, answer.ask) == (Rule.ORDER, ("crates.io",))


def test_secret_names_are_not_told():
    """Claimed and reserved names, in any spelling, and those that are pinned to another upstream."""
    pinned = OrderedUpstream("partner", patterns=("partner-*",), pins=("pin-*",))
    order = Order((OURS, pinned, CRATES_IO), reserved=("acme-*", "secret"))
    claimed = {"ours_core"}

    def learns(upstream, *names):
        return may_learn(order, upstream, names, claimed)

    assert learns("crates.io", "serde", "acme", "partner_core")
    assert learns("partner", "serde", "pin_it")
    assert not learns("crates.io", "serde", "acme_core")
    assert not learns("crates.io", "secret")
    assert not learns("partner", "ours_core")
    assert not learns("crates.io", "pin_it")

"""Who answers for a crate, and what becomes of one of its versions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.rules.resolution import (
    AnsweredBy,
    Ask,
    CrateState,
    Decision,
    Unavailable,
    VersionFacts,
    decide,
    of_version,
    state_of,
    who_has,
)
from pulp_cargo.rules.upstream_order import (
    Answer,
    Order,
    OrderedUpstream,
    Rule,
    only,
    who_answers,
)

PARTNER = OrderedUpstream("partner", patterns=("partner-*", "serde"))
CRATES_IO = OrderedUpstream("crates.io")
LISTED, STORED, ABSENT, UNAVAILABLE = CrateState
NAMES = ("a", "b", "c", "d")


@pytest.mark.parametrize(
    ("listed", "stored", "failed", "state"),
    [
        (True, False, False, LISTED),
        (True, True, True, LISTED),
        (False, True, False, STORED),
        (None, True, False, STORED),
        (None, True, True, STORED),
        (False, False, False, ABSENT),
        (None, False, True, UNAVAILABLE),
        (None, False, False, None),
    ],
)
def test_what_is_stored_stands_in_where_the_index_says_nothing(
    listed: bool | None, stored: bool, failed: bool, state: CrateState | None
) -> None:
    """An upstream that lost a crate, that does not answer, or that nobody asked."""
    assert state_of(listed=listed, stored=stored, failed=failed) is state


@pytest.mark.parametrize(
    ("partner", "crates_io", "alone", "mixed"),
    [
        (LISTED, LISTED, ("partner",), ("partner", "crates.io")),
        (STORED, LISTED, ("partner",), ("partner", "crates.io")),
        (ABSENT, LISTED, ("crates.io",), ("crates.io",)),
        (ABSENT, ABSENT, (), ()),
        (LISTED, None, ("partner",), None),
        (None, LISTED, None, None),
    ],
)
def test_who_answers_when_it_is_known_who_has_the_crate(
    partner: CrateState | None,
    crates_io: CrateState | None,
    alone: tuple[str, ...] | None,
    mixed: tuple[str, ...] | None,
) -> None:
    """The first that has it, or all that do; where one must be asked first, nobody can tell."""
    given = {"partner": partner, "crates.io": crates_io}
    states = {name: state for name, state in given.items() if state is not None}
    for rules, answering in (((), alone), (("serde",), mixed)):
        answer = who_answers(Order((PARTNER, CRATES_IO), mixed=rules), "serde", lambda _: None)
        step = who_has(answer, states)
        assert (step.upstreams if isinstance(step, AnsweredBy) else None) == answering


def test_upstream_that_does_not_answer_makes_no_room_for_the_next() -> None:
    """Its crates would be anybody's while it is away."""
    states = {"partner": UNAVAILABLE, "crates.io": LISTED}
    assert who_has(only("partner", "crates.io"), states) == Unavailable("partner")


def test_upstream_behind_the_one_that_answers_is_not_asked() -> None:
    """Neither whether it is there, nor by a request."""
    assert who_has(only("a", "b"), {"a": LISTED}) == AnsweredBy(("a",))
    assert who_has(only("a", "b"), {"a": LISTED, "b": UNAVAILABLE}) == AnsweredBy(("a",))


@pytest.mark.parametrize(
    ("facts", "decision"),
    [
        (VersionFacts(ABSENT, is_listed=True, has_file=True), "no-crate"),
        (VersionFacts(UNAVAILABLE, is_listed=True, has_file=True), "unavailable"),
        (VersionFacts(LISTED), "no-version"),
        (VersionFacts(LISTED, has_unlisted_file=True), "serve-unlisted"),
        (VersionFacts(LISTED, is_listed=True), "fetch"),
        (VersionFacts(LISTED, is_listed=True, is_replaced=True), "replaced"),
        (VersionFacts(LISTED, is_listed=True, is_replaced=True, has_file=True), "serve-stored"),
        (VersionFacts(LISTED, is_listed=True, is_refused=True, has_file=True), "refuse"),
        (VersionFacts(LISTED, is_listed=True, is_refused=True, is_replaced=True), "refuse"),
        (VersionFacts(STORED, is_listed=True, has_file=True), "serve-stored"),
        (VersionFacts(STORED), "no-version"),
    ],
)
def test_what_becomes_of_a_version(facts: VersionFacts, decision: str) -> None:
    """A refusal comes before a file that is here, and that before one that the upstream replaced."""
    assert decide(facts).value == decision


@pytest.mark.parametrize("mixed", [False, True])
def test_version_comes_from_the_next_upstream_only_where_they_are_mixed(mixed: bool) -> None:
    """Else the first with the crate answers for all of its versions."""
    answer = Answer(("a", "b"), Rule.ORDER, "", mixed=mixed)
    decisions = {"a": Decision.NO_VERSION, "b": Decision.FETCH}
    expected = ("b", Decision.FETCH) if mixed else ("a", Decision.NO_VERSION)
    assert of_version(answer, decisions) == expected


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("decision", [Decision.REFUSE, Decision.REPLACED, Decision.UNAVAILABLE])
def test_version_that_one_upstream_may_not_serve_does_not_come_from_the_next(
    decision: Decision, mixed: bool
) -> None:
    """Else a policy would only say from where a version comes."""
    answer = Answer(("a", "b"), Rule.ORDER, "", mixed=mixed)
    assert of_version(answer, {"a": decision, "b": Decision.FETCH}) == ("a", decision)


@pytest.mark.parametrize(
    ("mixed", "second", "expected"),
    [
        (False, Decision.FETCH, ("a", Decision.SERVE_UNLISTED)),
        (True, Decision.FETCH, ("b", Decision.FETCH)),
        (True, Decision.REFUSE, ("b", Decision.REFUSE)),
        (True, Decision.NO_VERSION, ("a", Decision.SERVE_UNLISTED)),
        (True, Decision.SERVE_UNLISTED, ("a", Decision.SERVE_UNLISTED)),
        (True, Decision.NO_CRATE, ("a", Decision.SERVE_UNLISTED)),
    ],
)
def test_file_that_is_no_longer_listed_stands_back_where_versions_are_mixed(
    mixed: bool, second: Decision, expected: tuple[str, Decision]
) -> None:
    """The index has the checksum of the upstream that lists the version."""
    answer = Answer(("a", "b"), Rule.ORDER, "", mixed=mixed)
    decisions = {"a": Decision.SERVE_UNLISTED, "b": second}
    assert of_version(answer, decisions) == expected


STATES = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(CrateState))


@given(states=STATES, mixed=st.booleans(), count=st.integers(0, len(NAMES)))
def test_asking_one_after_the_other_comes_to_the_same_as_knowing_all(
    states: dict[str, CrateState], mixed: bool, count: int
) -> None:
    """Whoever asks upstreams one by one decides as one who has all in a table."""
    answer = Answer(NAMES[:count], Rule.ORDER, "", mixed=mixed)
    everything = {name: states.get(name, ABSENT) for name in NAMES}
    known: dict[str, CrateState] = {}
    while isinstance(step := who_has(answer, known), Ask):
        known[step.upstreams[0]] = everything[step.upstreams[0]]
    assert step == who_has(answer, everything)


FACTS = st.builds(VersionFacts, st.sampled_from(CrateState), *[st.booleans()] * 5)


@given(facts=st.lists(FACTS, max_size=4), mixed=st.booleans())
def test_download_comes_from_an_upstream_that_answers_for_the_crate(
    facts: list[VersionFacts], mixed: bool
) -> None:
    """Index and download agree on who answers, and nothing is served that is refused."""
    answer = Answer(NAMES[: len(facts)], Rule.ORDER, "", mixed=mixed)
    by_name = dict(zip(NAMES, facts, strict=False))
    step = of_version(answer, {name: decide(one) for name, one in by_name.items()})
    who = who_has(answer, {name: one.state for name, one in by_name.items()})
    if isinstance(who, AnsweredBy):
        assert (step is None) == (not who.upstreams)
        assert step is None or step[0] in who.upstreams
    if isinstance(step, tuple) and step[1].is_served:
        chosen = by_name[step[0]]
        assert chosen.state in (LISTED, STORED)
        assert not (chosen.is_listed and chosen.is_refused)

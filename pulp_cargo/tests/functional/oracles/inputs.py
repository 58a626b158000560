"""Versions, requirements and targets to try: right ones, their edges, and what comes near."""

from collections.abc import Iterable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# An example is a batch of inputs, because each question starts a process.
BATCHES = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

NUMBERS = ("0", "1", "2", "10", "18446744073709551615")
BAD_NUMBERS = ("", "00", "01", "-1", "+1", "1_0", "0x1", "\u0661", "18446744073709551616", "9" * 30)
PARTS = ("0", "1", "2", "10", "9" * 21, "a", "A", "b", "-", "--", "a-", "0a", "1-", "rc", "alpha")
# Only in build metadata a number may begin with zeros.
BUILD_PARTS = (*PARTS, "00", "01", "001", "010")
BAD_PARTS = ("", "é", "_", " ", "a b", "+", "\u0661", "\n", "00", "01")


def batches(inputs: st.SearchStrategy[str], size: int = 40) -> st.SearchStrategy[list[str]]:
    """So many inputs to be asked for together."""
    return st.lists(inputs, min_size=size, max_size=size)


def joined(*parts: st.SearchStrategy[str] | str) -> st.SearchStrategy[str]:
    """A text that is made of other texts."""
    strategies = [st.just(part) if isinstance(part, str) else part for part in parts]
    return st.tuples(*strategies).map("".join)


def often(usual: st.SearchStrategy[str], seldom: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Mostly the one, now and then the other."""
    return st.integers(0, 9).flatmap(lambda turn: seldom if turn == 9 else usual)


def dotted(parts: Iterable[str]) -> st.SearchStrategy[str]:
    """One to three identifiers with dots between them."""
    return st.lists(st.sampled_from(list(parts)), min_size=1, max_size=3).map(".".join)


def _version(number: st.SearchStrategy[str], pre: Iterable[str], build: Iterable[str]):
    return joined(
        *(number, ".", number, ".", number),
        st.just("") | joined("-", dotted(pre)),
        st.just("") | joined("+", dotted(build)),
    )


numbers = st.sampled_from(NUMBERS)
small_numbers = st.sampled_from(("0", "1", "2"))
odd_numbers = often(numbers, st.sampled_from(BAD_NUMBERS))

versions = _version(small_numbers, PARTS, BUILD_PARTS)
# Few different ones, so that what compares with them often comes near.
near_versions = _version(small_numbers, ("0", "1", "a"), ("0", "00", "1"))
odd_versions = (
    _version(odd_numbers, (*PARTS, *BAD_PARTS), (*BUILD_PARTS, *BAD_PARTS))
    | st.text("0123456789.-+avV xX*\n", max_size=14)
    | st.text(max_size=8)
)

_operators = st.sampled_from(("", "", "=", ">", ">=", "<", "<=", "~", "^"))
_wildcards = st.sampled_from(("*", "x", "X"))
_spaces = st.sampled_from(("", "", "", " ", "  "))


def _comparators(number: st.SearchStrategy[str], version: st.SearchStrategy[str]):
    return (
        joined(_operators, _spaces, number)
        | joined(_operators, _spaces, number, ".", number)
        | joined(_operators, _spaces, version)
        | joined(_operators, number, ".", _wildcards)
        | joined(_operators, number, ".", number | _wildcards, ".", _wildcards)
    )


def _requirements(comparator: st.SearchStrategy[str]):
    spaced = joined(_spaces, comparator, _spaces)
    return st.lists(spaced, min_size=1, max_size=3).map(",".join)


near_requirements = _requirements(_comparators(small_numbers, near_versions))
odd_requirements = (
    _requirements(_comparators(odd_numbers, odd_versions) | _wildcards)
    | st.text("01.*xX,<>=~^ -+a\t", max_size=12)
    | st.text(max_size=8)
)

_words = st.sampled_from(
    ("unix", "all", "any", "not", "true", "false", "_", "a1", "r", "r#all", "r#true", "target_os")
)
_odd_words = st.sampled_from(("", "1a", "é", "a-b", "r#", "r#1", "r##a", "r#r#a", "ALL", "\u00aa"))
_values = st.sampled_from(('""', '"linux"', '" "', '")"', '"a\nb"', '"é"', "'a'", '"', '"\\"'))
_leaves = often(_words, _odd_words)
_leaves = joined(_spaces, _leaves, _spaces) | joined(_leaves, _spaces, "=", _spaces, _values)


def _groups(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, max_size=3).map(",".join)
    one = joined(_spaces, "not", _spaces, "(", inner, ")", _spaces)
    comma = st.sampled_from(("", "", ",", " ", ",,"))
    return one | joined(st.sampled_from(("all", "any", "not")), "(", several, comma, ")", _spaces)


_expressions = st.recursive(_leaves, _groups, max_leaves=5)
_tokens = ("all", "any", "not", "(", ")", ",", "=", '"a"', " ", "r#", "unix", "\t", '"', "#")
odd_targets = (
    joined("cfg(", _expressions, ")")
    | joined("cfg(", st.lists(st.sampled_from(_tokens), max_size=8).map("".join), ")")
    | st.text("cfg()a-_.1 =\"#'é\u0661\u00b2", max_size=10)
    | st.text(max_size=8)
)

"""How similar a name must be to a text to be found as what was meant by it."""

import re
from collections.abc import Iterator

import pytest

from pulp_cargo.rules.typing_errors import LEAST, least_similarity

NAMES = (
    *("web", "grpc", "tokio", "serde_json", "async_trait", "wasm_bindgen", "proc_macro2"),
    *("tracing_subscriber", "clap_derive", "parking_lot_core", "windows_x86_64_msvc", "a_b_c"),
    *("unicode_segmentation", "rustls_platform_verifier", "aws_sdk_secretsmanager_types"),
)


def groups(name: str) -> set[str]:
    """The groups of letters of which pg_trgm makes its index."""
    padded = (f"  {word} " for word in re.findall(r"[^\W_]+", name))
    return {word[at : at + 3] for word in padded for at in range(len(word) - 2)}


def similarity(one: str, other: str) -> float:
    """The similarity of pg_trgm."""
    return len(groups(one) & groups(other)) / len(groups(one) | groups(other))


def misspelled(name: str) -> Iterator[str]:
    """All texts with one error: letters swapped, left out, doubled, wrong or too many."""
    for at in range(len(name) - 1):
        before, one, two, after = name[:at], name[at], name[at + 1], name[at + 2 :]
        for both in (two + one, two, one + one + two, f"q{two}", f"{one}q{two}"):
            yield before + both + after


@pytest.mark.parametrize("name", NAMES)
def test_name_with_one_error_is_found_as_by_the_least_similarity(name: str) -> None:
    """What is demanded of longer names leaves out no name that was misspelled once."""
    texts = [text for text in misspelled(name) if similarity(text, name) >= LEAST]
    missed = [text for text in texts if similarity(text, name) < least_similarity(text)]
    assert texts and missed == []


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("async_http", "async_graphql"),
        ("tracing_subscriber", "tracing_core"),
    ],
)
def test_name_with_a_word_in_common_is_not_found(text: str, other: str) -> None:
    """It is something else, not a misspelled name."""
    assert LEAST <= similarity(text, other) < least_similarity(text)


def test_two_errors_in_a_long_name() -> None:
    """A long name is found with two errors."""
    text, name = "tracin_subscribr", "tracing_subscriber"
    assert similarity(text, name) >= least_similarity(text)

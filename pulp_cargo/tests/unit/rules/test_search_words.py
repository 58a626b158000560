"""Which crate names the words of a search may mean."""

import pytest

from pulp_cargo.rules.search_words import MOST_WORDS, names_in


@pytest.mark.parametrize(
    "text",
    [
        "acme-core",
        "Acme_Core",
        "acme core",
        "acme  -  core",
        "ACME::CORE",
        "acme--core",
        "use acme_core::Client;",
        "`acme-core`",
        "acme-core@1.0",
        "acme-core-client",
        "fast acme core http client",
        "https://r.example/acme-core",
        "AcmeCore",
        "use AcmeCore::HttpClient",
        "Acme-CoreClient",
        "ACME_core",
        "\uff41\uff43\uff4d\uff45-core",
    ],
)
def test_name_is_found_in_any_spelling(text: str) -> None:
    """Alone, among other words, and with any separators."""
    names = names_in(text)
    assert names is not None and "acme_core" in names


def test_words_that_are_one_name() -> None:
    """A name may be written as several words."""
    names = names_in("ac me")
    assert names is not None and "acme" in names


def test_other_words_mean_other_names() -> None:
    """Parts of words are no names."""
    assert names_in("acmes cores") == {"acmes", "cores", "acmes_cores", "acmescores"}
    assert names_in("☃ ü") == frozenset()


def test_word_with_capital_letters_is_also_one_word() -> None:
    """Not all of them begin another one."""
    for text in ("AcmeCore-Http", "acmeCore-HTTP", "acmecore-HttP"):
        names = names_in(text)
        assert names is not None and {"acmecore", "acmecore_http", "acmecorehttp"} <= names


def test_long_texts_are_not_looked_through() -> None:
    """Their number of names grows with the square of the words."""
    assert names_in("a " * MOST_WORDS) is not None
    assert names_in("a " * (MOST_WORDS + 1)) is None
    assert names_in("aB" * MOST_WORDS) is None

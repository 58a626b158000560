"""Which sources beside a registry a lock file may have."""

import pytest

from pulp_cargo.protocol.errors import BadRequest
from pulp_cargo.protocol.lock_source import GitSource, RegistrySource
from pulp_cargo.rules.lock_sources import is_allowed, parse_source


def git(url: str) -> GitSource:
    """A repository."""
    return GitSource(url, None, "1f")


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example/team/a",
        "https://git.example/team/a/b.git",
        "https://git.example/team/",
    ],
)
def test_beginning_means_all_below_it(url: str) -> None:
    """Of whatever depth."""
    assert is_allowed(git(url), ["https://git.example/team/*"])


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example/teams/a",
        "https://git.example.evil.example/team/a",
        "http://git.example/team/a",
        "ssh://git@git.example/team/a",
        "https://git.example/team/../evil/a",
        "https://git.example/team/%2E%2e/evil/a",
        "https://git.example/team/.%2e/evil/a",
        "https://git.example/team/..\\evil/a",
        "https://git.example/team/./../evil/a",
    ],
)
def test_beginning_means_nothing_beside_it(url: str) -> None:
    """Neither another host or scheme, nor what cargo makes of dots."""
    assert not is_allowed(git(url), ["https://git.example/team/*"])


def test_whole_url_is_compared_as_cargo_does() -> None:
    """A final slash or `.git` makes no difference; a registry is not the repository of its URL."""
    assert is_allowed(git("https://github.com/Team/a.git"), ["https://github.com/team/a"])
    assert is_allowed(RegistrySource("sparse+https://r.example/i/"), ["sparse+https://r.example/i"])
    assert not is_allowed(RegistrySource("sparse+https://r.example/i/"), ["https://r.example/i/"])
    assert not is_allowed(git("https://git.example/a"), ["https://git.example/ab"])
    assert not is_allowed(git("https://git.example/a"), [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "https://*",
        "https://git.example*",
        "https://git.example/te*",
        "git.example/*",
        "https://*.example/a",
        "https://git.example/*/b",
        "https:///a",
        "https://g.example/" + "a" * 2000,
    ],
)
def test_line_that_could_mean_too_much_is_refused(text: str) -> None:
    """Such as one that is the beginning of a host's name, or of an organisation's."""
    with pytest.raises(BadRequest):
        parse_source(text)

"""URLs of other people, and what it costs to take them apart."""

import pytest

from pulp_cargo.protocol.urls import split_url

MARKS = "\u0301\u0323"


@pytest.mark.parametrize("before", ["https://", "https:/\t/", "//", "https://a@", "ssh://a:b@c"])
def test_no_host_beyond_ascii_is_longer_than_any_is(before: str) -> None:
    """The standard library puts the marks of such a host in order, one by one."""
    with pytest.raises(ValueError, match="more than 255 characters"):
        split_url(before + MARKS * 200)


@pytest.mark.parametrize(
    "url", ["https://bücher.example/i", "https://r.example/" + "ü/" * 1_000, "https://" + "a" * 999]
)
def test_other_urls_are_taken_apart(url: str) -> None:
    """Paths may be long, and so may what costs nothing."""
    assert split_url(url).geturl() == url

"""`remotes/cargo/cargo/`: records of upstream registries."""

from typing import Any

import pytest

from pulp_cargo.tests.support.rest import Refused, Rest, unique

REMOTES = "remotes/cargo/cargo/"
CRATES_IO = "sparse+https://crates.example.org/"


def test_create_read_change_delete(rest: Rest) -> None:
    """A remote keeps the URL as cargo writes it, and downloads as its policy says."""
    made = rest.make(REMOTES, name=unique("up"), url=CRATES_IO)
    assert (made["url"], made["policy"]) == (CRATES_IO, "immediate")
    for policy in ("on_demand", "streamed"):
        rest.patch(made["pulp_href"], policy=policy)
        assert rest.list(REMOTES, name=made["name"])[0]["policy"] == policy
    rest.delete(made["pulp_href"])
    assert rest.list(REMOTES, name=made["name"]) == []


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("https://crates.example.org/", "sparse"),
        ("sparse+https://crates.example.org", "must end in"),
        ("sparse+https://", "no host"),
        ("sparse+https://crates.example.org/?a=b", "query"),
        ("sparse+https://me:secret@crates.example.org/", "username or password"),
        ("sparse+ftp://crates.example.org/", "sparse"),
        ("sparse+https://[crates.example.org/", "not valid"),
        ("file:///etc/", "sparse"),
    ],
)
def test_url_that_is_no_sparse_index_is_refused(rest: Rest, url: str, rule: str) -> None:
    """The answer is a 400 that tells the rule, on create and on change."""
    made = rest.make(REMOTES, name=unique("up"), url=CRATES_IO)
    calls: list[Any] = [
        lambda: rest.make(REMOTES, name=unique("up"), url=url),
        lambda: rest.patch(made["pulp_href"], url=url),
    ]
    for call in calls:
        with pytest.raises(Refused, match=rule) as refused:
            call()
        assert refused.value.status == 400


def test_password_is_never_shown(rest: Rest) -> None:
    """Credentials can be set, and nobody can read them."""
    made = rest.make(
        REMOTES, name=unique("up"), url=CRATES_IO, username="me", password="very-secret"
    )
    assert "very-secret" not in str(rest.get(made["pulp_href"]))

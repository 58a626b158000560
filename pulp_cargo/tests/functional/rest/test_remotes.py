"""`remotes/cargo/cargo/`: records of upstream registries."""

from typing import Any

import pytest

from pulp_cargo.tests.support.rest import Refused, Rest, unique
from pulp_cargo.tests.support.stack import Stack

REMOTES = "remotes/cargo/cargo/"
CRATES_IO = "sparse+https://crates.example.org/"


def test_create_read_change_delete(rest: Rest) -> None:
    """A remote keeps the URL as cargo writes it, and downloads as its policy says."""
    made = rest.make(REMOTES, name=unique("up"), url=CRATES_IO)
    assert (made["url"], made["policy"]) == (CRATES_IO, "on_demand")
    for policy in ("on_demand", "streamed"):
        rest.patch(made["pulp_href"], policy=policy)
        assert rest.list(REMOTES, name=made["name"])[0]["policy"] == policy
    rest.delete(made["pulp_href"])
    assert rest.list(REMOTES, name=made["name"]) == []


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("crates.example.org/index/", "must begin with"),
        ("git://crates.example.org/index", "must begin with"),
        ("ext::sh -c id", "must begin with"),
        ("sparse+https://crates.example.org", "must end in"),
        ("sparse+https://", "no host"),
        ("sparse+https://crates.example.org/?a=b", "query"),
        ("sparse+https://me:secret@crates.example.org/", "user or password"),
        ("sparse+ftp://crates.example.org/", "must begin with"),
        ("sparse+https://[crates.example.org/", "not valid"),
        ("sparse+https://xn--ü/", "the host of the URL"),
        ("file:///etc/", "not below one of the folders"),
        ("file:///etc/%2e%2e/root", "not below one of the folders"),
    ],
)
def test_url_that_is_no_index_is_refused(rest: Rest, url: str, rule: str) -> None:
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


def test_folder_of_the_server_is_for_whoever_may_import_from_it(stack: Stack) -> None:
    """Files of all tenants may be in it, so the right to create remotes does not suffice."""
    (allowed,) = stack.settings["ALLOWED_IMPORT_PATHS"]
    url, own = f"file://{allowed}/index", unique("up")
    creator = stack.rest.new_user("cargo.cargoremote_creator")
    made = creator.make(REMOTES, name=own, url=CRATES_IO)
    calls: list[Any] = [
        lambda: creator.make(REMOTES, name=unique("up"), url=url),
        lambda: creator.patch(made["pulp_href"], url=url),
    ]
    for call in calls:
        with pytest.raises(
            Refused, match=r"requires the permission `core\.add_pulpimport`"
        ) as refused:
            call()
        assert refused.value.status == 403
    assert stack.rest.make(REMOTES, name=unique("up"), url=url)["url"] == url


def test_credentials_are_never_shown(rest: Rest) -> None:
    """They can be set, and nobody can read more than that they are."""
    secrets = {"password": "very-secret", "token": "Bearer very-secret"}
    made = rest.make(REMOTES, name=unique("up"), url=CRATES_IO, username="me", **secrets)
    shown = rest.get(made["pulp_href"])
    assert "very-secret" not in str(shown)
    hidden = {one["name"]: one["is_set"] for one in shown["hidden_fields"]}
    assert hidden["token"] and hidden["password"]
    rest.patch(made["pulp_href"], token=None)
    hidden = {one["name"]: one["is_set"] for one in rest.get(made["pulp_href"])["hidden_fields"]}
    assert not hidden["token"] and hidden["password"]


@pytest.mark.parametrize("token", ["two\nlines", "Schlüssel", "tab\t"])
def test_token_that_no_header_could_hold_is_refused(rest: Rest, token: str) -> None:
    """The answer does not repeat it."""
    with pytest.raises(Refused, match="printable ASCII") as refused:
        rest.make(REMOTES, name=unique("up"), url=CRATES_IO, token=token)
    assert refused.value.status == 400
    assert token not in refused.value.text


def test_times_of_a_cache(rest: Rest) -> None:
    """They are seconds; null is the setting's, and for ever."""
    made = rest.make(REMOTES, name=unique("up"), url=CRATES_IO)
    assert (made["index_max_age"], made["stale_for"]) == (None, None)
    rest.patch(made["pulp_href"], index_max_age=0, stale_for=3600)
    shown = rest.get(made["pulp_href"])
    assert (shown["index_max_age"], shown["stale_for"]) == (0, 3600)
    for fields, reason in (
        ({"index_max_age": -1}, '"index_max_age".*greater than or equal to 0'),
        ({"stale_for": 2**31}, '"stale_for".*less than or equal to 2147483647'),
    ):
        with pytest.raises(Refused, match=reason) as refused:
            rest.patch(made["pulp_href"], **fields)
        assert refused.value.status == 400

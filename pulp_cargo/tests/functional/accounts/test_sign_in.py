"""Signing in to the account page, and out."""

import pytest

from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Rest
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.visitor import ACCOUNT, Visitor, text_of

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def test_stranger_is_sent_to_the_sign_in_page(stranger: Visitor) -> None:
    """The page returns to what the stranger has requested."""
    answer = stranger.get(registry="team")
    assert answer.status_code == 302
    to = f"{ACCOUNT}login/?next=/pulp/cargo-account/%3Fregistry%3Dteam"
    assert answer.headers["Location"] == to


def test_sign_in_leads_back(stranger: Visitor, person: Rest) -> None:
    """Whoever comes from `cargo login` gets the registry that they came for."""
    assert person.auth is not None
    answer = stranger.sign_in(*person.auth, to=f"{ACCOUNT}?registry=my-crates")
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        "/pulp/cargo-account/?registry=my-crates",
    )
    page = stranger.get(registry="my-crates")
    assert page.status_code == 200
    assert f"Signed in as {person.auth[0]}" in text_of(page)
    assert "Tokens for my-crates" in text_of(page)


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_sign_in_leads_to_no_other_site(stranger: Visitor, person: Rest, to: str) -> None:
    """A link with a `next` of somebody else's is no help to them."""
    assert person.auth is not None
    answer = stranger.sign_in(*person.auth, to=to)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/pulp/cargo-account/")


@pytest.mark.parametrize("password", ["wrong", "", "\0", "x" * 10_000])
def test_wrong_password(stranger: Visitor, person: Rest, password: str) -> None:
    """The page is shown again with a sentence, and nobody is signed in."""
    assert person.auth is not None
    answer = stranger.sign_in(person.auth[0], password)
    assert answer.status_code == 200
    assert "User name or password is wrong" in text_of(answer)
    assert stranger.get().status_code == 302


def test_sign_out(visitor: Visitor) -> None:
    """It ends the session on the server; a link cannot cause it."""
    assert visitor.get(f"{ACCOUNT}logout/").status_code == 405
    cookies = visitor.session.cookies.copy()
    answer = visitor.send(f"{ACCOUNT}logout/")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{ACCOUNT}login/")
    visitor.session.cookies = cookies
    assert visitor.get().status_code == 302


def test_basic_credentials_are_accepted_as_by_rest(stranger: Visitor, person: Rest) -> None:
    """Every sign-in of this Pulp's REST API is one of the page; there is no session to end."""
    stranger.session.auth = person.auth
    page = stranger.get()
    assert page.status_code == 200
    assert "Sign out" not in page.text
    stranger.session.auth = (person.auth[0] if person.auth else "", "wrong")
    assert stranger.get().status_code == 302


def test_every_page_has_the_headers(visitor: Visitor, stranger: Visitor) -> None:
    """No page is stored, framed or given a script, refusals included."""
    pages = [
        visitor.get(),
        visitor.get(registry="no-such-registry"),
        visitor.send(fields={"name": ""}),
        visitor.revoke("00000000-0000-0000-0000-000000000000"),
        stranger.sign_in_page(),
        stranger.sign_in("nobody", "wrong"),
    ]
    assert [page.status_code for page in pages] == [200, 404, 400, 404, 200, 200]
    for page in pages:
        assert {name: page.headers.get(name) for name in HEADERS} == HEADERS
        assert "<script" not in page.text and "style=" not in page.text


def test_cookies_are_not_for_scripts(stack: Stack, visitor: Visitor) -> None:
    """The session's is out of reach for scripts, and not sent by forms of other sites."""
    session = next(one for one in visitor.session.cookies if one.name == "sessionid")
    assert session.has_nonstandard_attr("HttpOnly")
    assert session.get_nonstandard_attr("SameSite") == "Lax"


def test_stylesheet_is_the_same_in_both_apps(stranger: Visitor, registry: Registry) -> None:
    """For everybody, and revalidated with its ETag."""
    there = stranger.get(f"{ACCOUNT}style.css")
    here = registry.get("style.css")
    assert (there.status_code, here.status) == (200, 200)
    assert there.content == here.body
    assert (
        there.headers["Content-Type"] == here.headers["content-type"] == "text/css; charset=utf-8"
    )
    etag = there.headers["ETag"]
    assert etag == here.headers["etag"]
    assert registry.get("style.css", If_None_Match=etag).status == 304
    # As in RFC 9110, 13.1.2: one of several tags, compared weakly, or any.
    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        stranger.session.headers["If-None-Match"] = known
        same = stranger.get(f"{ACCOUNT}style.css")
        assert same.status_code == registry.get("style.css", If_None_Match=known).status == 304
        assert same.headers["ETag"] == etag
        assert same.headers["Cache-Control"] == there.headers["Cache-Control"] == "no-cache"

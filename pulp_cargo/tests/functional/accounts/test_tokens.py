"""Tokens on the account page: the same rules as in the REST API."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.visitor import ACCOUNT, DEFAULTS, Visitor, secret_in, text_of

TOKENS = "cargo/tokens/"
READER = "cargo.cargodistribution_reader"


@pytest.fixture
def private(stack: Stack) -> Registry:
    """A registry that only the administrator may read."""
    return stack.make_registry(auth_required=True)


def test_new_token_has_what_the_form_says(
    stack: Stack, person: Rest, visitor: Visitor, registry: Registry
) -> None:
    """Name, registry, scopes, crates and expiry are those of a token in the REST API."""
    fields = {
        "name": "laptop",
        "registry": registry.name,
        "scopes": ["publish-update", "yank"],
        "crates": "acme-*, leaf\n",
        "days": "30",
    }
    before = datetime.now(UTC)
    answer = visitor.send(fields=fields)
    assert answer.status_code == 200
    (token,) = person.list(TOKENS)
    assert {key: token[key] for key in ("name", "user", "scopes", "crate_patterns")} == {
        "name": "laptop",
        "user": person.auth and person.auth[0],
        "scopes": ["publish-update", "yank"],
        "crate_patterns": ["acme-*", "leaf"],
    }
    assert token["distribution"] == registry.href
    expires = datetime.fromisoformat(token["expires_at"])
    days = timedelta(days=30)
    assert before + days <= expires <= datetime.now(UTC) + days
    # Its user can also revoke it by the REST API.
    person.delete(token["pulp_href"])


def test_secret_and_the_lines_for_cargo_are_shown_once(
    stack: Stack, person: Rest, visitor: Visitor, registry: Registry
) -> None:
    """Only the response to the form has the secret; cargo gets it by `cargo login`."""
    fields = DEFAULTS | {"name": "laptop", "registry": registry.name}
    answer = visitor.send(fields=fields)
    secret = secret_in(answer)
    assert f'[registries.{registry.name}]\nindex = "{registry.index_url}"\n' in text_of(answer)
    assert f"cargo login --registry {registry.name}" in text_of(answer)
    assert registry.get("api/v1/me", token=secret).status == 200
    again = visitor.get()
    assert "laptop" in again.text and secret not in again.text
    assert secret not in "".join(person.session.get(person.url(TOKENS)).text)


def test_defaults_of_the_form(visitor: Visitor) -> None:
    """All scopes but that for owners, all crates, 90 days, and the registry of the link."""
    page = visitor.get(registry="my-crates").text
    for scope in ("read", "publish-new", "publish-update", "yank"):
        assert f'value="{scope}" checked' in page
    assert 'value="change-owners">' in page
    assert 'id="days" name="days" inputmode="numeric" value="90"' in page
    assert '<option value="my-crates" selected>my-crates</option>' in page


def test_token_for_all_registries_that_never_expires(person: Rest, visitor: Visitor) -> None:
    """An empty field is no limit."""
    visitor.create("everywhere")
    (token,) = person.list(TOKENS)
    assert (token["distribution"], token["expires_at"]) == (None, None)
    assert token["crate_patterns"] == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "This field may not be blank."),
        ({"name": "a\0b"}, "the text has a NUL character, which PostgreSQL cannot store"),
        ({"scopes": []}, "This list may not be empty."),
        ({"scopes": ["read", "root"]}, '"root" is not a valid choice.'),
        ({"crates": "*-sys"}, "the crate pattern '*-sys' is invalid: it must be a crate name"),
        ({"days": "0"}, "Enter a number of days from 1 to 3650, or nothing."),
        ({"days": "-1"}, "Enter a number of days from 1 to 3650, or nothing."),
        ({"days": "3651"}, "Enter a number of days from 1 to 3650, or nothing."),
        ({"days": "9" * 5000}, "Enter a number of days from 1 to 3650, or nothing."),
        ({"days": "soon"}, "Enter a number of days from 1 to 3650, or nothing."),
        ({"registry": "none"}, "There is no registry 'none' that you may use."),
        ({"registry": "\0"}, "There is no registry '\\x00' that you may use."),
    ],
)
def test_bad_field_is_refused_with_a_sentence(
    person: Rest, visitor: Visitor, fields: dict[str, Any], sentence: str
) -> None:
    """400, the form again with what was entered, and no token."""
    answer = visitor.send(fields={**DEFAULTS, "name": "laptop", "crates": "acme-*", **fields})
    assert answer.status_code == 400
    assert sentence in text_of(answer)
    assert 'aria-invalid="true"' in answer.text or "scopes" in fields
    assert ("acme-*" in answer.text) or "crates" in fields
    assert person.list(TOKENS) == []


def test_name_is_unique_for_its_user(person: Rest, visitor: Visitor) -> None:
    """Sending a form again, as a browser does on reload, creates no second token."""
    visitor.create("laptop")
    answer = visitor.send(fields=DEFAULTS | {"name": "laptop"})
    assert answer.status_code == 400
    assert "already has a token with this name" in text_of(answer)
    assert len(person.list(TOKENS)) == 1


def test_form_of_another_site_is_refused(person: Rest, visitor: Visitor) -> None:
    """403 without the CSRF token: another site cannot create, revoke or sign in."""
    visitor.create("laptop")
    (token,) = person.list(TOKENS)
    pk = token["prn"].rpartition(":")[2]
    for path in (ACCOUNT, f"{ACCOUNT}tokens/{pk}/revoke/", f"{ACCOUNT}login/", f"{ACCOUNT}logout/"):
        answer = visitor.send_as_it_is(path, DEFAULTS | {"name": "theirs"})
        assert answer.status_code == 403, path
    assert [one["name"] for one in person.list(TOKENS)] == ["laptop"]


def test_revoked_token_is_refused_at_once(
    person: Rest, visitor: Visitor, registry: Registry
) -> None:
    """The page returns to the list, with the registry that was chosen."""
    secret = visitor.create("laptop")
    assert registry.get("api/v1/me", token=secret).status == 200
    (token,) = person.list(TOKENS)
    answer = visitor.revoke(token["prn"].rpartition(":")[2], registry=registry.name)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{ACCOUNT}?registry={registry.name}"
    assert registry.get("api/v1/me", token=secret).status == 401
    assert "You have no tokens." in text_of(visitor.get())


def test_tokens_of_others_are_not_there(
    stack: Stack, person: Rest, visitor: Visitor, signed_in: Callable[[Rest], Visitor]
) -> None:
    """Their ids are a 404, for an administrator as well, whose own tokens the page shows."""
    visitor.create(unique("secret-plan"))
    (token,) = person.list(TOKENS)
    for other in (stack.rest.new_user(), stack.rest):
        there = signed_in(other)
        assert there.revoke(token["prn"].rpartition(":")[2]).status_code == 404
        assert token["name"] not in there.get().text
    assert person.list(TOKENS) == [token]


def test_revoking_needs_a_form(person: Rest, visitor: Visitor) -> None:
    """A link cannot cause it."""
    visitor.create("laptop")
    (token,) = person.list(TOKENS)
    pk = token["prn"].rpartition(":")[2]
    assert visitor.get(f"{ACCOUNT}tokens/{pk}/revoke/").status_code == 405
    assert visitor.get(f"{ACCOUNT}tokens/nonsense/revoke/").status_code == 404


def test_private_registry_of_others_is_not_there(
    private: Registry, person: Rest, visitor: Visitor
) -> None:
    """It is neither offered nor accepted, in the words for one that does not exist."""
    assert f">{private.name}</option>" not in visitor.get().text
    chosen, unknown = visitor.get(registry=private.name), visitor.get(registry="none-such")
    assert (chosen.status_code, unknown.status_code) == (404, 404)
    assert text_of(chosen).replace(private.name, "X") == text_of(unknown).replace("none-such", "X")
    answer = visitor.send(fields=DEFAULTS | {"name": "laptop", "registry": private.name})
    assert answer.status_code == 400
    assert person.list(TOKENS) == []


def test_reader_may_have_a_token_for_a_private_registry(
    stack: Stack, private: Registry, signed_in: Callable[[Rest], Visitor]
) -> None:
    """The lines for cargo have the provider that it needs there."""
    reader = signed_in(stack.rest.new_user(READER, on=private.href))
    assert f'<option value="{private.name}" selected>' in reader.get(registry=private.name).text
    answer = reader.send(fields=DEFAULTS | {"name": "laptop", "registry": private.name})
    assert 'credential-provider = "cargo:token"' in text_of(answer)
    assert private.get("config.json", token=secret_in(answer)).status == 200


def test_hidden_registry_is_not_offered(stack: Stack, visitor: Visitor) -> None:
    """A public one that Pulp's list leaves out; whoever knows its name may choose it."""
    hidden = stack.make_registry(hidden=True)
    assert f">{hidden.name}</option>" not in visitor.get().text
    assert f">{hidden.name}</option>" in visitor.get(registry=hidden.name).text


def test_downloader_of_a_guard_may_choose_the_registry(
    stack: Stack, signed_in: Callable[[Rest], Visitor]
) -> None:
    """A registry behind Pulp's RBAC guard is for those whom the guard admits."""
    guard = stack.rest.make("contentguards/core/rbac/", name=unique("guard"))["pulp_href"]
    guarded = stack.make_registry(content_guard=guard)
    someone, admitted = stack.rest.new_user(), stack.rest.new_user()
    assert admitted.auth is not None
    role = {"role": "core.rbaccontentguard_downloader", "users": [admitted.auth[0]]}
    stack.rest.post(f"{guard}add_role/", **role)
    assert signed_in(someone).get(registry=guarded.name).status_code == 404
    assert signed_in(admitted).get(registry=guarded.name).status_code == 200


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><img src=x>', "{{ 7 }}{% now %}"])
def test_names_are_shown_as_text(visitor: Visitor, name: str) -> None:
    """Whatever somebody calls a token."""
    answer = visitor.send(fields=DEFAULTS | {"name": name})
    assert answer.status_code == 200
    for page in (answer, visitor.get()):
        assert name in text_of(page) or "<" in name
        assert "<script>alert" not in page.text and "<img" not in page.text


@pytest.mark.parametrize(
    "query",
    [
        "registry=%00",
        "registry=%ff",
        "registry=" + "a/" * 1500,
        "registry[]=x",
        "domain=%00",
        "x=1",
    ],
)
def test_odd_queries_are_no_server_errors(visitor: Visitor, query: str) -> None:
    """They are a registry that does not exist, or nothing."""
    assert visitor.get(f"{ACCOUNT}?{query}").status_code in (200, 404)


def test_page_shows_what_a_token_is(person: Rest, visitor: Visitor, registry: Registry) -> None:
    """Registry, scopes, crates, expiry and last use of each token."""
    secret = visitor.create("laptop", registry=registry.name, crates="acme-*")
    page = text_of(visitor.get())
    assert f"Registry{registry.name}" in page
    assert "Scopesread" in page and "Cratesacme-*" in page
    assert "Expiresnever" in page and "Last usednever" in page
    registry.get("api/v1/me", token=secret)
    assert "Last usednever" not in text_of(visitor.get())

"""Who may see which page, what others get, and how browsers and programs are told apart."""

import http.client
from base64 import b64encode
from urllib.parse import urlsplit

import pytest

from pulp_cargo.tests.functional.pages.conftest import HTML, Page, among_the_first, shapes, visit
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.owners import owned_registry
from pulp_cargo.tests.support.registry import Answer, Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.stack import DISTRIBUTIONS, Stack

CHALLENGE = 'Basic realm="Cargo registry", charset="UTF-8"'
PAGES = (
    "",
    "search",
    "crates/shapes",
    "crates/shapes/1.0.0",
    "crates/shapes/versions",
    "crates/shapes/1.0.0/files",
    "crates/shapes/1.0.0/source/src/lib.rs",
    "crates/shapes/diff/1.0.0..1.0.0",
    "keywords/draw",
    "categories/graphics",
    "crates/none",
    "none/such/path",
)


def root(stack: Stack, path: str = "/pulp/cargo/", **headers: str) -> Page:
    """Ask for a path above all registries."""
    connection = http.client.HTTPConnection(urlsplit(stack.content_url).netloc, timeout=60)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Page(Answer(answer.status, named, answer.read()))
    finally:
        connection.close()


@pytest.fixture(scope="module")
def vault(stack: Stack) -> Registry:
    """A private registry with a crate."""
    registry = stack.make_registry(auth_required=True)
    registry.publish(shapes("1.0.0"))
    return registry


@pytest.mark.parametrize("path", PAGES)
def test_strangers_see_nothing_of_a_private_registry(vault: Registry, path: str) -> None:
    """The same 401 for every page; a browser asks for user and password, and shows where tokens are."""
    page = visit(vault, path)
    assert page.status == 401
    assert page.headers["www-authenticate"] == CHALLENGE
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["vary"] == "Accept, Authorization"
    assert "shapes" not in page.html.replace(path, "")
    assert any("/pulp/cargo-account/" in target for target in page.links)


@pytest.mark.parametrize("path", ["", "crates/shapes", "search"])
def test_cargo_gets_its_own_challenge(vault: Registry, path: str) -> None:
    """Whatever it accepts; and so does every other program."""
    for headers in (
        {},
        {"Accept": "*/*"},
        {"Accept": "application/json"},
        {"Accept": HTML, "User-Agent": "cargo/1.90.0"},
        {"Accept": "text/html;q=0, */*"},
    ):
        answer = vault.request("GET", path, headers=headers)
        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Cargo login_url=")
        assert "is private" in answer.detail
    assert visit(vault, "api/v1/crates/shapes", User_Agent="cargo 1.90").answer.detail


def test_readers_see_the_pages(stack: Stack, vault: Registry) -> None:
    """With a token as the password, with user and password, and as cargo sends a token."""
    user = (stack.ready["admin_user"], stack.ready["admin_password"])
    for pair in (("any", vault.token), user):
        credentials = "Basic " + b64encode(":".join(map(str, pair)).encode()).decode()
        page = visit(vault, "crates/shapes", Authorization=credentials)
        assert (page.status, "Draws shapes" in page.text) == (200, True)
        assert page.headers["cache-control"] == "private, no-cache"
        assert page.headers["vary"] == "Authorization"
    assert visit(vault, "", token=str(vault.token)).status == 200
    assert "A private Cargo registry" in visit(vault, "", token=str(vault.token)).text


def test_token_of_another_registry_shows_nothing(stack: Stack, vault: Registry) -> None:
    """Nor one without the scope to read, nor a wrong password."""
    other = stack.make_registry(auth_required=True)
    tokens = [
        stack.make_token(distribution=other.href),
        stack.make_token(scopes=["publish-new"]),
        "wrong",
    ]
    for token in tokens:
        page = visit(vault, "crates/shapes", token=token)
        assert (page.status, page.headers["www-authenticate"]) == (401, CHALLENGE)


def test_errors_are_pages_for_browsers_only(stack: Stack) -> None:
    """Programs get the JSON that cargo prints, on the same paths."""
    registry = stack.make_registry()
    registry.publish(Crate("here"))
    for path, status, sentence in (
        ("crates/missing", 404, "this registry has no crate `missing`"),
        ("crates/here/9.0.0", 404, "crate `here` has no version `9.0.0` in this registry"),
        ("crates/here/1.0.0/source/a.rs", 404, "`here 1.0.0` has no file `a.rs`"),
        ("crates/here/one", 400, "one"),
        ("crates/here/diff/1.0.0..9.0.0", 404, "9.0.0"),
        ("search?page=0", 400, "`page` is '0'; it must be a number from 1 to 200"),
        ("nothing", 404, "a registry has no path `nothing`"),
        ("no/ne/none", 404, "none"),
    ):
        page = visit(registry, path)
        assert page.status == status, path
        assert sentence in page.text
        assert "content-security-policy" in page.headers
        assert urlsplit(registry.url).path in page.links
        answer = registry.get(path)
        assert answer.status == status
        assert sentence in answer.detail


def test_error_without_a_registry_is_a_page(stack: Stack) -> None:
    """A mistyped URL has nowhere else to lead."""
    page = root(stack, "/pulp/cargo/no-such-registry/", Accept=HTML)
    assert (page.status, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "no-such-registry" in page.text


def test_pages_cannot_be_changed(stack: Stack) -> None:
    """Every method but GET and HEAD is refused, with a page for browsers and JSON for programs."""
    registry = stack.make_registry()
    for method in ("POST", "PUT", "DELETE"):
        said = f"the method {method} is not allowed for `crates/a`"
        answer = registry.request(method, "crates/a", headers={"Accept": HTML})
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert said in Page(answer).text
        answer = registry.request(method, "crates/a")
        assert (answer.status, answer.detail) == (405, said)
    assert registry.request("HEAD", "", headers={"Accept": HTML}).body == b""


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("crates/here/", "../here"),
        ("crates/here/1.0.0/?a=b", "../1.0.0?a=b"),
        ("crates/here/1.0.0/files/", "../files"),
        ("@1/crates/here/", "../here"),
        ("search/", "../search"),
        ("keywords/a%20b/", "../a%20b"),
    ],
)
def test_final_slash_leads_to_the_page(vault: Registry, path: str, page: str) -> None:
    """As a reference that is right behind every proxy; strangers learn nothing of a private one."""
    answer = vault.get(path, token=vault.token, Accept=HTML)
    assert (answer.status, answer.headers["location"]) == (301, page)
    assert vault.get(path, Accept=HTML).status == 401


def test_list_of_registries_has_those_that_everybody_may_read(stack: Stack) -> None:
    """Neither private nor guarded nor hidden ones."""
    guard = stack.rest.make("contentguards/core/rbac/", name=unique("g"))["pulp_href"]
    public, private, hidden, guarded = (
        stack.make_registry(**among_the_first(), **more)
        for more in ({}, {"auth_required": True}, {"hidden": True}, {"content_guard": guard})
    )
    page = root(stack, Accept=HTML)
    assert page.status == 200
    assert page.headers["cache-control"] == "no-store"
    assert public.url in page.links
    for other in (private, hidden, guarded):
        assert other.name not in page.html
        assert other.url not in page.html


def basic(*pair: object) -> str:
    """Return the credentials as a browser sends them."""
    return "Basic " + b64encode(":".join(map(str, pair)).encode()).decode()


def test_visitor_sees_the_private_registries_that_they_may_read(stack: Stack) -> None:
    """By role or by the guard for users and groups; neither hidden ones nor those of others."""
    user = stack.rest.new_user()
    assert user.auth is not None
    guard = stack.rest.make("contentguards/core/rbac/", name=unique("g"))["pulp_href"]
    reader = {"role": "cargo.cargodistribution_reader", "users": [user.auth[0]]}
    private, closed, hidden = (
        stack.make_registry(**among_the_first(), auth_required=True, **more)
        for more in ({}, {}, {"hidden": True})
    )
    guarded = stack.make_registry(**among_the_first(), content_guard=guard)
    other = stack.make_registry(**among_the_first())
    for one in (private, hidden):
        stack.rest.post(f"{one.href}add_role/", **reader)
    stack.rest.post(f"{guard}add_role/", **reader | {"role": "core.rbaccontentguard_downloader"})
    page = root(stack, Accept=HTML, Authorization=basic(*user.auth))
    assert (page.status, page.headers["vary"]) == (200, "Accept, Authorization")
    assert {private.url, guarded.url, other.url} <= set(page.links)
    assert not {closed.url, hidden.url} & set(page.links)
    assert f"signed in as {user.auth[0]}" in page.text


def test_token_shows_what_it_may_read(stack: Stack) -> None:
    """One that is for a single registry shows no others, and one that may not read shows none."""
    here, there = (stack.make_registry(**among_the_first(), auth_required=True) for _ in range(2))
    for fields, shown in (
        ({}, {here.url, there.url}),
        ({"distribution": here.href}, {here.url}),
        ({"scopes": ["publish-new"]}, set()),
    ):
        token = stack.make_token(**fields)
        page = root(stack, Accept=HTML, Authorization=basic("any", token))
        assert {here.url, there.url} & set(page.links) == shown


def test_browser_asks_for_credentials_when_the_visitor_wants_to_sign_in(stack: Stack) -> None:
    """Strangers get the list of public registries; wrong credentials are those of a stranger."""
    private, public = (
        stack.make_registry(**among_the_first(), **more) for more in ({"auth_required": True}, {})
    )
    page = root(stack, Accept=HTML)
    assert "/pulp/cargo/?sign-in" in page.links
    for headers in ({}, {"Authorization": basic("any", "wrong")}, {"Authorization": "Odd a b c"}):
        page = root(stack, Accept=HTML, **headers)
        assert (page.status, "www-authenticate" in page.headers) == (200, False)
        page = root(stack, "/pulp/cargo/?sign-in", Accept=HTML, **headers)
        assert (page.status, page.headers["www-authenticate"]) == (401, CHALLENGE)
        assert public.url in page.links and private.url not in page.links
    token = stack.make_token()
    page = root(stack, "/pulp/cargo/?sign-in", Accept=HTML, Authorization=basic("any", token))
    assert (page.status, private.url in page.links) == (200, True)


def test_revoked_token_shows_nothing_at_once(stack: Stack) -> None:
    """As in a registry."""
    private = stack.make_registry(**among_the_first(), auth_required=True)
    record = stack.make_token_record()
    credentials = {"Accept": HTML, "Authorization": basic("any", record["token"])}
    assert private.url in root(stack, **credentials).links
    stack.rest.delete(record["pulp_href"])
    assert private.url not in root(stack, **credentials).links


def test_owners_are_shown_to_users(stack: Stack) -> None:
    """Names of users are not public, even where crates are; a header of a proxy does no harm."""
    owned = owned_registry(stack)
    alice = owned.person()
    owned.registry.publish(shapes("1.0.0"), token=alice.token)
    page = visit(owned.registry, "crates/shapes", token=alice.token)
    assert f"Owners{alice.login}" in page.text.replace(" ", "")
    assert (page.headers["vary"], page.headers["cache-control"]) == (
        "Authorization",
        "private, no-cache",
    )
    for headers in ({}, {"token": "wrong"}, {"Authorization": "Odd a b c"}):
        page = visit(owned.registry, "crates/shapes", **headers)
        assert (page.status, page.headers["vary"]) == (200, "Authorization")
        assert "Owners" not in page.text and alice.login not in page.html
    plain = stack.make_registry()
    plain.publish(shapes("1.0.0"))
    assert "Owners" not in visit(plain, "crates/shapes", token=str(plain.token)).text


def test_probes_get_the_state_of_the_process(stack: Stack) -> None:
    """As before, since they do not ask for HTML by name."""
    for headers in ({}, {"Accept": "*/*"}, {"Accept": "application/json"}):
        page = root(stack, **headers)
        assert page.answer.json() == {"status": "ok", "database": True, "listening": True}


def test_style_is_above_all_registries(stack: Stack) -> None:
    """For the list of registries, and for errors without a registry."""
    page = root(stack, Accept=HTML)
    (target,) = [str(v["href"]) for tag, v in page.elements if v.get("rel") == "stylesheet"]
    answer = root(stack, target)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")


def test_crate_whose_file_is_elsewhere_has_no_files_here(stack: Stack) -> None:
    """A page never fetches from an upstream: the crate is shown, and its contents are not."""
    origin = stack.make_registry()
    origin.publish(shapes("1.0.0"))
    name = unique("copy")
    url = origin.index_url
    remote = stack.rest.need("remotes/cargo/cargo/", name=name, url=url, policy="on_demand")[
        "pulp_href"
    ]
    copy = stack.make_registry(allow_uploads=False)
    stack.rest.post(f"{copy.repository}sync/", remote=remote)
    assert visit(copy, "crates/shapes").status == 200
    page = visit(copy, "crates/shapes/1.0.0/files")
    assert (page.status, "is not stored here yet" in page.text) == (404, True)
    assert copy.download("shapes").status == 200
    assert visit(copy, "crates/shapes/1.0.0/files").status in (200, 404)


def test_registry_below_folders_has_pages(stack: Stack) -> None:
    """Its links lead to pages below the same URL."""
    base_path = f"{unique('team')}/inner"
    deep = stack.make_registry(base_path=base_path)
    deep.publish(Crate("deep"))
    assert f"/pulp/cargo/{base_path}/crates/deep" in visit(deep, "").links
    assert visit(deep, "crates/deep").status == 200


def test_registry_whose_name_is_html(stack: Stack) -> None:
    """The name of a registry is text as well."""
    name = f"<b>{unique('n')}</b>&'\""
    made = stack.rest.need(DISTRIBUTIONS, name=name, base_path=unique("n"))
    registry = Registry(name, made["base_url"], None)
    for page in (visit(registry, ""), visit(registry, "search"), root(stack, Accept=HTML)):
        assert name in page.text
        assert "<b>" not in page.html

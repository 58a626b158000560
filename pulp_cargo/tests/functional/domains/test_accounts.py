"""The account page where Pulp's domains are enabled: a domain at a time."""

from pulp_cargo.tests.functional.domains.conftest import Domains
from pulp_cargo.tests.support.visitor import ACCOUNT, DEFAULTS, Visitor, secret_in, text_of

TOKENS = "cargo/tokens/"


def test_login_url_selects_domain_and_registry(domains: Domains) -> None:
    """Both domains have a registry of that name."""
    for side, _ in domains.sides:
        answer = side.registry.api("GET", "me", token=None)
        url = answer.headers["www-authenticate"].partition('"')[2].rstrip('"')
        path = f"{ACCOUNT}?domain={side.name}&registry=my-crates"
        assert url == f"{side.rest.origin}{path}"


def test_token_is_made_and_shown_in_its_domain_only(domains: Domains) -> None:
    """It opens the registry of that domain, and the page of the other does not show it."""
    for side, other in domains.sides:
        person = side.new_user()
        assert person.auth is not None
        visitor = Visitor(side.rest.origin)
        visitor.sign_in(*person.auth)
        at = {"domain": side.name, "registry": "my-crates"}
        page = visitor.send(fields=DEFAULTS | {"name": "plan", "registry": "my-crates"}, **at)
        secret = secret_in(page)
        assert side.registry.index_url in text_of(page)
        assert side.registry.api("GET", "me", token=secret).status == 200
        assert other.registry.api("GET", "me", token=secret).status == 401
        assert "plan" in visitor.get(domain=side.name).text
        assert "plan" not in text_of(visitor.get(domain=other.name))
        (token,) = person.list(TOKENS)
        pk = token["prn"].rpartition(":")[2]
        assert visitor.revoke(pk, domain=other.name).status_code == 404
        answer = visitor.revoke(pk, **at)
        to = f"{ACCOUNT}?domain={side.name}&registry=my-crates"
        assert (answer.status_code, answer.headers["Location"]) == (302, to)
        assert person.list(TOKENS) == []


def test_registries_of_the_other_domain_are_not_offered(domains: Domains) -> None:
    """Nor accepted, although the user may read them there."""
    for side, other in domains.sides:
        there = other.make_registry()
        visitor = Visitor(side.rest.origin)
        person = side.new_user()
        assert person.auth is not None
        visitor.sign_in(*person.auth)
        assert there.name not in visitor.get(domain=side.name).text
        assert visitor.get(domain=side.name, registry=there.name).status_code == 404
        fields = DEFAULTS | {"name": "plan", "registry": there.name}
        assert visitor.send(fields=fields, domain=side.name).status_code == 400
        assert person.list(TOKENS) == []


def test_unknown_domain_is_404(domains: Domains) -> None:
    """As in the REST API."""
    visitor = Visitor(domains.default.rest.origin)
    person = domains.default.new_user()
    assert person.auth is not None
    visitor.sign_in(*person.auth)
    for name in ("none-such", "../default", "x" * 3000):
        assert visitor.get(domain=name).status_code == 404

"""Registries where Pulp's domains are enabled: the domain stands in the URL, and keeps apart."""

import base64
import re

import pytest

from pulp_cargo.tests.functional.docs.shell import DOCS
from pulp_cargo.tests.functional.domains.conftest import Domains, Side
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.registry import Registry, index_path


def test_domain_is_in_every_url(domains: Domains) -> None:
    """The one that is shown, and those in config.json, config.toml and the page `me` [1, 5]."""
    for side, _ in domains.sides:
        registry = side.registry
        assert registry.url.endswith(f"/pulp/cargo/{side.name}/my-crates/")
        assert registry.get("config.json").json()["api"] == registry.url.rstrip("/")
        assert f'index = "{registry.index_url}"' in registry.get("config.toml").body.decode()
        page = registry.get("me").body.decode()
        assert f"/pulp/{side.name}/api/v3/cargo/tokens/" in page
        assert f">pulp --domain {side.name} cargo token create --name laptop</pre>" in page


def test_same_crate_in_two_domains(domains: Domains, name: str) -> None:
    """Each has its own unit and file, in its own storage, with null for its own registry [22, 117]."""
    default, other = domains.default.registry, domains.other.registry
    crate = Crate(name, deps=[Dep(name="own")])
    default.publish(crate)
    assert other.index_file(name).status == 404
    other.publish(crate)
    for registry in (default, other):
        assert registry.entry(name)["deps"][0]["registry"] is None
        assert registry.download(name).body == crate.packed(registry.index_url)
        assert registry.yank(name).json() == {"ok": True}
    stored = [path.read_bytes() for path in domains.media.rglob("*") if path.is_file()]
    # Once: a path of the default domain's form would be another one.
    assert stored.count(crate.packed(other.index_url)) == 1


def test_token_of_a_domain_is_for_no_other(domains: Domains, name: str) -> None:
    """It is as if it did not exist [114, 117]."""
    for side, other in domains.sides:
        answer = side.registry.send(Crate(name), token=other.registry.token)
        assert answer.status == 401
        assert answer.detail


@pytest.mark.parametrize(
    "path", ["../../my-crates/config.json", "../../none/my-crates/config.json"]
)
def test_unknown_domain_is_a_json_error(domains: Domains, path: str) -> None:
    """Also where the domain was left out of the URL [49]."""
    answer = domains.default.registry.get(path)
    assert answer.status == 404
    assert answer.detail


def reads_of(name: str) -> list[str]:
    """Return what can be read of a crate, by all that the routes know."""
    return [index_path(name), f"api/v1/crates/{name}/1.0.0/download"]


# What each route is asked for, of a crate that is only in the other domain; the first two are named
# as in the reference, by words. All of these are answered with 404, and never with a word of it.
OF_ONE_CRATE = {
    ("GET", "the index path of a crate, such as `se/rd/serde`"): "IN/DE/NAME",
    ("GET", "`api/v1/crates/{name}/{vers}/download`"): "api/v1/crates/NAME/1.0.0/download",
    ("DELETE", "`api/v1/crates/{name}/{vers}/yank`"): "api/v1/crates/NAME/1.0.0/yank",
    ("PUT", "`api/v1/crates/{name}/{vers}/unyank`"): "api/v1/crates/NAME/1.0.0/unyank",
    ("GET", "`api/v1/crates/{name}/owners`"): "api/v1/crates/NAME/owners",
    ("GET", "`api/v1/crates/{name}/owner_user`"): "api/v1/crates/NAME/owner_user",
    ("GET", "`api/v1/crates/{name}/owner_team`"): "api/v1/crates/NAME/owner_team",
    ("PUT", "`api/v1/crates/{name}/owners`"): "api/v1/crates/NAME/owners",
    ("DELETE", "`api/v1/crates/{name}/owners`"): "api/v1/crates/NAME/owners",
    ("GET", "`api/v1/crates/{name}`"): "api/v1/crates/NAME",
    ("GET", "`api/v1/crates/{name}/versions`"): "api/v1/crates/NAME/versions",
    (
        "GET",
        "`api/v1/crates/{name}/reverse_dependencies`",
    ): "api/v1/crates/NAME/reverse_dependencies",
    ("GET", "`api/v1/crates/{name}/{vers}`"): "api/v1/crates/NAME/1.0.0",
    ("GET", "`api/v1/crates/{name}/{vers}/dependencies`"): "api/v1/crates/NAME/1.0.0/dependencies",
    ("GET", "`api/v1/crates/{name}/{vers}/readme`"): "api/v1/crates/NAME/1.0.0/readme",
    ("GET", "`api/v1/crates/{name}/{vers}/authors`"): "api/v1/crates/NAME/1.0.0/authors",
    ("GET", "`api/v1/crates/{name}/downloads`"): "api/v1/crates/NAME/downloads",
    ("GET", "`api/v1/crates/{name}/{vers}/downloads`"): "api/v1/crates/NAME/1.0.0/downloads",
    ("GET", "`rss/crates/{name}.xml`"): "rss/crates/NAME.xml",
    ("GET", "`crates/{name}`"): "crates/NAME",
    ("GET", "`crates/{name}/versions`"): "crates/NAME/versions",
    ("GET", "`crates/{name}/refused`"): "crates/NAME/refused",
    ("GET", "`crates/{name}/dependents`"): "crates/NAME/dependents",
    ("GET", "`crates/{name}/{vers}`"): "crates/NAME/1.0.0",
    ("GET", "`crates/{name}/{vers}/files`"): "crates/NAME/1.0.0/files",
    ("GET", "`crates/{name}/{vers}/source/{path}`"): "crates/NAME/1.0.0/source/Cargo.toml",
    ("GET", "`crates/{name}/diff/{old}..{new}`"): "crates/NAME/diff/1.0.0..1.0.0",
}
# Those that know of no crate; tests of their own have both domains.
OF_THE_REGISTRY = {
    ("GET", "`config.json`"),
    ("PUT", "`api/v1/crates/new`"),
    ("GET", "`versions.jsonl`"),
    ("GET", "`config.toml`"),
    # Of the repository version, which belongs to one domain.
    ("GET", "`snapshot.json`"),
    ("GET", "`snapshot.json.asc`"),
    ("GET", "`snapshot.jsonl`"),
    ("GET", "`me`"),
    ("GET", "`style.css`"),
    # Search, tags, feeds and pages of catalogs, which belong to a repository.
    ("GET", "`api/v1/crates`"),
    ("GET", "`api/v1/keywords`"),
    ("GET", "`api/v1/keywords/{text}`"),
    ("GET", "`api/v1/categories`"),
    ("GET", "`api/v1/categories/{text}`"),
    ("GET", "`api/v1/category_slugs`"),
    ("GET", "`api/v1/summary`"),
    ("GET", "`rss/crates.xml`"),
    ("GET", "`rss/updates.xml`"),
    ("GET", "`search`"),
    ("GET", "`keywords/{keyword}`"),
    ("GET", "`categories/{slug}`"),
    # What changed between versions, which belong to a repository.
    ("GET", "`changes`"),
    # Accounts and tokens: test_accounts.
    ("GET", "`api/v1/me`"),
    ("GET", "`api/v1/me/tokens`"),
    ("PUT", "`api/v1/me/tokens`"),
    ("GET", "`api/v1/me/tokens/{number}`"),
    ("DELETE", "`api/v1/me/tokens/{number}`"),
    ("DELETE", "`api/v1/tokens/current`"),
    ("GET", "the registry's URL itself"),
    # A redirect, with no word of what is there.
    ("GET", "the URL of one of these pages with a final slash"),
}


def test_every_endpoint_is_tried() -> None:
    """A new one needs a line above (a unit test compares the reference with the routes)."""
    page = (DOCS / "user" / "reference" / "endpoints.md").read_text()
    rows = re.findall(r"^\| ([A-Z]+) \| (.+?) \|", page, re.MULTILINE)
    assert set(rows) == OF_ONE_CRATE.keys() | OF_THE_REGISTRY


def test_crate_of_one_domain_is_in_no_route_of_the_other(domains: Domains, name: str) -> None:
    """Also when the process remembers it of the first one: memory goes by the whole path."""
    for side, other in domains.sides:
        mine = f"{name}-{side.name}"
        side.registry.publish(Crate(mine))
        for path in reads_of(mine) * 2:
            assert side.registry.get(path).status == 200
        for (method, _), path in OF_ONE_CRATE.items():
            asked = path.replace("IN/DE/NAME", index_path(mine)).replace("NAME", mine)
            answer = other.registry.request(method, asked, token=other.registry.token)
            assert answer.status == 404, asked
            assert answer.detail
        assert side.registry.entry(mine)["yanked"] is False


def test_listing_has_what_is_in_its_own_domain(domains: Domains, name: str) -> None:
    """A registry of one name in each, and a crate of one name too."""
    for side, _ in domains.sides:
        side.registry.publish(Crate(name, package={"description": f"in {side.name}"}))
    for side, other in domains.sides:
        listing = side.registry.get("versions.jsonl").body.decode()
        assert f"in {side.name}" in listing
        assert f"in {other.name}" not in listing


def test_what_is_remembered_of_a_reader_is_for_one_domain(domains: Domains, name: str) -> None:
    """Two private registries of one name: the token that opens one does not open the other."""
    private = [side.make_registry(name=name, auth_required=True) for side, _ in domains.sides]
    for registry in private:
        registry.publish(Crate(name))
        for path in ("config.json", *reads_of(name)) * 2:
            assert registry.get(path, token=registry.token).status == 200
    for registry, other in (private, private[::-1]):
        for path in ("config.json", *reads_of(name)) * 2:
            assert registry.get(path, token=other.token).status == 401
            assert registry.get(path).status == 401


def test_guards_of_one_name_are_apart(domains: Domains, name: str) -> None:
    """Each domain's guard wants its own value, also after the other one let somebody in."""
    guarded = {}
    for side, _ in domains.sides:
        fields = {"name": name, "header_name": "X-Team", "header_value": side.name}
        guard = side.rest.make("contentguards/core/header/", **fields)["pulp_href"]
        guarded[side.name] = side.make_registry(name=name, content_guard=guard)
    for own, registry in guarded.items():
        for asked in (own, own, "default", "other"):
            sent = {"X-Team": base64.b64encode(asked.encode()).decode()}
            status = registry.request("GET", "config.json", headers=sent).status
            assert status == (200 if asked == own else 401)


def test_role_in_one_domain_is_for_no_other(domains: Domains, name: str) -> None:
    """A publisher of a domain publishes to all of its registries, and to none elsewhere."""
    for side, other in domains.sides:
        user = side.new_user("cargo.cargodistribution_publisher")
        username = str(user.auth[0]) if user.auth else ""
        tokens = {one.name: one.token(user=username) for one in (side, other)}
        mine = f"{name}-by-{side.name}"
        assert side.registry.send(Crate(mine), token=tokens[side.name]).status == 200
        assert other.registry.send(Crate(mine), token=tokens[other.name]).status == 403
        private = other.make_registry(auth_required=True)
        assert private.get("config.json", token=tokens[other.name]).status == 401


def test_default_guard_of_a_domain_holds_for_its_new_registries(
    domains: Domains, name: str
) -> None:
    """And for those of no other domain."""
    fields = {"name": name, "header_name": "X-Team", "header_value": "crates"}
    guard = domains.other.rest.make("contentguards/core/header/", **fields)["pulp_href"]
    (domain,) = domains.default.rest.list("domains/", name="other")
    with_guard = domains.default.rest
    with_guard.patch(domain["pulp_href"], default_content_guard=guard)
    try:
        here, there = (side.make_registry(name=f"{name}-d") for side, _ in domains.sides)
    finally:
        with_guard.patch(domain["pulp_href"], default_content_guard=None)
    assert here.get("config.json").status == 200
    assert there.get("config.json").status == 401


def test_clean_up_of_a_domain_leaves_the_other_alone(domains: Domains, name: str) -> None:
    """Crates that no repository holds any more, of the same bytes in both."""
    for side, _ in domains.sides:
        _orphan(side, name)
    other = domains.other.rest
    other.post("orphans/cleanup/", orphan_protection_time=0)
    assert [
        len(side.rest.list("content/cargo/crates/", name=name)) for side, _ in domains.sides
    ] == [
        1,
        0,
    ]
    domains.default.registry.publish(Crate(f"{name}-kept"))
    other.post("orphans/cleanup/", orphan_protection_time=0)
    assert domains.default.registry.download(f"{name}-kept").status == 200


def _orphan(side: Side, name: str) -> None:
    registry: Registry = side.make_registry()
    registry.publish(Crate(name))
    (unit,) = side.rest.list("content/cargo/crates/", name=name)
    side.rest.post(f"{registry.repository}modify/", remove_content_units=[unit["pulp_href"]])
    for version in side.rest.list(f"{registry.repository}versions/"):
        if version["number"] == 1:
            side.rest.delete(version["pulp_href"])


def test_owner_in_one_domain_owns_nothing_in_the_other(domains: Domains, name: str) -> None:
    """Users are those of the whole Pulp, and crates of one name are two crates."""
    user = domains.default.new_user("cargo.cargodistribution_publisher")
    (other,) = domains.default.rest.list("/pulp/default/api/v3/domains/", name="other")
    assert user.auth is not None
    login = user.auth[0]
    (account,) = domains.default.rest.list("users/", username=login)
    role = {"role": "cargo.cargodistribution_publisher", "domain": other["pulp_href"]}
    domains.default.rest.post(f"{account['pulp_href']}roles/", content_object=None, **role)
    registries = {}
    for side, _ in domains.sides:
        registry = side.make_registry()
        side.rest.patch(registry.repository, crate_owners=True)
        registries[side.name] = registry
    mine = domains.default.token(user=login)
    registries["default"].publish(Crate(name), token=mine)
    registries["other"].publish(Crate(name))
    theirs = domains.other.token(user=login)
    assert registries["other"].yank(name, token=theirs).status == 403
    assert registries["default"].yank(name, token=mine).status == 200
    path = f"api/v1/crates/{name}/owners"
    shown = {
        side: [one["login"] for one in registry.get(path, token=registry.token).json()["users"]]
        for side, registry in registries.items()
    }
    assert shown == {"default": [login], "other": ["admin"]}

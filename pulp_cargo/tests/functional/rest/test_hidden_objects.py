"""What people cannot make their own by knowing the href of what they may not see."""

from typing import Any
from uuid import uuid4

import pytest

from pulp_cargo.tests.functional.rest.crate_files import crate_file
from pulp_cargo.tests.support.rest import PATIENCE, Refused, Rest, unique

REPOSITORIES = "repositories/cargo/cargo/"
DISTRIBUTIONS = "distributions/cargo/cargo/"
CRATES = "content/cargo/crates/"
CREATORS = [f"cargo.cargo{kind}_creator" for kind in ("repository", "remote", "distribution")]


@pytest.fixture(scope="module")
def eve(rest: Rest) -> Rest:
    """Somebody who may make objects of her own and sees none of others, but knows their hrefs."""
    return rest.new_user(*CREATORS)


@pytest.fixture
def own(eve: Rest) -> dict[str, Any]:
    """A repository of hers."""
    return eve.make(REPOSITORIES, name=unique("eve"))


@pytest.fixture(scope="module")
def hidden(rest: Rest) -> dict[str, str]:
    """What she may not see, as requests name it: version 2 has a crate, which is yanked."""
    name = unique("hidden").replace("-", "")
    repository = rest.need(REPOSITORIES, name=name)["pulp_href"]
    crate = rest.need_crate(crate_file(name, "1.0.0"), repository=repository)
    yank = rest.make("content/cargo/yanks/", name=name, vers="1.0.0", repository=repository)
    url = "sparse+https://registry.example/"
    return {
        "repository": repository,
        "version": f"{repository}versions/2/",
        "prn of version": rest.get(f"{repository}versions/2/")["prn"],
        "crate": crate["pulp_href"],
        "prn of crate": crate["prn"],
        "crate as another": crate["pulp_href"].replace("cargo/crates", "file/files"),
        "yank": yank["pulp_href"],
        "artifact": crate["artifact"],
        "remote": rest.need("remotes/cargo/cargo/", name=name, url=url)["pulp_href"],
        "policy": rest.need("cargo/crate-policies/", name=name)["pulp_href"],
        "prn of policy": rest.list("cargo/crate-policies/", name=name)[0]["prn"],
    }


@pytest.mark.parametrize("what", ["crate", "prn of crate", "crate as another", "yank"])
def test_units_that_one_may_not_see_cannot_be_copied(
    eve: Rest, own: dict[str, Any], hidden: dict[str, str], what: str
) -> None:
    """They are refused as units that are not there, also beside one that is."""
    file = crate_file(unique("eve").replace("-", ""), "1.0.0")
    seen = eve.need_crate(file, repository=own["pulp_href"])["pulp_href"]
    nothing = f"/pulp/api/v3/content/cargo/crates/{uuid4()}/"
    for units in ([nothing], [hidden[what]], [seen, hidden[what]]):
        told = _answer(eve, f"{own['pulp_href']}modify/", add_content_units=units)
        sentence = f"Could not find the following content units: ['{units[-1]}']"
        assert told == (400, {"add_content_units": [sentence]})


@pytest.mark.parametrize("what", ["version", "prn of version"])
def test_version_that_one_may_not_see_is_no_base(
    eve: Rest, own: dict[str, Any], hidden: dict[str, str], what: str
) -> None:
    """It is refused as one that is not there."""
    nothing = {
        "version": f"{hidden['repository']}versions/9/",
        "prn of version": f"prn:core.repositoryversion:{uuid4()}",
    }
    for version in (nothing[what], hidden[what]):
        told = _answer(eve, f"{own['pulp_href']}modify/", base_version=version)
        assert told == (400, {"base_version": ["Invalid hyperlink - Object does not exist."]})


def test_file_of_a_crate_that_one_may_not_see_cannot_be_uploaded(
    eve: Rest, own: dict[str, Any], hidden: dict[str, str]
) -> None:
    """Neither by its artifact; who sees the crate may name that."""
    fields = {"repository": own["pulp_href"], "artifact": hidden["artifact"]}
    refusal = (400, {"artifact": ["Invalid hyperlink - Object does not exist."]})
    assert _answer(eve, CRATES, **fields) == refusal
    unknown = f"/pulp/api/v3/artifacts/{uuid4()}/"
    assert _answer(eve, CRATES, **fields | {"artifact": unknown}) == refusal


def test_who_sees_a_repository_may_copy_from_it(rest: Rest, hidden: dict[str, str]) -> None:
    """By unit, by version and by file; and goes back to a version of their own."""
    user = rest.new_user("cargo.cargorepository_creator")
    rest.grant(user, "cargo.cargorepository_viewer", hidden["repository"])
    own = user.make(REPOSITORIES, name=unique("own"))["pulp_href"]
    for path, fields in (
        (f"{own}modify/", {"add_content_units": [hidden["crate"], hidden["yank"]]}),
        (f"{own}modify/", {"remove_content_units": ["*"]}),
        (f"{own}modify/", {"base_version": f"{own}versions/1/"}),
        (f"{own}modify/", {"base_version": f"{hidden['repository']}versions/1/"}),
        (f"{own}modify/", {"base_version": f"{own}versions/0/"}),
        (CRATES, {"artifact": hidden["artifact"], "repository": own}),
    ):
        user.post(path, **fields)
    held = [
        (version["number"], sorted(version["content_summary"]["present"]))
        for version in user.list(f"{own}versions/", ordering="number")
    ]
    assert held == [
        (0, []),
        (1, ["cargo.crate", "cargo.yank"]),
        (2, []),
        (3, ["cargo.crate", "cargo.yank"]),
        (4, ["cargo.crate"]),
        (5, []),
        (6, ["cargo.crate"]),
    ]


@pytest.mark.parametrize("what", ["policy", "prn of policy"])
def test_policy_that_one_may_not_see_cannot_be_used(
    eve: Rest, own: dict[str, Any], hidden: dict[str, str], what: str
) -> None:
    """Its rules, and what is held back by them, are for those who see it."""
    name = unique("eve")
    nothing = {
        "policy": f"/pulp/api/v3/cargo/crate-policies/{uuid4()}/",
        "prn of policy": f"prn:cargo.cargocratepolicy:{uuid4()}",
    }
    for policy in (nothing[what], hidden[what]):
        for path, fields in (
            ("remotes/cargo/cargo/", {"url": "sparse+https://registry.example/"}),
            (DISTRIBUTIONS, {"base_path": name, "repository": own["pulp_href"]}),
        ):
            told = _answer(eve, path, name=name, crate_policy=policy, **fields)
            assert told == (400, {"crate_policy": ["Invalid hyperlink - Object does not exist."]})


def test_what_one_may_not_see_cannot_be_served_or_synced(
    eve: Rest, own: dict[str, Any], hidden: dict[str, str]
) -> None:
    """Neither in a registry or repository that is new, nor in one that is there.

    Where a request references it, it is refused as what is not there.
    """
    name = unique("eve")
    mine = eve.make(DISTRIBUTIONS, name=name, base_path=name, repository=own["pulp_href"])[
        "pulp_href"
    ]
    new = {"name": unique("eve"), "base_path": unique("eve")}
    repository, version, remote = (hidden[one] for one in ("repository", "version", "remote"))
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", DISTRIBUTIONS, {**new, "repository": repository}),
        ("POST", DISTRIBUTIONS, {**new, "repository_version": version}),
        ("POST", DISTRIBUTIONS, {**new, "remote": remote}),
        ("PATCH", mine, {"repository": repository}),
        ("PATCH", mine, {"repository": None, "repository_version": version}),
        ("PATCH", mine, {"remote": remote}),
        ("POST", REPOSITORIES, {"name": unique("eve"), "remote": remote}),
        ("PATCH", own["pulp_href"], {"remote": remote}),
        ("POST", f"{own['pulp_href']}sync/", {"remote": remote}),
        ("POST", f"{repository}modify/", {"remove_content_units": ["*"]}),
        ("POST", f"{repository}import_crates/", {}),
        ("POST", "exporters/core/pulp/", {"name": name, "repositories": [repository]}),
        ("POST", "importers/core/pulp/", {"name": name}),
    ]
    told = [
        eve.session.request(method, eve.url(path), json=body, timeout=PATIENCE).status_code
        for method, path, body in asked
    ]
    assert told == [400, 400, 400, 400, 400, 400, 400, 400, 400, 404, 404, 403, 403]


@pytest.mark.parametrize("what", ["repository", "remote"])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_one_may_not_see_is_no_upstream(
    rest: Rest, eve: Rest, own: dict[str, Any], hidden: dict[str, str], what: str, method: str
) -> None:
    """It is refused as what is not there, by href and by PRN, also beside an upstream of hers."""
    mine = {"name": "mine", "repository": own["pulp_href"]}
    name = unique("eve")
    path, fields = DISTRIBUTIONS, {"name": name, "base_path": name}
    if method == "PATCH":
        path, fields = eve.make(DISTRIBUTIONS, **fields)["pulp_href"], {}
    nothing = hidden[what].replace(hidden[what].split("/")[-2], str(uuid4()))
    for value in (nothing, hidden[what], rest.get(hidden[what])["prn"]):
        fields["upstreams"] = [mine, {"name": "hers", what: value}]
        answer = eve.session.request(method, eve.url(path), json=fields, timeout=PATIENCE)
        told = {"upstreams": {"1": {what: ["Invalid hyperlink - Object does not exist."]}}}
        assert (answer.status_code, answer.json()) == (400, told)


def _answer(user: Rest, path: str, **fields: Any) -> tuple[int, Any]:
    answer = user.session.post(user.url(path), json=fields, timeout=PATIENCE)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("who", ["eve", "nobody"])
def test_versions_of_a_repository_that_one_may_not_see(
    rest: Rest, eve: Rest, hidden: dict[str, str], who: str
) -> None:
    """The answer is that for one that does not exist, with and without credentials."""
    asker = eve if who == "eve" else Rest(rest.origin, None)
    paths = {"get": ("", "1/"), "post": ("1/repair/",), "delete": ("1/",)}
    found = [
        (answer.status_code, answer.text)
        for repository in (hidden["repository"], f"/pulp/api/v3/{REPOSITORIES}{uuid4()}/")
        for method, below in paths.items()
        for path in below
        for answer in (
            asker.session.request(method, rest.url(f"{repository}versions/{path}"), timeout=60),
        )
    ]
    expected = {
        "eve": (404, '{"detail":"No CargoRepository matches the given query."}'),
        "nobody": (401, '{"detail":"Authentication credentials were not provided."}'),
    }
    assert found == [expected[who]] * 8


def test_who_sees_a_repository_learns_what_is_forbidden(rest: Rest, hidden: dict[str, str]) -> None:
    """A version cannot be deleted with the right to view it."""
    user = rest.new_user()
    rest.grant(user, "cargo.cargorepository_viewer", hidden["repository"])
    assert user.get(f"{hidden['repository']}versions/1/")["number"] == 1
    with pytest.raises(Refused) as refused:
        user.delete(f"{hidden['repository']}versions/1/")
    assert refused.value.status == 403


@pytest.mark.parametrize("kind", ["repository_version", "repository_version_added"])
def test_units_are_not_filtered_by_what_one_may_not_see(
    eve: Rest, own: dict[str, Any], hidden: dict[str, str], kind: str
) -> None:
    """Otherwise one would learn whether it exists, and which of the units that one sees it has."""
    nothing = f"{hidden['repository'][:-37]}{uuid4()}/"
    for path in (CRATES, "content/cargo/yanks/"):
        for version in (hidden["repository"], hidden["version"], f"{nothing}versions/1/", nothing):
            for filters in ({kind: version}, {"q": f'{kind}="{version}"'}):
                answer = eve.session.get(eve.url(path), params=filters, timeout=PATIENCE)
                sentence = f"{version!r} is not a version of a repository that you may view"
                assert answer.status_code == 400, filters
                assert sentence in answer.text, filters
        assert eve.list(path, **{kind: f"{own['pulp_href']}versions/0/"}) == []

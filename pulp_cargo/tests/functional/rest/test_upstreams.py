"""`upstreams` of a distribution: the ordered list of what a registry has its crates from."""

from typing import Any

import pytest

from pulp_cargo.tests.functional.rest.upstreams import (
    new_registry,
    new_remote,
    new_repository,
    refusal,
    refused_list,
    sent_registry,
)
from pulp_cargo.tests.support.rest import Rest, unique


@pytest.fixture
def ours(rest: Rest) -> dict[str, Any]:
    """An entry for a repository of our own."""
    return {"name": "ours", "repository": new_repository(rest)}


@pytest.fixture
def theirs(rest: Rest) -> dict[str, Any]:
    """An entry for a remote with its store."""
    return {"name": "theirs", "remote": new_remote(rest), "repository": new_repository(rest)}


def test_list_is_set_and_shown_as_a_whole(
    rest: Rest, ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    """In its order, with the defaults filled in: a repository alone claims its names."""
    href = sent_registry(rest, upstreams=[ours, theirs | {"pins": ["serde*"]}])["pulp_href"]
    shown_ours = ours | {"remote": None, "patterns": ["*"], "pins": [], "private": True}
    shown_theirs = theirs | {"patterns": ["*"], "pins": ["serde*"], "private": False}
    assert rest.get(href)["upstreams"] == [shown_ours, shown_theirs]
    rest.patch(href, upstreams=[theirs | {"patterns": ["tokio"]}, ours | {"private": False}])
    assert rest.get(href)["upstreams"] == [
        shown_theirs | {"patterns": ["tokio"], "pins": []},
        shown_ours | {"private": False},
    ]
    rest.patch(href, upstreams=[])
    assert rest.get(href)["upstreams"] == []


def test_list_stays_where_a_change_is_about_something_else(
    rest: Rest, ours: dict[str, Any]
) -> None:
    """Also with PUT: who does not know of lists must not open a name that was claimed."""
    made = new_registry(rest, upstreams=[ours], reserved_names=["acme-*"], mixed_names=["log"])
    rest.patch(made["pulp_href"], auth_required=True)
    rest.put(made["pulp_href"], name=made["name"], base_path=made["base_path"])
    seen = rest.get(made["pulp_href"])
    assert [one["name"] for one in seen["upstreams"]] == ["ours"]
    assert (seen["reserved_names"], seen["mixed_names"]) == (["acme-*"], ["log"])


def test_objects_may_be_named_by_their_prns(rest: Rest, ours: dict[str, Any]) -> None:
    """As everywhere in Pulp."""
    prn = rest.get(ours["repository"])["prn"]
    made = sent_registry(rest, upstreams=[ours | {"repository": prn}])
    assert made["upstreams"][0]["repository"] == ours["repository"]


BAD_ENTRIES: list[tuple[dict[str, Any], dict[str, list[str]]]] = [
    (
        {"name": "x"},
        {
            "non_field_errors": [
                "`x` has neither a `repository` nor a `remote`: it needs one of them."
            ]
        },
    ),
    (
        {"name": "x", "remote": "REMOTE", "private": True},
        {
            "non_field_errors": [
                "`x` has a `remote`, so it cannot be `private`: its crates are not your own."
            ]
        },
    ),
    (
        {"name": "x", "remote": "REMOTE", "patterns": []},
        {"non_field_errors": ["`x` has neither `patterns` nor `pins`: it would never be asked."]},
    ),
    ({"remote": "REMOTE"}, {"name": ["This field is required."]}),
    ({"name": "x", "remote": "REMOTE", "pattern": ["a"]}, {"pattern": ["Unexpected field"]}),
    (
        {"name": "x", "remote": 7},
        {"remote": ["Incorrect type. Expected URL string, received int."]},
    ),
    (
        {"name": "x", "repository": "REMOTE"},
        {"repository": ["Invalid hyperlink - Incorrect URL match."]},
    ),
    (
        {"name": "x", "remote": "REMOTE", "pins": ["*-core"]},
        {
            "pins": [
                "the crate pattern '*-core' is invalid: it must be a crate name, the start of one"
                " followed by a single `*`, or `*`"
            ]
        },
    ),
]


@pytest.mark.parametrize(("entry", "told"), BAD_ENTRIES)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_entry_that_makes_no_sense_is_refused(
    rest: Rest, entry: dict[str, Any], told: dict[str, list[str]], method: str
) -> None:
    """With the value and the rule that it breaks, in new lists and in changed ones."""
    if "REMOTE" in entry.values():
        remote = new_remote(rest)
        entry = {key: remote if value == "REMOTE" else value for key, value in entry.items()}
    if method == "POST":
        assert refused_list(rest, entry) == {"upstreams": {"0": told}}
    else:
        href = new_registry(rest)["pulp_href"]
        assert refusal(rest, "PATCH", href, upstreams=[entry]) == {"upstreams": {"0": told}}


def test_entries_that_do_not_go_together_are_refused(
    rest: Rest, ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    """A name, a repository and a remote are there once; a store is nobody's private repository."""
    store_is_ours = theirs | {"repository": ours["repository"]}
    twice = {"name": "twice", "remote": theirs["remote"]}
    for entries, sentence in (
        (
            [ours, theirs | {"name": "ours"}],
            "`ours` and `ours` have the same `name`: names must be unique in a list.",
        ),
        (
            [ours, store_is_ours],
            "`ours` and `theirs` have the same `repository`: a repository can be in a list only once.",
        ),
        (
            [theirs, twice],
            "`theirs` and `twice` have the same `remote`: a remote can be in a list only once.",
        ),
    ):
        assert refused_list(rest, *entries) == {"upstreams": [sentence]}


def test_list_has_twenty_entries_at_most(rest: Rest, ours: dict[str, Any]) -> None:
    """Each costs a little at every look-up."""
    entries = [{"name": f"u{number}", "remote": new_remote(rest)} for number in range(20)]
    assert len(sent_registry(rest, upstreams=entries)["upstreams"]) == 20
    told = refused_list(rest, *entries, ours)
    assert told == {
        "upstreams": {"non_field_errors": ["Ensure this field has no more than 20 elements."]}
    }


def test_store_and_private_repository_are_different_ones_in_all_lists(
    rest: Rest, ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    """Else every name that somebody fetches through the one would be claimed in the other."""
    new_registry(rest, upstreams=[ours, theirs])
    own_crates = (
        "Another registry uses the repository of `x` for crates of your own: a `remote` needs a"
        " separate repository."
    )
    kept_crates = (
        "The repository of `x` stores crates of a remote for another registry: as a private"
        " repository, it would claim all of their names."
    )
    as_store = {"name": "x", "remote": new_remote(rest), "repository": ours["repository"]}
    assert refused_list(rest, as_store) == {"upstreams": [own_crates]}
    as_private = {"name": "x", "repository": theirs["repository"]}
    assert refused_list(rest, as_private) == {"upstreams": [kept_crates]}
    sent_registry(rest, upstreams=[as_private | {"private": False}])

    open_one = new_repository(rest)
    new_registry(rest, repository=open_one, allow_uploads=True)
    assert refused_list(rest, as_store | {"repository": open_one}) == {"upstreams": [own_crates]}
    cache = new_repository(rest)
    new_registry(rest, repository=cache, remote=theirs["remote"])
    assert refused_list(rest, as_private | {"repository": cache}) == {"upstreams": [kept_crates]}


def test_repository_of_a_list_gets_no_second_purpose_later(
    rest: Rest, ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    """As the store of a plain cache; `test_stores` has the places for uploads."""
    new_registry(rest, upstreams=[ours, theirs])
    cache = new_registry(rest, remote=new_remote(rest))["pulp_href"]
    assert refusal(rest, "PATCH", cache, repository=ours["repository"]) == {
        "repository": [
            "This repository is private in a list of upstreams, so it would claim the names of all"
            " crates from the `remote`. Use a separate repository for the cache."
        ]
    }


def test_list_stands_alone(rest: Rest, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Beside it there is no remote, no pinned version, and no repository but that for uploads."""
    version = rest.get(ours["repository"])["latest_version_href"]
    for field, value in (("remote", theirs["remote"]), ("repository_version", version)):
        assert refused_list(rest, ours, **{field: value}) == {
            field: [f"A registry with `upstreams` cannot have `{field}`."]
        }
        other = new_registry(rest, **{field: value})["pulp_href"]
        assert field in refusal(rest, "PATCH", other, upstreams=[theirs])
    assert refused_list(rest, ours, repository=ours["repository"]) == {
        "repository": [
            "With `upstreams`, this is the repository for uploads: set it to null, or set"
            " `allow_uploads` to true."
        ]
    }


def test_uploads_to_a_list_go_into_one_of_its_own_repositories(
    rest: Rest, ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    """Not into the store of a remote, and not to where this registry would not serve them."""
    for repository, told in (
        (None, "requires a `repository`"),
        (theirs["repository"], "The repository of `theirs` is the store of its `remote`"),
        (new_repository(rest), "must be one of the repositories in `upstreams`"),
    ):
        fields = {"allow_uploads": True, "repository": repository}
        assert told in refused_list(rest, ours, theirs, **fields)["allow_uploads"][0]
    fields = {"allow_uploads": True, "repository": ours["repository"]}
    made = sent_registry(rest, upstreams=[ours, theirs], **fields)
    assert (made["allow_uploads"], made["repository"]) == (True, ours["repository"])
    assert "allow_uploads" in refusal(rest, "PATCH", made["pulp_href"], upstreams=[theirs])
    rest.patch(made["pulp_href"], allow_uploads=False, repository=None)


def test_opening_a_list_for_uploads_takes_the_right_to_modify(
    rest: Rest, ours: dict[str, Any]
) -> None:
    """As for any registry: seeing a repository is not enough."""
    user = rest.new_user("cargo.cargodistribution_creator", "cargo.cargorepository_viewer")
    name = unique("registry")
    fields = {"name": name, "base_path": name, "upstreams": [ours]}
    uploads = {"allow_uploads": True, "repository": ours["repository"]}
    answer = user.session.post(user.url("distributions/cargo/cargo/"), json=fields | uploads)
    assert answer.status_code == 403
    sent_registry(user, upstreams=[ours])


@pytest.mark.parametrize("field", ["reserved_names", "mixed_names"])
def test_patterns_of_names_belong_to_a_list(rest: Rest, ours: dict[str, Any], field: str) -> None:
    """Elsewhere they would mean nothing, which whoever sets them must know."""
    nothing = {field: [f"`{field}` requires a list of `upstreams`."]}
    href = new_registry(rest)["pulp_href"]
    assert refusal(rest, "PATCH", href, **{field: ["acme-*"]}) == nothing
    bad = refused_list(rest, ours, **{field: ["a b"]})
    assert "the crate pattern 'a b' is invalid: it must be a crate name" in bad[field][0]
    listed = sent_registry(rest, upstreams=[ours], **{field: ["acme-*", "acme-*"]})
    assert listed[field] == ["acme-*"]
    assert refusal(rest, "PATCH", listed["pulp_href"], upstreams=[]) == nothing
    rest.patch(listed["pulp_href"], upstreams=[], **{field: []})


@pytest.mark.parametrize("field", ["repository", "remote"])
def test_what_a_list_has_cannot_be_deleted(rest: Rest, theirs: dict[str, Any], field: str) -> None:
    """The sentence names the registry, to those who may see it."""
    listed = new_registry(rest, upstreams=[theirs])
    name = rest.get(theirs[field])["name"]
    end = "remove it from there before you delete it."
    told = refusal(rest, "DELETE", theirs[field])
    assert told == [f"`{name}` is in the upstreams of `{listed['name']}`: {end}"]
    stranger = rest.new_user(f"cargo.cargo{field}_owner", on=rest.get(theirs[field])["prn"])
    told = refusal(stranger, "DELETE", theirs[field])
    assert told == [f"`{name}` is in a list of upstreams that you may not view: {end}"]
    rest.delete(listed["pulp_href"])
    stranger.delete(theirs[field])

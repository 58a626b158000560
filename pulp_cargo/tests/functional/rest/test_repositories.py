"""`repositories/cargo/cargo/`: repositories, their versions, `modify` and rolling back."""

from collections.abc import Callable
from typing import Any

import pytest

from pulp_cargo.tests.functional.rest.crate_files import crate_file
from pulp_cargo.tests.support.rest import Refused, Rest, unique
from pulp_cargo.tests.support.stack import Stack

REPOSITORIES = "repositories/cargo/cargo/"
Current = Callable[[str], list[dict[str, Any]]]


def hrefs(*units: dict[str, Any]) -> set[str]:
    """Return the hrefs of units."""
    return {unit["pulp_href"] for unit in units}


def leaf(rest: Rest, name: str, vers: str) -> dict[str, Any]:
    """Make a crate version that is in no repository."""
    return rest.need_crate(crate_file(name, vers))


def test_create_read_change_delete(rest: Rest) -> None:
    """A repository's own fields have working defaults and can be changed."""
    made = rest.make(REPOSITORIES, name=unique("repo"))
    assert made["retain_repo_versions"] == 100
    assert (made["crates_io_rules"], made["index_aliases"]) == (False, [])
    alias = "sparse+https://old.example/index/"
    rest.patch(made["pulp_href"], crates_io_rules=True, index_aliases=[alias, alias])
    read = rest.get(made["pulp_href"])
    assert (read["crates_io_rules"], read["index_aliases"]) == (True, [alias])
    rest.patch(made["pulp_href"], retain_repo_versions=None)
    assert rest.list(REPOSITORIES, name=made["name"])[0]["retain_repo_versions"] is None
    rest.delete(made["pulp_href"])
    assert rest.list(REPOSITORIES, name=made["name"]) == []


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"index_aliases": ["sparse+https://r.example/index"]}, "must end in"),
        ({"index_aliases": ["r.example"]}, "must be absolute"),
        ({"retain_repo_versions": 0}, "greater than or equal to 1"),
        ({"retain_repo_versions": 2**40}, "less than or equal to"),
    ],
)
def test_bad_fields_are_refused(rest: Rest, fields: dict[str, Any], reason: str) -> None:
    """Each answer is a 400 that tells the rule."""
    with pytest.raises(Refused, match=reason) as refused:
        rest.make(REPOSITORIES, name=unique("repo"), **fields)
    assert refused.value.status == 400


def test_modify_adds_and_removes(rest: Rest, repository: dict[str, Any], current: Current) -> None:
    """Each `modify` makes one version."""
    modify = f"{repository['pulp_href']}modify/"
    old, new = (leaf(rest, unique("leaf"), "1.0.0") for _ in range(2))
    rest.post(modify, add_content_units=[old["pulp_href"]])
    rest.post(modify, add_content_units=[new["pulp_href"]], remove_content_units=[old["pulp_href"]])
    assert hrefs(*current("crates")) == hrefs(new)
    numbers = [one["number"] for one in rest.list(f"{repository['pulp_href']}versions/")]
    assert numbers == [2, 1, 0]


def test_roll_back(rest: Rest, repository: dict[str, Any], current: Current) -> None:
    """An older version as the base makes a new one that holds the same, yanks included."""
    href, name = repository["pulp_href"], unique("leaf")
    first = rest.need_crate(crate_file(name, "1.0.0"), repository=href)
    mark = rest.make("content/cargo/yanks/", name=name, vers="1.0.0", repository=href)
    wanted = rest.get(href)["latest_version_href"]
    rest.need_crate(crate_file(name, "2.0.0"), repository=href)
    rest.post(f"{href}modify/", remove_content_units=[first["pulp_href"]])
    assert [unit["vers"] for unit in current("crates")] == ["2.0.0"]
    rest.post(f"{href}modify/", base_version=wanted)
    assert rest.get(href)["latest_version_href"].endswith("/versions/5/")
    assert hrefs(*current("crates")) == hrefs(first)
    assert hrefs(*current("yanks")) == hrefs(mark)


@pytest.mark.parametrize(
    ("one", "other", "takes_uploads"),
    [
        (("Leaf-{}", "1.0.0"), ("leaf_{}", "2.0.0"), False),
        (("leaf-{}", "1.0.0+a"), ("leaf-{}", "1.0.0+b"), True),
    ],
    ids=["two spellings", "other build metadata"],
)
def test_modify_keeps_names_and_versions_unique(
    stack: Stack,
    rest: Rest,
    repository: dict[str, Any],
    current: Current,
    one: tuple[str, str],
    other: tuple[str, str],
    takes_uploads: bool,
) -> None:
    """A registry has one spelling of a name, and of what is published a number once."""
    if takes_uploads:
        served = stack.make_registry()
        stack.rest.set(served.href, repository=repository["pulp_href"])
    end = unique("x")[2:]
    here, there = (leaf(rest, name.format(end), vers) for name, vers in (one, other))
    modify = f"{repository['pulp_href']}modify/"
    rest.post(modify, add_content_units=[here["pulp_href"]])
    with pytest.raises(Refused, match="the same spelling of the name"):
        rest.post(modify, add_content_units=[there["pulp_href"]])
    with pytest.raises(Refused, match="the same spelling of the name"):
        rest.post(
            modify,
            base_version=f"{repository['pulp_href']}versions/0/",
            add_content_units=[here["pulp_href"], there["pulp_href"]],
        )
    assert hrefs(*current("crates")) == hrefs(here)


def test_builds_of_a_version_are_copied_and_not_uploaded(
    stack: Stack, rest: Rest, repository: dict[str, Any], current: Current
) -> None:
    """Where nobody publishes, what stands elsewhere comes; a new file is published like any other."""
    name = unique("leaf")
    href, crates = repository["pulp_href"], "content/cargo/crates/"
    plain = rest.need_crate(crate_file(name, "0.4.0"), repository=href)
    with pytest.raises(Refused, match=f"`{name} 0.4.0` is already uploaded"):
        rest.upload(crates, crate_file(name, "0.4.0+25"), repository=href)
    built = leaf(rest, name, "0.4.0+25")
    rest.post(f"{href}modify/", add_content_units=[built["pulp_href"]], overwrite=False)
    assert hrefs(*current("crates")) == hrefs(plain, built)
    assert rest.upload(crates, crate_file(name, "0.4.0"), repository=href) == plain
    served = stack.make_registry(allow_uploads=False)
    rest.set(served.href, repository=href)
    assert [line["vers"] for line in served.index(name)] == ["0.4.0", "0.4.0+25"]


def test_version_is_read_and_deleted(rest: Rest, repository: dict[str, Any]) -> None:
    """A version tells how much it holds; one that is not served can go."""
    href = repository["pulp_href"]
    for vers in ("1.0.0", "2.0.0"):
        file = crate_file(unique("leaf"), vers)
        rest.need_crate(file, repository=href)
    version = rest.get(f"{href}versions/2/")
    assert version["content_summary"]["present"]["cargo.crate"]["count"] == 2
    rest.delete(f"{href}versions/1/")
    assert [one["number"] for one in rest.list(f"{href}versions/")] == [2, 0]
    assert rest.get(f"{href}versions/2/")["content_summary"]["added"]["cargo.crate"]["count"] == 2
    rest.post(f"{href}versions/2/repair/", verify_checksums=True)


def test_remote_must_be_one_of_cargo(rest: Rest, repository: dict[str, Any]) -> None:
    """The remote of a repository is an upstream registry."""
    remote = rest.need(
        "remotes/cargo/cargo/", name=unique("up"), url="sparse+https://crates.example.org/"
    )
    rest.patch(repository["pulp_href"], remote=remote["pulp_href"])
    assert rest.get(repository["pulp_href"])["remote"] == remote["pulp_href"]
    with pytest.raises(Refused) as refused:
        rest.patch(repository["pulp_href"], remote=repository["pulp_href"])
    assert refused.value.status == 400


def test_roles_on_a_repository(rest: Rest, repository: dict[str, Any]) -> None:
    """A viewer looks, an owner does everything, anybody else sees nothing."""
    href = repository["pulp_href"]
    viewer = rest.new_user("cargo.cargorepository_viewer", on=repository["prn"])
    owner = rest.new_user("cargo.cargorepository_owner", on=repository["prn"])
    assert rest.new_user().list(REPOSITORIES) == []
    assert [one["pulp_href"] for one in viewer.list(REPOSITORIES)] == [href]
    assert viewer.get(f"{href}versions/0/")["number"] == 0
    for path in (f"{href}modify/", f"{href}versions/0/repair/", f"{href}set_label/"):
        with pytest.raises(Refused) as refused:
            viewer.post(path, key="a", value="b")
        assert refused.value.status == 403
    owner.post(f"{href}modify/")
    owner.post(f"{href}set_label/", key="a", value="b")
    assert "cargo.modify_cargorepository" in owner.get(f"{href}my_permissions/")["permissions"]
    granted = {role["role"] for role in owner.get(f"{href}list_roles/")["roles"]}
    assert granted == {
        "cargo.cargorepository_owner",
        "cargo.cargorepository_viewer",
    }


def test_creator_becomes_owner(rest: Rest) -> None:
    """Who may make repositories owns those that they make."""
    creator = rest.new_user("cargo.cargorepository_creator")
    made = creator.make(REPOSITORIES, name=unique("repo"))
    creator.delete(made["pulp_href"])
    with pytest.raises(Refused) as refused:
        rest.new_user().make(REPOSITORIES, name=unique("repo"))
    assert refused.value.status == 403

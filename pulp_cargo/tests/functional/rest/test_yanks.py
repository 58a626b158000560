"""`content/cargo/yanks/`: yanking as a change of what a repository holds."""

from collections.abc import Callable
from typing import Any

import pytest

from pulp_cargo.tests.functional.rest.crate_files import crate_file
from pulp_cargo.tests.support.rest import Refused, Rest, unique

YANKS = "content/cargo/yanks/"
Current = Callable[[str], list[dict[str, Any]]]


def test_yank_and_back(rest: Rest, repository: dict[str, Any], current: Current) -> None:
    """The mark names a crate in canonical form; taking it out again undoes the yank."""
    name, href = unique("Leaf"), repository["pulp_href"]
    unit = rest.need_crate(crate_file(name, "1.0.0+any"), repository=href)
    mark = rest.make(YANKS, name=name, vers="1.0.0+any", repository=href)
    assert (mark["canonical_name"], mark["vers"]) == (unit["canonical_name"], "1.0.0+any")
    assert mark["name"] == mark["canonical_name"]
    assert current("yanks") == [mark]
    rest.post(f"{href}modify/", remove_content_units=[mark["pulp_href"]])
    assert (current("yanks"), current("crates")) == ([], [unit])


def test_one_mark_for_every_spelling(rest: Rest) -> None:
    """A mark is made once and found again; build metadata makes another one."""
    name = unique("Leaf")
    first = rest.make(YANKS, name=name, vers="1.0.0")
    assert rest.make(YANKS, name=name.lower().replace("-", "_"), vers="1.0.0") == first
    built = rest.make(YANKS, name=name, vers="1.0.0+x")
    assert rest.list(YANKS, canonical_name=first["canonical_name"], vers="1.0.0+x") == [built]
    assert rest.list(YANKS, canonical_name=first["canonical_name"], vers="1.0.0") == [first]
    assert rest.list(YANKS, canonical_name=first["canonical_name"], vers="2.0.0") == []
    assert rest.list(YANKS, name=name.upper(), vers="1.0.0") == [first]
    assert rest.list(YANKS, name=name, vers__in="1.0.0,2.0.0") == [first]
    assert rest.list(YANKS, name=name, vers__in="2.0.0") == []


def test_only_what_is_there_can_be_yanked(
    rest: Rest, repository: dict[str, Any], current: Current
) -> None:
    """A mark without its very version is refused, and no version is made."""
    name, href = unique("leaf"), repository["pulp_href"]
    rest.need_crate(crate_file(name, "1.0.0+a"), repository=href)
    for other in ("1.0.0", "1.0.0+b", "2.0.0"):
        with pytest.raises(Refused, match=f"{other}` cannot be yanked".replace("+", "[+]")):
            rest.make(YANKS, name=name, vers=other, repository=href)
    assert current("yanks") == []
    assert rest.get(href)["latest_version_href"].endswith("/versions/1/")


def test_mark_leaves_with_its_crate(
    rest: Rest, repository: dict[str, Any], current: Current
) -> None:
    """Removing a crate version removes its mark from the same repository version."""
    name, href = unique("leaf"), repository["pulp_href"]
    unit = rest.need_crate(crate_file(name, "1.0.0"), repository=href)
    rest.make(YANKS, name=name, vers="1.0.0", repository=href)
    rest.post(f"{href}modify/", remove_content_units=[unit["pulp_href"]])
    assert (current("crates"), current("yanks")) == ([], [])


@pytest.mark.parametrize(("name", "vers"), [("le@f", "1.0.0"), ("leaf", "1.0"), ("nul", "1.0.0")])
def test_bad_names_and_versions_are_refused(rest: Rest, name: str, vers: str) -> None:
    """The answer is a 400 that names the value."""
    with pytest.raises(Refused, match=name if vers == "1.0.0" else vers) as refused:
        rest.make(YANKS, name=name, vers=vers)
    assert refused.value.status == 400


def test_others_than_administrators_name_a_repository(
    rest: Rest, repository: dict[str, Any]
) -> None:
    """Without a repository, nobody else could see what they made."""
    owner = rest.new_user("cargo.cargorepository_owner", on=repository["prn"])
    with pytest.raises(Refused, match="repository was not provided") as refused:
        owner.make(YANKS, name="leaf", vers="1.0.0")
    assert refused.value.status == 400

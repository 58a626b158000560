"""Search (Cargo Book, Registry Web API, "Search", and crates.io's parameters)."""

import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

CRATES = {
    "serde": {"description": "A generic framework", "keywords": ["serialization"]},
    "serde_json": {"description": "JSON for it", "keywords": ["json", "serialization"]},
    "my-serde": {"description": "Another one", "categories": ["encoding"]},
    "tokio": {"description": "An event-driven runtime", "categories": ["asynchronous"]},
    "hyper": {"description": "Serving and requesting pages", "keywords": ["http"]},
    "weird": {"description": "100% of <b>it's</b> a_b ☃"},
}


def own(name: str, vers: str = "1.0.0", **fields: Any) -> Crate:
    """Return a crate of bytes that no other registry has, whose version has a time of its own."""
    return Crate(name, vers, files={"src/lib.rs": secrets.token_bytes(8)}, **fields)


@pytest.fixture(scope="module")
def found(stack: Stack) -> Registry:
    """A registry with a few crates that are easily mixed up."""
    registry = stack.make_registry()
    for name, package in CRATES.items():
        registry.publish(own(name, package=package))
    # Times of publishes have whole seconds.
    time.sleep(1)
    registry.publish(own("serde", "1.2.0", package=CRATES["serde"]))
    registry.publish(own("serde", "2.0.0-rc.1", package=CRATES["serde"]))
    time.sleep(1)
    registry.publish(
        Crate(
            "readme",
            files={"src/lib.rs": secrets.token_bytes(8), "README.md": b"# About zeppelins"},
            package={"readme": "README.md"},
        )
    )
    registry.publish(own("withdrawn", package={"description": "Yanked"}))
    registry.yank("withdrawn")
    return registry


@pytest.fixture
def names(found: Registry) -> Callable[..., list[str]]:
    """Searches, and returns the names of the crates in order."""

    def search(text: str = "", **parameters: str) -> list[str]:
        query = urlencode({"q": text, **parameters} if text else parameters)
        answer = found.get(f"api/v1/crates?{query}")
        assert answer.status == 200, answer
        return [crate["name"] for crate in answer.json()["crates"]]

    return search


def test_answer_has_what_cargo_reads(found: Registry):
    """Name, highest version that is not yanked, description and total [108, 109]."""
    answer = found.get("api/v1/crates?q=serde&per_page=1").json()
    (crate,) = answer["crates"]
    assert (crate["name"], crate["max_version"]) == ("serde", "2.0.0-rc.1")
    assert crate["description"] == "A generic framework"
    assert answer["meta"]["total"] == 3


def test_answer_has_the_keys_of_crates_io(found: Registry):
    """Every key of crates.io's crate object is there, with its kind of value."""
    crate = found.get("api/v1/crates?q=serde").json()["crates"][0]
    times = [crate.pop("created_at"), crate.pop("updated_at")]
    assert times[0] < times[1] and all(time.endswith("Z") for time in times)
    path = "/api/v1/crates/serde"
    assert crate == {
        "id": "serde",
        "name": "serde",
        "description": "A generic framework",
        "homepage": None,
        "documentation": None,
        "repository": None,
        "downloads": 0,
        "recent_downloads": 0,
        "max_version": "2.0.0-rc.1",
        "max_stable_version": "1.2.0",
        "newest_version": "2.0.0-rc.1",
        "default_version": "1.2.0",
        "num_versions": 3,
        "yanked": False,
        "versions": None,
        "keywords": ["serialization"],
        "categories": [],
        "badges": [],
        "exact_match": True,
        "trustpub_only": False,
        "private": False,
        "upstream": None,
        "stored": True,
        "links": {
            "version_downloads": f"{path}/downloads",
            "versions": f"{path}/versions",
            "owners": f"{path}/owners",
            "owner_team": f"{path}/owner_team",
            "owner_user": f"{path}/owner_user",
            "reverse_dependencies": f"{path}/reverse_dependencies",
        },
    }


def test_exact_name_comes_first_then_beginnings(names: Callable[..., list[str]]):
    """Then what contains it."""
    assert names("serde") == ["serde", "serde_json", "my-serde"]
    assert names("Serde-JSON")[0] == "serde_json"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("serd", "serde"),
        ("tokoi", "tokio"),
        ("otkio", "tokio"),
        ("srede", "serde"),
        ("hpyer", "hyper"),
        ("hyyper", "hyper"),
        ("runtimes", "tokio"),
        ("event driven", "tokio"),
        ("http", "hyper"),
        ("zeppelin", "readme"),
        ("serve page", "hyper"),
        ("se", "serde"),
        ("asynchronous", "tokio"),
    ],
)
def test_parts_errors_stems_and_readmes(names: Callable[..., list[str]], text: str, first: str):
    """Parts of names, typing errors, other forms of words, keywords, categories and readmes."""
    assert names(text)[0] == first


def test_slip_of_the_finger_comes_before_what_is_similar(stack: Stack):
    """Even if the similar name has more letters in common at its beginning."""
    registry = stack.make_registry()
    for name in ("tokens", "tokio", "toki"):
        registry.publish(own(name))
    found = registry.get("api/v1/crates?q=tokoi").json()
    assert [crate["name"] for crate in found["crates"]] == ["toki", "tokio", "tokens"]
    assert found["meta"]["total"] == 3


@pytest.mark.parametrize("text", ["-serde", "--serde", "serde -json", '"serde" or tokio', "!tokio"])
def test_text_has_no_operators(names: Callable[..., list[str]], text: str):
    """A sign before a word does not mean all crates without it, and no word means another one."""
    assert set(names(text)) <= {"serde", "serde_json", "my-serde", "tokio"}
    assert "withdrawn" not in names(text)


@pytest.mark.parametrize(
    "text",
    ["100%", "a_b", "it's", "☃", "' OR 1=1 --", "\\", "%", "_", "&|!():*", '"', "-", "<b>"],
)
def test_odd_words_are_words(found: Registry, text: str):
    """Nothing of a text is taken for a pattern, an operator or SQL [108]."""
    answer = found.get(f"api/v1/crates?q={quote(text)}")
    assert answer.status == 200
    assert "hyper" not in [crate["name"] for crate in answer.json()["crates"]]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("q=a%00b", "`q` has a NUL character"),
        (f"q={'a' * 501}", "`q` has 501 characters; the limit is 500"),
        (f"q={'word+' * 1000}", "`q` has 5000 characters; the limit is 500"),
        ("per_page=0", "`per_page` is '0'; it must be a number from 1 to 100"),
        ("per_page=101", "`per_page` is '101'; it must be a number from 1 to 100"),
        ("per_page=ten", "`per_page` is 'ten'; it must be a number from 1 to 100"),
        ("page=0", "`page` is '0'; it must be a number from 1 to 200"),
        ("page=-1", "`page` is '-1'; it must be a number from 1 to 200"),
        ("page=201", "`page` is '201'; it must be a number from 1 to 200"),
        ("page=000000000201", "`page` is '000000000201'; it must be a number from 1 to 200"),
        ("page=00000000199999", "`page` is '00000000199999'; it must be a number from 1 to 200"),
        (f"page={'9' * 5000}", "`page` has 5000 characters; the limit is 200"),
        ("per_page=0000000101", "`per_page` is '0000000101'; it must be a number from 1 to 100"),
        (f"page={'9' * 150}", f"`page` is '{'9' * 150}'; it must be a number from 1 to 200"),
        ("page=1&seek=", "the query has both `page` and `seek`: send only `page`"),
        ("page=2&seek=MTAx", "the query has both `page` and `seek`: send only `page`"),
        ("seek=MTAx", "`seek` is 'MTAx', which no page of this registry has: send `page`"),
        ("seek=%00", "`seek` has a NUL character"),
        ("user_id=1", "a search of this registry cannot be limited by `user_id`"),
        ("team_id=1", "a search of this registry cannot be limited by `team_id`"),
        ("following=1", "a search of this registry cannot be limited by `following`"),
        (
            "sort=best",
            "`sort` is 'best'; it must be one of `relevance`, `alphabetical`, `downloads`,"
            " `recent-downloads`, `recent-updates`, `new`",
        ),
    ],
)
def test_bad_parameters(found: Registry, query: str, sentence: str):
    """Each is refused with the value and the rule [110]."""
    answer = found.get(f"api/v1/crates?{query}")
    assert (answer.status, answer.detail) == (400, sentence)


def test_pages(found: Registry):
    """They follow each other, and know their neighbours; one beyond the end is empty."""
    path = "api/v1/crates?per_page=3&page="
    pages = [found.get(f"{path}{number}").json() for number in (1, 2, 3, 4)]
    listed = [crate["name"] for page in pages for crate in page["crates"]]
    assert listed == sorted([*CRATES, "readme", "withdrawn"], key=lambda n: n.replace("-", "_"))
    assert [page["meta"] for page in pages] == [
        {"total": 8, "next_page": "?per_page=3&page=2", "prev_page": None},
        {"total": 8, "next_page": "?per_page=3&page=3", "prev_page": "?per_page=3&page=1"},
        {"total": 8, "next_page": None, "prev_page": "?per_page=3&page=2"},
        {"total": 8, "next_page": None, "prev_page": "?per_page=3&page=3"},
    ]
    first = found.get("api/v1/crates").json()["crates"]
    assert found.get("api/v1/crates?per_page=&page=").json()["crates"] == first


def test_filters(names: Callable[..., list[str]]):
    """Keyword, all keywords, category, first letter and names."""
    assert names(keyword="serialization") == ["serde", "serde_json"]
    assert names(all_keywords="json serialization") == ["serde_json"]
    assert names(category="encoding") == ["my-serde"]
    assert names(letter="h") == ["hyper"]
    assert names(**{"ids[]": "my_serde"}) == ["my-serde"]
    assert names("serde", keyword="json") == ["serde_json"]


def test_orders(names: Callable[..., list[str]]):
    """By the first and by the latest publish."""
    assert set(names(sort="new")[:2]) == {"withdrawn", "readme"}
    updated = names(sort="recent-updates")
    assert (set(updated[:2]), updated[2]) == ({"withdrawn", "readme"}, "serde")


def test_yanked_crates(names: Callable[..., list[str]], found: Registry):
    """Crates without a version that is not yanked are shown unless the query says otherwise [109]."""
    assert names("withdrawn") == ["withdrawn"]
    assert names("withdrawn", include_yanked="n") == []
    crate = found.get("api/v1/crates?q=withdrawn").json()["crates"][0]
    assert (crate["yanked"], crate["max_version"]) == (True, "0.0.0")
    assert crate["max_stable_version"] is None


def test_search_follows_each_publish_and_yank(registry: Registry, name: str):
    """What cargo was told is published is found, from the next request on."""

    def found_version() -> list[str]:
        crates = registry.get(f"api/v1/crates?q={name}").json()["crates"]
        return [crate["max_version"] for crate in crates if crate["name"] == name]

    assert found_version() == []
    registry.publish(Crate(name))
    assert found_version() == ["1.0.0"]
    registry.publish(Crate(name, "1.1.0"))
    assert found_version() == ["1.1.0"]
    registry.yank(name, "1.1.0")
    assert found_version() == ["1.0.0"]


def test_private_registry(private: Registry):
    """Search needs what reading needs."""
    assert private.get("api/v1/crates?q=secret").status == 401
    found = private.get("api/v1/crates?q=secret", token=private.token).json()
    assert [crate["name"] for crate in found["crates"]] == ["secret"]


def test_answer_for_a_reader_is_for_readers_only(private: Registry):
    """A stranger gets no answer that a reader got to the same query just before."""
    query = f"api/v1/crates?q=secret&mark={secrets.token_hex(4)}"
    for token, status in (
        (None, 401),
        (private.token, 200),
        (None, 401),
        ("wrong", 401),
        (private.token, 200),
    ):
        answer = private.get(query, token=token)
        assert answer.status == status
        assert ("crates" in answer.json()) is (status == 200)

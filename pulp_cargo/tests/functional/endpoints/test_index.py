"""Where index files are (Cargo Book, "Registry Index", "Index Files")."""

import json
from urllib.parse import quote

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry, index_path
from pulp_cargo.tests.support.stack import Stack

ODD_PATHS = [
    "my/cr/%2e%2e/%2e%2e/config.json", "../my-crates/config.json", "a/../../x", "se/rd/serde%00",
    "%00", "%ff/%fe/%ff%fe", "se/rd/" + "x" * 5000, "se/rd/" + "%61" * 2000, "se//serde", "//", "1/",
    "1/a/", "se/rd/serde?x=%00", "%25%30%30", "se/rd/sérde", "3/a/%41bc", "ab/cd/abcd.json",
]  # fmt: skip


@pytest.fixture(scope="module")
def small(stack: Stack) -> Registry:
    """A registry of its own, where short names are free."""
    registry = stack.make_registry()
    for name in ("a", "io", "Log", "MyCrate", "my_crate2", "opt-dep"):
        registry.publish(Crate(name))
    return registry


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("1/a", "a"), ("2/io", "io"), ("3/l/log", "Log"), ("my/cr/mycrate", "MyCrate"),
        ("my/_c/my_crate2", "my_crate2"), ("op/t-/opt-dep", "opt-dep"),
    ],
)  # fmt: skip
def test_path_is_lower_case_and_the_name_keeps_its_spelling(small: Registry, path: str, name: str):
    """One, two, three and more letters [7, 8]."""
    answer = small.get(path)
    assert answer.status == 200
    assert json.loads(answer.body)["name"] == name


@pytest.mark.parametrize(
    "path",
    [
        "my/-c/my-crate2", "my/cr/my_crate", "xx/yy/mycrate", "my/xx/mycrate", "3/m/mycrate",
        "2/a", "1/io", "3/x/log", "lo/g/log", "my/cr/mycrate/x", "my/mycrate", "mycrate", "a",
        "op/t_/opt_dep", "no/su/nosuch", "1/b", "2/bb", "3/b/bbb",
    ],
)  # fmt: skip
def test_any_other_path_is_404(small: Registry, path: str):
    """Hyphens are not underscores, the prefix fits the name, unknown is 404 [9, 10, 11]."""
    answer = small.get(path)
    assert answer.status == 404
    assert answer.detail


@pytest.mark.parametrize("path", ["MY/CR/MYCRATE", "My/Cr/MyCrate", "3/L/Log"])
def test_upper_case_path_is_no_second_copy(small: Registry, path: str):
    """404: cargo asks in lower case [10]."""
    assert small.get(path).status == 404


@pytest.mark.parametrize("path", ODD_PATHS, ids=lambda path: path[:20])
def test_odd_path_is_no_server_error(small: Registry, path: str):
    """404, whatever is asked for [13]."""
    answer = small.get(path.encode("utf-8").decode("latin-1") if path.isascii() else quote(path))
    assert answer.status == 404


def test_crate_without_versions_is_404(stack: Stack, small: Registry):
    """An index file is never empty [12]."""
    registry = stack.make_registry()
    registry.publish(Crate("gone"))
    stack.rest.post(f"{registry.repository}modify/", remove_content_units=["*"])
    assert registry.index_file("gone").status == 404
    assert registry.download("gone").status == 404


def test_same_bytes_without_a_change(registry: Registry, name: str):
    """A change elsewhere in the registry is none [30]."""
    registry.publish(Crate(name))
    first = registry.index_file(name)
    registry.publish(Crate(f"{name}-other"))
    second = registry.index_file(name)
    assert (first.body, first.headers["etag"]) == (second.body, second.headers["etag"])


def test_index_path_of_the_tests_is_the_books():
    """The examples of the Cargo Book [7]."""
    names = {"a": "1/a", "cc": "2/cc", "log": "3/l/log", "Serde": "se/rd/serde"}
    assert {name: index_path(name) for name in names} == names

"""Features, as cargo validates them when it reads a line [27, 88, 90]."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.protocol.errors import InvalidFeatures
from pulp_cargo.protocol.features import check_features
from pulp_cargo.protocol.index import Dependency
from pulp_cargo.tests.unit.protocol.properties import QUICK

PLAIN = Dependency("plain", "^1")
OPTIONAL = Dependency("opt", "^1", optional=True)
DEV = Dependency("dev", "^1", kind="dev")
DEPS = (PLAIN, OPTIONAL, DEV)


@pytest.mark.parametrize(
    "features",
    [
        {},
        {"default": ()},
        {"default": ("a",), "a": ()},
        {"a": ("b",), "b": ("a",)},
        {"a": ("opt",)},
        {"a": ("opt", "opt/x")},
        {"a": ("dep:opt",)},
        {"opt": ("dep:opt",)},
        {"opt": ("opt/x",)},
        {"a": ("opt/x", "opt?/x", "plain/x")},
        # bumpalo, hashbrown, syn and tinyvec turn on features of their dev-dependencies.
        {"a": ("dev/x",)},
        {"plain": ()},
        {"c++17": (), "128bit": (), "_foo": (), "foo.bar": (), "feat-name": (), "größe": ()},
    ],
)
def test_features_that_cargo_takes(features):
    """Features, dependencies and their features, explicitly or weakly; cycles over two are fine."""
    check_features(features, DEPS)


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ({"a": ("nothing",)}, "neither a feature nor a dependency"),
        ({"a": ("",)}, "neither"),
        ({"a": ("plain",)}, "`plain` is not optional"),
        ({"a": ("dev",)}, "`dev` is not optional"),
        ({"a": ("dep:plain",)}, "`plain` is not optional"),
        ({"a": ("plain?/x",)}, "`plain` is not optional"),
        ({"a": ("dep:nothing",)}, "`nothing` is not a dependency"),
        ({"a": ("nothing/x",)}, "`nothing` is not a dependency"),
        ({"a": ("opt/x/y",)}, "more than one slash"),
        ({"a": ("dep:opt/x",)}, "leave out `dep:`"),
        ({"a": ("opt",), "b": ("dep:opt",)}, "only `dep:opt`"),
        ({"opt": ()}, "`opt` cannot be enabled"),
        ({"default": ("default",)}, "the feature itself"),
        ({"": ()}, "''"),
        ({"a b": ()}, "'a b'"),
        ({"a/b": ()}, "'a/b'"),
        ({"dep:a": ()}, "'dep:a'"),
        ({"-a": ()}, "'-a'"),
        ({"+a": ()}, r"'\+a'"),
        ({".a": ()}, r"'\.a'"),
        ({"a?": ()}, r"'a\?'"),
        ({"a¼": ()}, "'a¼'"),
    ],
)
def test_features_that_lose_the_version(features, said):
    """Value naming nothing, `dep:` on a non-optional dep, unreachable optional dep: 400 (90)."""
    with pytest.raises(InvalidFeatures, match=said):
        check_features(features, DEPS)


def test_dev_dependency_must_not_be_optional():
    """Optional dev dependency: 400 (88)."""
    with pytest.raises(InvalidFeatures, match="`d` must not be optional"):
        check_features({}, [Dependency("d", "^1", kind="dev", optional=True)])


def test_dependency_is_optional_if_any_of_its_entries_is():
    """The same name may occur per kind and target; one optional entry is enough."""
    deps = [OPTIONAL, Dependency("opt", "^1", kind="dev"), Dependency("opt", "^1", target="cfg(a)")]
    check_features({"a": ("dep:opt",)}, deps)


@QUICK
@given(
    st.dictionaries(
        st.text("aopt?/:-dep", max_size=5),
        st.lists(st.text("aopt?/:-dep", max_size=7), max_size=3),
        max_size=3,
    )
)
def test_any_features_are_taken_or_refused(features):
    """Nothing but InvalidFeatures comes of odd values."""
    try:
        check_features(features, DEPS)
    except InvalidFeatures as error:
        assert "feature" in str(error)

"""Promotions and checks of dependencies in the REST API."""

from typing import Any

import pytest

from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Refused, Rest
from pulp_cargo.tests.support.stack import Stack


@pytest.fixture(scope="module")
def dev(stack: Stack) -> Registry:
    """A registry with `app`, which needs `lib`, and `broken`, which needs what is not there."""
    registry = stack.make_registry()
    registry.publish(Crate("lib"))
    registry.publish(Crate("app", deps=[Dep(name="lib")]))
    registry.publish(Crate("broken", deps=[Dep(name="gone")]))
    return registry


@pytest.fixture
def prod(stack: Stack) -> Registry:
    """A registry without uploads."""
    return stack.make_registry(allow_uploads=False)


def wanted(dev: Registry, name: str, **fields: Any) -> dict[str, Any]:
    """Return the fields of a request to promote version 1.0.0 of a crate."""
    return {"source": dev.repository, "crates": [{"name": name, "vers": "1.0.0"}], **fields}


def test_promotion_makes_one_version(rest: Rest, dev: Registry, prod: Registry) -> None:
    """The plan of a dry run is the result of the task."""
    promote = f"{prod.repository}promote/"
    plan = rest.post(promote, **wanted(dev, "app", dry_run=True))
    assert plan["passes"] and not plan["problems"] and not plan["elsewhere"]
    assert plan["copies"] == [
        {"name": "app", "vers": "1.0.0", "yanked": False, "needed_by": None},
        {
            "name": "lib",
            "vers": "1.0.0",
            "yanked": False,
            "needed_by": {"name": "app", "vers": "1.0.0"},
        },
    ]
    assert dev.index_url in plan["stands_in_for"]
    assert rest.get(prod.repository)["latest_version_href"].endswith("/versions/0/")
    done = rest.post(promote, **wanted(dev, "app"))
    version = done["result"].pop("repository_version")
    assert version == f"{prod.repository}versions/1/"
    assert done["result"] == plan
    summary = rest.get(version)["content_summary"]["present"]
    assert summary["cargo.crate"]["count"] == 2
    again = rest.post(promote, **wanted(dev, "app"))["result"]
    assert (again["copies"], again["there"], again["repository_version"]) == ([], 2, None)


def test_refused_promotion_says_why(rest: Rest, dev: Registry, prod: Registry) -> None:
    """In the plan, and in the error of the task."""
    promote = f"{prod.repository}promote/"
    (problem,) = rest.post(promote, **wanted(dev, "broken", dry_run=True))["problems"]
    assert (problem["name"], problem["vers"]) == ("gone", None)
    assert problem["reason"].startswith("`broken 1.0.0` needs `gone ^1`")
    with pytest.raises(Refused, match=r"nothing was promoted: `broken 1\.0\.0` needs `gone"):
        rest.post(promote, **wanted(dev, "broken"))
    with pytest.raises(Refused, match=r"`nothing 1\.0\.0`"):
        rest.post(promote, **wanted(dev, "nothing"))
    with pytest.raises(Refused, match="both the source and the target"):
        rest.post(f"{dev.repository}promote/", **wanted(dev, "app", dry_run=True))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"source": "/pulp/api/v3/tasks/"}, "source"),
        ({"source": 1}, "source"),
        ({"source": ""}, "source"),
        ({"crates": []}, "crates"),
        ({"crates": [{"name": "app"}]}, "vers"),
        ({"crates": [{"name": "app", "vers": "1"}]}, "SemVer"),
        ({"crates": [{"name": "a b", "vers": "1.0.0"}]}, "the character"),
        ({"closure": "perhaps"}, "closure"),
        ({"other": 1}, "Unexpected field"),
    ],
)
def test_bad_request_is_refused(
    rest: Rest, dev: Registry, prod: Registry, fields: dict[str, Any], message: str
) -> None:
    """With a sentence."""
    with pytest.raises(Refused, match=message) as refused:
        rest.post(f"{prod.repository}promote/", **{**wanted(dev, "app"), **fields})
    assert refused.value.status == 400


def test_source_must_be_visible(rest: Rest, dev: Registry, prod: Registry) -> None:
    """Otherwise it does not exist; by name and by href."""
    user = rest.new_user("cargo.cargorepository_publisher", on=prod.repository)
    for source in (dev.repository, dev.name):
        fields = wanted(dev, "app", dry_run=True) | {"source": source}
        with pytest.raises(Refused) as refused:
            user.post(f"{prod.repository}promote/", **fields)
        assert refused.value.status == 400
        assert rest.post(f"{prod.repository}promote/", **fields)["passes"]


def test_dependencies_are_checked(rest: Rest, dev: Registry) -> None:
    """For some crates at once, for all of a repository in a task."""
    report = rest.post(f"{dev.repository}check_closure/", crates=[{"name": "app", "req": "1"}])
    assert (report["passes"], report["versions"]) == (True, 2)
    report = rest.post(f"{dev.repository}check_dependencies/")["result"]
    assert report["unmet"] == [
        {
            "name": "gone",
            "req": "^1",
            "needed_by": [{"name": "broken", "vers": "1.0.0"}],
            "dependents": 1,
            "reason": "no-crate",
            "there": [],
        }
    ]
    assert (report["passes"], report["versions"], report["unmet_count"]) == (False, 3, 1)
    exact = [{"name": "broken", "vers": "1.0.0", "features": []}]
    asked = {"crates": exact, "targets": ["x86_64-unknown-linux-gnu"], "all_features": True}
    assert rest.post(f"{dev.repository}check_closure/", **asked)["unmet"] == report["unmet"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "crates"),
        ({"crates": []}, "crates"),
        ({"crates": [{"name": "app", "req": ">>1"}]}, "the requirement"),
        ({"crates": [{"name": "app", "vers": "1"}]}, "SemVer"),
        ({"crates": [{"name": ""}]}, "name"),
        ({"crates": [{"name": "app", "features": "all"}]}, "features"),
        ({"crates": [{"name": "app"}], "targets": "x"}, "targets"),
        ({"crates": [{"name": "app"}], "other": 1}, "Unexpected field"),
    ],
)
def test_bad_check_is_refused(
    rest: Rest, dev: Registry, fields: dict[str, Any], message: str
) -> None:
    """With a sentence."""
    with pytest.raises(Refused, match=message) as refused:
        rest.post(f"{dev.repository}check_closure/", **fields)
    assert refused.value.status == 400

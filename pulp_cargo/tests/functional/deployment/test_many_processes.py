"""Two content processes, two API processes and two workers, with Pulp's cache in Redis.

One of each is the deployment's; the others are started by the commands of the guide's units. All
have ports of their own, so that a test chooses who answers.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest

from pulp_cargo.tests.functional.deployment import redis, units
from pulp_cargo.tests.functional.deployment.deployment import (
    NO_END,
    Deployment,
    content_port,
    seen_at,
)
from pulp_cargo.tests.functional.deployment.nginx import free_port
from pulp_cargo.tests.functional.serve.launcher import get, wait_for
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import REPOSITORIES, Stack

pytestmark = pytest.mark.skipif(redis.PROGRAM is None, reason="needs redis-server")
WORKERS = "SELECT count(*) FROM core_appstatus WHERE app_type = 'worker'"


@dataclass(frozen=True, slots=True)
class Several:
    """Who may be asked: ports of content processes, and the REST API in each API process."""

    pulp: Stack
    content: tuple[int, int]
    api: tuple[Rest, Rest]

    def both(self, registry: Registry) -> tuple[Registry, Registry]:
        """Return a registry as each of the content processes serves it."""
        first, second = self.content
        return seen_at(registry, first), seen_at(registry, second)


@pytest.fixture(scope="module")
def several(deployment: Deployment, cache: dict[str, str]) -> Iterator[Several]:
    """Further processes on the database, the files and the Redis of the deployment."""
    pulp = deployment.pulp
    content, api = free_port(), free_port()
    services = {"pulpcore-content": content, "pulpcore-api": api, "pulpcore-worker@": None}
    with units.running(pulp.data_dir / "settings.py", services, cache | NO_END):
        url = f"http://127.0.0.1:{api}"
        config = seen_at(pulp.registry, content).url + "config.json"
        assert wait_for(lambda: get(config) == 200, seconds=90)
        assert wait_for(lambda: get(f"{url}/pulp/api/v3/status/") == 200, seconds=90)
        further = Rest(url, pulp.rest.auth)
        # By the database: a page of Pulp's status takes longer than the time between two looks.
        with pulp.connect() as connection:
            assert wait_for(lambda: connection.execute(WORKERS).fetchone() == (2,), seconds=90)
        assert len(further.get("status/")["online_workers"]) == 2
        yield Several(pulp, (content_port(pulp), content), (pulp.rest, further))


@pytest.fixture(params=[0, 1], ids=["first-changes", "second-changes"])
def turn(request: pytest.FixtureRequest) -> Callable[[tuple[Any, Any]], tuple[Any, Any]]:
    """Brings two things into either order."""
    return lambda pair: pair if request.param == 0 else (pair[1], pair[0])


def test_all_of_them_are_online_and_use_redis(several: Several) -> None:
    """What Pulp says of itself."""
    status = several.api[1].get("status/")
    assert status["redis_connection"] == {"connected": True}
    counts = [len(status[f"online_{kind}"]) for kind in ("content_apps", "api_apps", "workers")]
    assert counts == [2, 2, 2]


def test_publish_on_one_is_in_the_next_read_of_the_other(
    several: Several, turn: Callable[..., tuple[Registry, Registry]]
) -> None:
    """Also where the other remembers the index file as it was before, or that there was none."""
    one, other = turn(several.both(several.pulp.make_registry()))
    assert other.index("leaf") == []
    one.publish(Crate("leaf", "1.0.0"))
    assert [entry["vers"] for entry in other.index("leaf")] == ["1.0.0"]
    one.publish(Crate("leaf", "1.1.0"))
    assert [entry["vers"] for entry in other.index("leaf")] == ["1.0.0", "1.1.0"]
    assert other.download("leaf", "1.1.0").status == 200


def test_yank_on_one_is_in_the_next_read_of_the_other(
    several: Several, turn: Callable[..., tuple[Registry, Registry]]
) -> None:
    """Yank and unyank are as publishes."""
    one, other = turn(several.both(several.pulp.make_registry()))
    one.publish(Crate("leaf"))
    assert other.entry("leaf")["yanked"] is False
    assert one.yank("leaf").status == 200
    assert other.entry("leaf")["yanked"] is True
    assert one.unyank("leaf").status == 200
    assert other.entry("leaf")["yanked"] is False


def test_revoked_token_is_dead_on_both(
    several: Several, turn: Callable[..., tuple[Rest, Rest]]
) -> None:
    """Both remember what it may do; either API process may revoke it."""
    api, _ = turn(several.api)
    private = several.pulp.make_registry(auth_required=True)
    token = api.make("cargo/tokens/", name=unique("t"))
    bearers = [replace(one, token=token["token"]) for one in several.both(private)]
    assert _statuses(bearers) == [200, 200]
    assert _statuses(bearers) == [200, 200]
    api.delete(token["pulp_href"])
    assert _statuses(bearers) == [401, 401]


def test_registry_that_becomes_private_is_closed_on_both(
    several: Several, turn: Callable[..., tuple[Rest, Rest]]
) -> None:
    """The distribution is changed through either API process, in a task of either worker."""
    api, _ = turn(several.api)
    registry = several.pulp.make_registry()
    strangers = [replace(one, token=None) for one in several.both(registry)]
    assert _statuses(strangers) == [200, 200]
    api.patch(registry.href, auth_required=True)
    assert _statuses(strangers) == [401, 401]
    api.patch(registry.href, auth_required=False)
    assert _statuses(strangers) == [200, 200]


def test_content_guard_holds_on_both(
    several: Several, turn: Callable[..., tuple[Rest, Rest]]
) -> None:
    """It is put on through one API process and taken away through the other."""
    api, other_api = turn(several.api)
    registry = several.pulp.make_registry()
    strangers = [replace(one, token=None) for one in several.both(registry)]
    assert _statuses(strangers) == [200, 200]
    guard = api.make("contentguards/core/rbac/", name=unique("guard"))["pulp_href"]
    api.patch(registry.href, content_guard=guard)
    assert _statuses(strangers) == [401, 401]
    other_api.patch(registry.href, content_guard=None)
    assert _statuses(strangers) == [200, 200]


def test_other_repository_is_served_on_both(
    several: Several, turn: Callable[..., tuple[Rest, Rest]]
) -> None:
    """A distribution that gets another repository has its crates, and no others."""
    api, _ = turn(several.api)
    registry = several.pulp.make_registry()
    one, other = several.both(registry)
    one.publish(Crate("leaf"))
    assert [len(side.index("leaf")) for side in (one, other)] == [1, 1]
    empty = api.make(REPOSITORIES, name=unique("r"))["pulp_href"]
    api.patch(registry.href, repository=empty)
    assert [len(side.index("leaf")) for side in (one, other)] == [0, 0]


@pytest.mark.parametrize("change", ["private", "policy", "policy of the remote"])
def test_closed_content_path_is_closed_in_redis(several: Several, change: str) -> None:
    """Pulp stores responses of its own path there, and drops only those of a changed repository."""
    pulp, api = several.pulp, several.api[0]
    registry = pulp.make_registry()
    several.both(registry)[0].publish(Crate("leaf"))
    remote = api.make("remotes/cargo/cargo/", name=unique("up"), url="sparse+https://up.example/")
    store = api.make(REPOSITORIES, name=unique("store"), remote=remote["pulp_href"])["pulp_href"]
    latest = api.get(registry.repository)["latest_version_href"]
    (unit,) = api.list("content/cargo/crates/", repository_version=latest)
    api.post(f"{store}modify/", add_content_units=[unit["pulp_href"]])
    served = pulp.make_registry(allow_uploads=False)
    api.patch(served.href, repository=store)
    path = f"pulp/content/{api.get(served.href)['base_path']}/leaf/leaf-1.0.0.crate"
    urls = [f"http://127.0.0.1:{port}/{path}" for port in several.content]
    assert [get(url) for url in urls * 2] == [200] * 4
    policy = api.make("cargo/crate-policies/", name=unique("p"), block=[{"crate": "leaf"}])
    if change == "private":
        api.patch(served.href, auth_required=True)
    else:
        owner = served.href if change == "policy" else remote["pulp_href"]
        api.patch(owner, crate_policy=policy["pulp_href"])
    assert [get(url) for url in urls] == [404, 404]


def test_publishes_on_both_at_the_same_time_are_all_there(several: Several) -> None:
    """Neither loses what the other commits."""
    sides = several.both(several.pulp.make_registry())
    names = [f"leaf-{number}" for number in range(20)]
    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(sides[number % 2].publish, Crate(name)) for number, name in enumerate(names)
        ]
        for job in jobs:
            job.result()
    for side in sides:
        assert [len(side.index(name)) for name in names] == [1] * 20


def _statuses(sides: list[Registry]) -> list[int]:
    return [side.get("config.json", token=side.token).status for side in sides]

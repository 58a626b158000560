"""The numbers that the content app sends to OpenTelemetry."""

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from pulp_cargo.tests.functional.docs.shell import DOCS
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support import sparse_upstream
from pulp_cargo.tests.support.cache import make_cache
from pulp_cargo.tests.support.collector import Collector
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

# The class of the locks that writers of a repository take.
REPOSITORY_LOCKS = 0x6361_7267
Kind = tuple[str, str, int]


def requests(collector: Collector) -> Counter[Kind]:
    """How many requests there were, by operation, source and status."""
    found: Counter[Kind] = Counter()
    for attributes, count in collector.series("cargo.requests").items():
        named = dict(attributes)
        kind = named["cargo.operation"], named["cargo.source"], named["http.response.status_code"]
        assert len(named) == 3
        found[kind] += int(count)  # type: ignore[index]
    return found


def timed(collector: Collector) -> Counter[tuple[str, int]]:
    """How many requests were timed, by operation and status."""
    found: Counter[tuple[str, int]] = Counter()
    for attributes, count in collector.series("cargo.request.duration").items():
        named = dict(attributes)
        assert set(named) == {"cargo.operation", "http.response.status_code"}
        found[named["cargo.operation"], named["http.response.status_code"]] += int(count)  # type: ignore[index]
    return found


def settled(collector: Collector) -> None:
    """Wait until all that happened so far has been sent."""
    seen = collector.exports
    # The first one comes when the stack is ready, which takes a slow machine long.
    assert launcher.wait_for(lambda: collector.exports >= seen + 2)


def grown(collector: Collector, do: Callable[[], object]) -> tuple[Counter[Kind], Counter]:  # type: ignore[type-arg]
    """Return by how much the numbers grow when something is done."""
    settled(collector)
    before = requests(collector), timed(collector)
    do()
    settled(collector)
    return requests(collector) - before[0], timed(collector) - before[1]


def test_each_request_is_counted_once(
    stack: Stack, registry: Registry, collector: Collector, name: str
):
    """By what it was, whence the answer came, and its status; those not from memory are timed."""
    crate = Crate(name)

    def work() -> None:
        assert registry.send(crate).status == 200
        assert registry.send(crate).status == 400
        tags = [registry.index_file(name).headers["etag"] for _ in range(3)]
        assert registry.index_file(name, If_None_Match=tags[0]).status == 304
        assert registry.index_file(f"{name}-unknown").status == 404
        assert [registry.download(name).status for _ in range(2)] == [200, 200]
        assert registry.download(name, "9.9.9").status == 404
        assert registry.yank(name).status == 200
        assert registry.unyank(name).status == 200
        assert registry.yank(name, token=None).status == 401
        assert registry.index_file(name).status == 200
        assert registry.get("me").status == 200
        assert registry.get("api/v1/nothing").status == 404

    counted, durations = grown(collector, work)
    assert counted == {
        ("publish", "database", 200): 1,
        ("publish", "database", 400): 1,
        ("index", "database", 200): 2,
        ("index", "memory", 200): 2,
        ("index", "memory", 304): 1,
        ("index", "database", 404): 1,
        ("download", "database", 200): 1,
        ("download", "memory", 200): 1,
        ("download", "database", 404): 1,
        ("yank", "database", 200): 1,
        ("unyank", "database", 200): 1,
        ("yank", "database", 401): 1,
        ("me", "database", 200): 1,
        ("other", "database", 404): 1,
    }
    assert durations == {
        (operation, status): count
        for (operation, source, status), count in counted.items()
        if source == "database"
    }


def test_configuration_is_counted(stack: Stack, collector: Collector):
    """The first thing that cargo reads, once from the database."""
    registry = stack.make_registry()
    counted, _ = grown(collector, lambda: [registry.get("config.json") for _ in range(3)])
    assert counted == {("config", "database", 200): 1, ("config", "memory", 200): 2}


def test_processes_are_forked_as_without_telemetry(stack: Stack) -> None:
    """The one that has loaded Pulp has no thread that sends numbers."""
    preloaded = stack.child("pulp-preloaded").program
    for name in ("pulp-api", "pulp-content", "pulp-worker"):
        assert stack.child(name).program == preloaded


def test_nobody_is_named(registry: Registry, collector: Collector, name: str):
    """No crate, registry or token is in what is sent, and Pulp counts none of these requests."""
    registry.publish(Crate(name))
    registry.index(name)
    registry.download(name)
    settled(collector)
    assert collector.texts
    for text in collector.texts:
        assert name not in text
        assert registry.name not in text
        assert str(registry.token) not in text
        assert "handle_registry" not in text


def wait_for_another(stack: Stack, registry: Registry, collector: Collector, name: str) -> None:
    """Publish into a repository that is held by somebody else until the wait has been counted."""
    settled(collector)
    before = collector.total("cargo.busy.waits")
    pk = registry.repository.strip("/").split("/")[-1]
    with ThreadPoolExecutor(1) as pool:
        with stack.connect() as connection:
            connection.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [REPOSITORY_LOCKS, pk])
            publishing = pool.submit(registry.send, Crate(name))
            assert launcher.wait_for(lambda: collector.total("cargo.busy.waits") > before)
        assert publishing.result().status == 200


def test_busy_waits_are_counted(stack: Stack, registry: Registry, collector: Collector, name: str):
    """Each time that a publish finds the repository held by somebody else."""
    wait_for_another(stack, registry, collector, name)


def test_state_of_the_process(registry: Registry, collector: Collector, name: str):
    """It listens, and what it remembers takes room."""
    registry.publish(Crate(name))
    registry.index(name)
    settled(collector)
    assert collector.total("cargo.listening") == 1
    assert collector.total("cargo.memory.usage") > 0


def test_guide_has_every_metric(stack: Stack, registry: Registry, collector: Collector, name: str):
    """The table has what is sent, with the attributes, and nothing else."""
    wait_for_another(stack, registry, collector, name)
    registry.index(name)
    with sparse_upstream.running() as upstream:
        upstream.have(Crate(name))
        make_cache(stack, upstream.index_url).registry.index(name)
    settled(collector)
    page = (DOCS / "admin" / "guides" / "monitoring.md").read_text()
    documented = {
        name: set(re.findall(r"`([\w.]+)`", attributes))
        for name, attributes in re.findall(r"^\| `(cargo\.[\w.]+)` \|.*?\|(.*?)\|", page, re.M)
    }
    names = (
        "cargo.requests",
        "cargo.request.duration",
        "cargo.busy.waits",
        "cargo.upstream.events",
        "cargo.memory.usage",
        "cargo.listening",
    )
    sent = {
        name: {key for attributes in collector.series(name) for key, _ in attributes}
        for name in names
    }
    assert documented == sent
    assert set(re.findall(r'name: "(cargo\.[\w.]+)"', "".join(collector.texts))) == set(names)

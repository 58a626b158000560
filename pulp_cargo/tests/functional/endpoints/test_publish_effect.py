"""What a publish does once it is answered."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

from pulp_cargo.tests.support.crate import CRATES_IO, Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

NEXT_VERSION = "SELECT next_version FROM core_repository WHERE pulp_id = %s"


def test_answer_has_three_lists_of_warnings(registry: Registry, name: str):
    """And no key `errors`, which cargo would take for a failure [50, 51, 94]."""
    answer = registry.send(Crate(name, package={"description": "d", "license": "MIT"}))
    assert answer.status == 200
    assert answer.json() == {
        "warnings": {"invalid_categories": [], "invalid_badges": [], "other": []}
    }


def test_published_version_is_there_at_once(registry: Registry, name: str):
    """The first read after the answer has line and file, also when a 404 came before [39, 95]."""
    crate = Crate(name)
    assert registry.index_file(name).status == 404
    assert registry.download(name).status == 404
    registry.publish(crate)
    file = registry.download(name)
    assert file.status == 200
    assert registry.entry(name)["cksum"] == hashlib.sha256(file.body).hexdigest()
    assert file.body == crate.packed(registry.index_url)


def test_publish_is_one_repository_version(stack: Stack, registry: Registry, name: str):
    """And a refused one is none [96]."""
    before = _next_version(stack, registry)
    registry.publish(Crate(name))
    assert _next_version(stack, registry) == before + 1
    assert registry.send(Crate(name)).status == 400
    assert _next_version(stack, registry) == before + 1


def test_what_was_said_of_a_file_elsewhere_is_nothing_to_its_publish(
    stack: Stack, registry: Registry, name: str
):
    """A unit may be here by the word of an upstream, which could have lied: bytes win."""
    crate = Crate(name, deps=[Dep(name="itoa", registry=CRATES_IO)])
    registry.publish(crate)
    with stack.connect() as database:
        database.execute(
            "UPDATE cargo_cratecontent SET description = 'a lie', dependency_names = '{evil}',"
            " metadata_source = 'somebody''s',"
            " index_line = replace(index_line, '\"itoa\"', '\"evil\"') WHERE name = %s",
            [name],
        )
    other = stack.make_registry()
    other.publish(crate)
    assert [dep["name"] for dep in other.entry(name)["deps"]] == ["itoa"]
    (shown,) = stack.rest.list("content/cargo/crates/", name=name, dependency="itoa")
    assert shown["description"] is None


def test_simultaneous_publishes_of_one_version(registry: Registry, name: str):
    """One is accepted, the others are refused, and one line is in the index [97]."""
    with ThreadPoolExecutor(8) as pool:
        crates = [Crate(name, files={"src/lib.rs": b"// %d" % number}) for number in range(8)]
        answers = list(pool.map(registry.send, crates))
    assert sorted(answer.status for answer in answers) == [200] + [400] * 7
    (won,) = [c for c, a in zip(crates, answers, strict=True) if a.status == 200]
    assert registry.entry(name)["cksum"] == won.cksum(registry.index_url)
    assert registry.download(name).body == won.packed(registry.index_url)


def test_simultaneous_publishes_of_two_spellings(registry: Registry, name: str):
    """One name wins [72, 97]."""
    with ThreadPoolExecutor(8) as pool:
        names = [name + tail for tail in ("-a", "_a", "-A", "_A")]
        answers = list(pool.map(registry.send, map(Crate, names)))
    assert sorted(answer.status for answer in answers) == [200, 400, 400, 400]


def test_simultaneous_publishes_of_different_crates(registry: Registry, name: str):
    """All ten succeed and appear [98]."""
    names = [f"{name}-{number}" for number in range(10)]
    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(registry.publish, map(Crate, names)))
    assert [len(registry.index(one)) for one in names] == [1] * 10


def test_same_file_can_be_in_two_registries(stack: Stack, registry: Registry, name: str):
    """A content unit belongs to Pulp, and each registry takes it by its own publish."""
    other = stack.make_registry()
    crate = Crate(name)
    registry.publish(crate)
    assert other.index_file(name).status == 404
    other.publish(crate)
    assert other.entry(name)["cksum"] == registry.entry(name)["cksum"]


def _next_version(stack: Stack, registry: Registry) -> int:
    with stack.connect() as connection:
        pk = registry.repository.rstrip("/").rpartition("/")[2]
        row = connection.execute(NEXT_VERSION, [pk]).fetchone()
        assert row is not None
        return int(row[0])

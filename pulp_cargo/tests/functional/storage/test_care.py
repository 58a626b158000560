"""What Pulp does with files in an object storage: uploads, repair, and clean-up."""

import random
from concurrent.futures import ThreadPoolExecutor

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.functional.storage.conftest import Domain, hold, must_have
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.object_storage import ObjectStorage, key_of
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack


def crate_of(name: str, vers: str = "1.0.0") -> Crate:
    """A crate like no other."""
    return Crate(name, vers, files={"noise": random.randbytes(2_000_000)})


def test_uploaded_by_rest(redirected: Domain, s3: ObjectStorage, name: str):
    """The file is where a publish would have put it, and a registry serves it."""
    registry = redirected.make_registry()
    crate = crate_of(name)
    made = redirected.rest.upload(
        redirected.url("content/cargo/crates/"),
        crate.packed(registry.index_url),
        repository=registry.repository,
    )
    assert made["cksum"] == crate.cksum()
    assert key_of(crate.cksum()) in s3.names()
    must_have(registry, crate)


def test_repair_reports_what_it_cannot_fetch_again(
    redirected: Domain, s3: ObjectStorage, name: str
):
    """One object is lost, one damaged: both are counted, downloads fail, and the rest is whole."""
    registry = redirected.make_registry()
    lost, damaged, whole = (crate_of(name, f"1.0.{number}") for number in range(3))
    for crate in (lost, damaged, whole):
        registry.publish(crate)
    s3.delete(key_of(lost.cksum()))
    s3.put(key_of(damaged.cksum()), b"damaged")
    latest = redirected.rest.get(registry.repository)["latest_version_href"]
    task = redirected.rest.post(f"{latest}repair/")
    counts = {report["code"]: report["done"] for report in task["progress_reports"]}
    assert counts == {"repair.missing": 1, "repair.corrupted": 1, "repair.repaired": 0}
    assert not {key_of(lost.cksum()), key_of(damaged.cksum())} & s3.names()
    must_have(registry, whole)


def test_lost_file_comes_back_with_the_next_publish_of_it(
    redirected: Domain, s3: ObjectStorage, name: str
):
    """To any registry of the domain: they share it."""
    first, second = redirected.make_registry(), redirected.make_registry()
    crate = crate_of(name)
    first.publish(crate)
    s3.delete(key_of(crate.cksum()))
    second.publish(crate)
    must_have(first, crate)
    must_have(second, crate)


def test_damaged_file_comes_back_with_the_next_publish_of_it(
    redirected: Domain, s3: ObjectStorage, name: str
):
    """Its size is no proof; a publish that is refused, since the version exists, will do."""
    registry = redirected.make_registry()
    crate = crate_of(name)
    registry.publish(crate)
    s3.put(key_of(crate.cksum()), crate.packed()[:-1] + b"!")
    assert registry.send(crate).status == 400
    must_have(registry, crate)


def test_object_that_a_clean_up_removes_during_the_commit_is_put_back(
    stack: Stack, redirected: Domain, s3: ObjectStorage, name: str
):
    """Pulp removes an orphan's row first; then a publish stores the same bytes; then they go."""
    registry = redirected.make_registry()
    crate = crate_of(name)
    with ThreadPoolExecutor(1) as pool, stack.connect() as connection:
        hold(connection, registry)
        publishing = pool.submit(registry.publish, crate)
        assert launcher.wait_for(lambda: key_of(crate.cksum()) in s3.names())
        assert launcher.wait_for(lambda: is_known(stack, crate))
        s3.delete(key_of(crate.cksum()))
        connection.execute("SELECT pg_advisory_unlock_all()")
        publishing.result(60)
    must_have(registry, crate)


def is_known(stack: Stack, crate: Crate) -> bool:
    """Whether there is an artifact of a crate's file."""
    with stack.connect() as connection:
        query = "SELECT 1 FROM core_artifact WHERE sha256 = %s"
        return connection.execute(query, [crate.cksum()]).fetchone() is not None


def test_lost_file_that_is_passed_on_is_503(passed: Domain, s3: ObjectStorage, name: str):
    """With a sentence for the administrator."""
    registry = passed.make_registry()
    before = s3.names("")
    registry.publish(crate_of(name))
    (key,) = s3.names("") - before
    for damage in (lambda: s3.put(key, b"short"), lambda: s3.delete(key)):
        damage()
        answer = registry.download(name)
        assert answer.status == 503
        assert "repair" in answer.detail


def test_clean_up_removes_the_objects_of_deleted_crates(
    redirected: Domain, s3: ObjectStorage, name: str
):
    """A repository and its crates go, and after Pulp's orphan cleanup so do their objects."""
    registry = redirected.make_registry()
    crate = crate_of(name)
    registry.publish(crate)
    assert key_of(crate.cksum()) in s3.names()
    redirected.rest.delete(registry.href)
    redirected.rest.delete(registry.repository)
    redirected.rest.post(redirected.url("orphans/cleanup/"), orphan_protection_time=0)
    assert key_of(crate.cksum()) not in s3.names()
    other: Registry = redirected.make_registry()
    other.publish(crate)
    must_have(other, crate)

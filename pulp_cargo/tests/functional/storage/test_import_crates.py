"""Imports of archives whose files go to an object storage."""

from concurrent.futures import ThreadPoolExecutor

from pulp_cargo.tests.functional.rest.archives import archive
from pulp_cargo.tests.functional.storage.conftest import Domain, must_have
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.object_storage import ObjectStorage
from pulp_cargo.tests.support.stack import Stack

# The class of the locks that writers of a file take.
DIGEST_LOCKS = 0x6361_7269
LOCKED = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s"


def test_upload_of_one_file_locks_no_other(
    stack: Stack, redirected: Domain, s3: ObjectStorage, name: str
):
    """An import takes as long as its uploads, and publishes of the same files go on meanwhile."""
    registry = redirected.make_registry()
    crates = [Crate(name, f"1.0.{number}") for number in range(8)]
    file = archive([(f"{crate.vers}.crate", crate.packed()) for crate in crates])
    path = f"{registry.repository}import_crates/"
    with ThreadPoolExecutor(1) as pool, stack.connect() as connection:
        with s3.holding_uploads():
            importing = pool.submit(
                redirected.rest.call, "POST", path, files={"file": ("crates.tar", file)}
            )
            assert s3.waiting.wait(30)
            ((locked,),) = connection.execute(LOCKED, [DIGEST_LOCKS]).fetchall()
            assert locked == 1
        importing.result(60)
    for crate in crates:
        must_have(registry, crate)

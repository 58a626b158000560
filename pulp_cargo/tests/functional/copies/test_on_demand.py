"""Downloads of files that are still with the upstream registry."""

import http.client
import random
from collections.abc import Callable

import pytest

from pulp_cargo.tests.functional.copies.conftest import Copy
from pulp_cargo.tests.support import upstream as fake
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.upstream import Upstream

CopyOf = Callable[..., Copy]
# What a client meets when the connection ends before the answer does.
CutOff = (http.client.IncompleteRead, ConnectionResetError)


def test_first_download_fetches_and_keeps_the_file(
    upstream: Upstream, copy_of: CopyOf, name: str
) -> None:
    """The upstream is asked once; its headers are not passed on, ours are the usual ones."""
    crate = Crate(name, files={"noise": random.randbytes(3_000_000)})
    upstream.have(crate)
    upstream.says |= {"Cache-Control": "public, max-age=1", "Set-Cookie": "a=b"}
    copy = copy_of(upstream.index_url)
    copy.sync()
    assert upstream.downloads() == []
    for _ in range(2):
        answer = copy.registry.download(name)
        assert (answer.status, answer.body) == (200, crate.packed())
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"] == "application/gzip"
        assert "set-cookie" not in answer.headers
    assert upstream.downloads() == [fake.file_path(crate)]


def test_streamed_files_are_never_kept(upstream: Upstream, copy_of: CopyOf, name: str) -> None:
    """Each download asks the upstream."""
    crate = Crate(name)
    upstream.have(crate)
    copy = copy_of(upstream.index_url, policy="streamed")
    copy.sync()
    for _ in range(2):
        assert copy.registry.download(name).body == crate.packed()
    assert len(upstream.downloads()) == 2
    (unit,) = copy.rest.list("content/cargo/crates/", name=name)
    assert unit["artifact"] is None


def test_private_upstream_gets_the_credentials(
    upstream: Upstream, copy_of: CopyOf, name: str
) -> None:
    """Those of the remote, not those of the client."""
    upstream.have(Crate(name))
    copy = copy_of(upstream.index_url, username="me", password="pw")
    copy.sync()
    assert copy.registry.download(name, token=copy.registry.token).status == 200
    assert {header for _, header in upstream.asked} == {fake.basic("me", "pw")}


def test_part_of_a_file(upstream: Upstream, copy_of: CopyOf, name: str) -> None:
    """A range is answered while the whole is fetched."""
    crate = Crate(name, files={"noise": random.randbytes(100_000)})
    upstream.have(crate)
    copy = copy_of(upstream.index_url)
    copy.sync()
    path = f"api/v1/crates/{name}/1.0.0/download"
    assert copy.registry.get(path, Range="bytes=-0").status == 416
    answer = copy.registry.get(path, Range="bytes=10-19")
    assert (answer.status, answer.body) == (206, crate.packed()[10:20])
    assert copy.registry.download(name).body == crate.packed()


@pytest.mark.faults
@pytest.mark.parametrize("policy", ["on_demand", "streamed"])
def test_wrong_bytes_end_in_a_broken_connection(
    upstream: Upstream, copy_of: CopyOf, name: str, policy: str
) -> None:
    """The answer never ends properly, nothing is kept, and the next client is told why not."""
    crate = Crate(name, files={"noise": random.randbytes(100_000)})
    upstream.have(crate)
    upstream.bodies[fake.file_path(crate)] = crate.packed()[:-1] + b"!"
    copy = copy_of(upstream.index_url, policy=policy)
    copy.sync()
    with pytest.raises(CutOff):
        copy.registry.download(name)
    answer = copy.registry.download(name)
    assert answer.status == 502
    assert f"did not send the file of `{name} 1.0.0`" in answer.detail
    (unit,) = copy.rest.list("content/cargo/crates/", name=name)
    assert unit["artifact"] is None


@pytest.mark.faults
def test_upstream_that_breaks_off(upstream: Upstream, copy_of: CopyOf, name: str) -> None:
    """The client notices, and gets the whole once the upstream sends it."""
    crate = Crate(name, files={"noise": random.randbytes(100_000)})
    upstream.have(crate)
    upstream.broken.add(fake.file_path(crate))
    copy = copy_of(upstream.index_url)
    copy.sync()
    with pytest.raises(CutOff):
        copy.registry.download(name)
    upstream.broken.clear()
    assert copy.registry.download(name).body == crate.packed()


@pytest.mark.faults
def test_upstream_without_the_file(upstream: Upstream, copy_of: CopyOf, name: str) -> None:
    """502 in the form that cargo shows, and the file comes when it is there."""
    crate = Crate(name)
    upstream.have(crate)
    del upstream.bodies[fake.file_path(crate)]
    copy = copy_of(upstream.index_url)
    copy.sync()
    answer = copy.registry.download(name)
    assert answer.status == 502
    assert f"did not send the file of `{name} 1.0.0`" in answer.detail
    upstream.have(crate)
    assert copy.registry.download(name).body == crate.packed()


@pytest.mark.faults
def test_wrong_bytes_of_another_host_reach_nobody(
    upstream: Upstream, copy_of: CopyOf, name: str
) -> None:
    """An upstream may lead to what only we can read; the right file is passed on."""
    crate = Crate(name, files={"noise": random.randbytes(100_000)})
    path = fake.file_path(crate)
    with fake.running() as elsewhere:
        upstream.have(crate)
        copy = copy_of(upstream.index_url)
        copy.sync()
        upstream.statuses[path] = 302
        upstream.says["Location"] = elsewhere.origin + path
        elsewhere.bodies[path] = crate.packed()[::-1]
        answer = copy.registry.download(name)
        assert answer.status == 502
        assert elsewhere.downloads() == [path]
    with fake.running() as elsewhere:
        upstream.says["Location"] = elsewhere.origin + path
        other = Crate(f"{name}-other", files={"noise": random.randbytes(100_000)})
        upstream.have(crate, other)
        upstream.statuses[fake.file_path(other)] = 302
        upstream.says["Location"] = elsewhere.origin + fake.file_path(other)
        elsewhere.bodies[fake.file_path(other)] = other.packed()
        copy.sync()
        assert copy.registry.download(other.name).body == other.packed()

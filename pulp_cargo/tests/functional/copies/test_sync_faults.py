"""Upstream registries that are none, break off, or send what they should not."""

from collections.abc import Callable
from typing import Any

import pytest

from pulp_cargo.tests.functional.copies.conftest import Copy
from pulp_cargo.tests.support import upstream as fake
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.rest import Refused
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.upstream import Upstream, line_of

pytestmark = pytest.mark.faults

CopyOf = Callable[..., Copy]
REMOTE = {"max_retries": 1}


def fails(copy: Copy, stack: Stack, name: str) -> str:
    """Return why a sync fails; no version is made, and no unit of the name is stored."""
    with pytest.raises(Refused) as refused:
        copy.sync()
    assert refused.value.status is None
    assert copy.version == 0
    assert stack.rest.list("content/cargo/crates/", name=name) == []
    return refused.value.text


def test_registry_that_is_not_pulp(
    upstream: Upstream, stack: Stack, copy_of: CopyOf, name: str
) -> None:
    """There is no listing, and the sentence says what can be synced."""
    copy = copy_of(upstream.index_url)
    assert "only a registry of Pulp can be synced without selecting crates" in fails(
        copy, stack, name
    )


def test_page_for_people_is_no_listing(
    upstream: Upstream, stack: Stack, copy_of: CopyOf, name: str
) -> None:
    """Some servers have a page for every path."""
    upstream.bodies[fake.LISTING] = b"<!doctype html>\n<title>Welcome</title>\n"
    copy = copy_of(upstream.index_url)
    assert "only a registry of Pulp can be synced without selecting crates" in fails(
        copy, stack, name
    )


def test_connection_that_breaks_off(
    upstream: Upstream, stack: Stack, copy_of: CopyOf, name: str
) -> None:
    """What came before is not stored."""
    upstream.have(Crate(name))
    upstream.broken.add(fake.LISTING)
    assert "to its end" in fails(copy_of(upstream.index_url, **REMOTE), stack, name)


def test_listing_without_its_end(
    upstream: Upstream, stack: Stack, copy_of: CopyOf, name: str
) -> None:
    """A proxy may end an answer properly that was cut off behind it."""
    upstream.have(Crate(name))
    upstream.bodies[fake.LISTING] = upstream.bodies[fake.LISTING].rpartition(b'{"end"')[0]
    said = fails(copy_of(upstream.index_url), stack, name)
    assert "is cut off after 1 crate versions; nothing was stored" in said


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ({"end": 2}, "announces 1 crate versions and ends after 2, but it has 1"),
        ({"count": 2}, "announces 2 crate versions and ends after 1, but it has 1"),
        ({"count": 2, "end": 2}, "announces 2 crate versions and ends after 2, but it has 1"),
    ],
    ids=str,
)
def test_listing_with_fewer_versions_than_it_says(
    upstream: Upstream,
    stack: Stack,
    copy_of: CopyOf,
    name: str,
    says: dict[str, int],
    told: str,
) -> None:
    """The head tells what is to come, the end mark counts what came before it."""
    upstream.serve([line_of(Crate(name))], **says)
    assert told in fails(copy_of(upstream.index_url), stack, name)


def test_not_modified_without_a_tag_to_compare_with(
    upstream: Upstream, stack: Stack, copy_of: CopyOf, name: str
) -> None:
    """304 is no answer to the first request: there is nothing here that could be up to date."""
    upstream.statuses[fake.LISTING] = 304
    said = fails(copy_of(upstream.index_url), stack, name)
    assert "returned a 304 to an unconditional request" in said


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"name": "../../etc"}, "cannot be used"),
        ({"vers": "one"}, "that of another version"),
        ({"cksum": "0" * 64}, "that of another version"),
        ({"index_line": "{}"}, "cannot be used"),
        ({"readme": "a\0b"}, "cannot be stored"),
        ({"size": -1}, "`size` is -1"),
        ({"yanked": "perhaps"}, "true or false"),
    ],
    ids=str,
)
def test_line_that_cannot_be_used(
    upstream: Upstream,
    stack: Stack,
    copy_of: CopyOf,
    name: str,
    change: dict[str, Any],
    rule: str,
) -> None:
    """One bad line among good ones, and nothing of the listing is stored."""
    upstream.serve([line_of(Crate(name)), line_of(Crate(f"{name}-bad")) | change])
    assert rule in fails(copy_of(upstream.index_url), stack, name)


def test_garbage_and_versions_that_come_twice(
    upstream: Upstream, stack: Stack, copy_of: CopyOf, name: str
) -> None:
    """Both are told in a sentence."""
    upstream.serve([line_of(Crate(name)), line_of(Crate(name))])
    copy = copy_of(upstream.index_url)
    assert f"the listing has `{name} 1.0.0` twice" in fails(copy, stack, name)
    upstream.bodies[fake.LISTING] = upstream.bodies[fake.LISTING].replace(b'{"end"', b'\xff\xfe{"')
    assert "is not JSON" in fails(copy, stack, name)


def test_file_with_other_bytes_fails_the_sync(
    upstream: Upstream, copy_of: CopyOf, name: str
) -> None:
    """With `immediate` each file is compared with the checksum of its index line."""
    crate = Crate(name)
    upstream.have(crate)
    upstream.bodies[fake.file_path(crate)] = crate.packed()[:-1] + b"!"
    copy = copy_of(upstream.index_url, policy="immediate", **REMOTE)
    with pytest.raises(Refused, match="is not the file that the index names"):
        copy.sync()
    assert copy.version == 0
    upstream.bodies[fake.file_path(crate)] = crate.packed()
    copy.sync()
    assert copy.registry.download(name).body == crate.packed()


def test_file_that_breaks_off_is_asked_for_again(
    upstream: Upstream, copy_of: CopyOf, name: str
) -> None:
    """As often as the remote says; what the upstream refuses is not asked for twice."""
    crate = Crate(name)
    path = fake.file_path(crate)
    upstream.have(crate)
    upstream.broken.add(path)
    copy = copy_of(upstream.index_url, policy="immediate", **REMOTE)
    with pytest.raises(Refused, match=f"{path} could not be downloaded"):
        copy.sync()
    assert upstream.downloads() == [path, path]
    upstream.broken.clear()
    upstream.statuses[path] = 403
    with pytest.raises(
        Refused, match=f"{path} could not be downloaded: it returned the status 403"
    ):
        copy.sync()
    assert upstream.downloads() == [path] * 3


def test_file_is_read_no_further_than_the_listing_says(
    upstream: Upstream, copy_of: CopyOf, name: str
) -> None:
    """An upstream does not fill the disk by what it sends beyond the size of a file."""
    crate = Crate(name)
    upstream.have(crate)
    size = len(crate.packed())
    upstream.bodies[fake.file_path(crate)] += b"!"
    copy = copy_of(upstream.index_url, policy="immediate", **REMOTE)
    with pytest.raises(Refused, match=f"names: it has more than {size} bytes"):
        copy.sync()
    upstream.bodies[fake.file_path(crate)] = crate.packed()[:-1]
    with pytest.raises(Refused, match=f"names: it has {size - 1} bytes instead of {size}"):
        copy.sync()

"""What reads bytes that strangers send, each with its limit and the errors that it may raise."""

import gzip
import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pulp_cargo.protocol import auth, http_age, listing, publish, registry_url, requirement, target
from pulp_cargo.protocol.entity_tags import listed_tags
from pulp_cargo.protocol.errors import (
    BadRequest,
    InvalidAdvisory,
    InvalidLicense,
    InvalidLockFile,
    InvalidManifest,
    InvalidMetadata,
    InvalidRegistryUrl,
    InvalidRequirement,
    InvalidVersion,
    NotAuthenticated,
    RegistryError,
    TooLarge,
)
from pulp_cargo.protocol.index import parse_line, render_line
from pulp_cargo.protocol.line_deps import parse_line_deps
from pulp_cargo.protocol.lock_file import MAX_SIZE as LARGEST_LOCK_FILE
from pulp_cargo.protocol.lock_file import parse_lock_file
from pulp_cargo.protocol.manifest import parse_manifest, read_package
from pulp_cargo.protocol.packed_index import unpack_sent
from pulp_cargo.protocol.project_manifest import MAX_SIZE as LARGEST_MANIFEST
from pulp_cargo.protocol.project_manifest import parse_projects
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.protocol.unavailable import (
    UpstreamConfigInvalid,
    UpstreamIndexInvalid,
    UpstreamSearchInvalid,
)
from pulp_cargo.protocol.upstream_config import MAX_SIZE as LARGEST_CONFIG
from pulp_cargo.protocol.upstream_config import download_url, parse_upstream_config
from pulp_cargo.protocol.upstream_index import MAX_SIZE as LARGEST_INDEX
from pulp_cargo.protocol.upstream_index import parse_index_file, parse_lines_of
from pulp_cargo.protocol.upstream_line import with_absolute_registries, with_own_registries
from pulp_cargo.protocol.web_api.search import LONGEST_TEXT
from pulp_cargo.protocol.web_api.upstream_search import MAX_SIZE as LARGEST_SEARCH
from pulp_cargo.protocol.web_api.upstream_search import parse_search_response
from pulp_cargo.rules.crates_io import complaints
from pulp_cargo.rules.enabled_deps import EnabledDeps
from pulp_cargo.rules.limits import PublishLimits
from pulp_cargo.rules.policies.advisories import parse_advisory
from pulp_cargo.rules.policies.licenses import is_allowed, parse_license
from pulp_cargo.rules.project_needs import Upstream, project_needs
from pulp_cargo.rules.read_crate import check_manifest, read_published, read_upstream
from pulp_cargo.rules.search_words import names_in
from pulp_cargo.tests.fuzz import ordinary

MIB = 1024 * 1024
# aiohttp takes no longer ones.
LONGEST_HEADER = 8190
LIMITS = PublishLimits(unpacked_bytes=64 * MIB)
OWN_URL = "sparse+https://r.example/i/"
NOW = datetime(2026, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """Something that reads, and all that it may raise; `ordinary` makes good input of a size."""

    read: Callable[[bytes], object]
    errors: tuple[type[RegistryError], ...]
    ordinary: Callable[[int], bytes]
    limit: int
    is_packed: bool = False

    @property
    def name(self) -> str:
        """What tests call it."""
        return self.read.__name__

    def size_of(self, data: bytes) -> int:
        """Return by what the cost of an input is measured: its bytes, unpacked where they are packed."""
        return len(data) + (unpacked_size(data) if self.is_packed else 0)


def outcome(reader: Reader, data: bytes) -> RegistryError | None:
    """Read data and return how it was refused, None where it was not; raises what must not come."""
    try:
        reader.read(data)
    except reader.errors as error:
        return error
    return None


def unpacked_size(data: bytes) -> int:
    """Return how many bytes come out of packed ones before they end, or are no gzip any more."""
    size, inflate = 0, zlib.decompressobj(wbits=31)
    try:
        while not inflate.eof and (piece := inflate.decompress(data, MIB)):
            size += len(piece)
            data = inflate.unconsumed_tail
    except zlib.error:
        pass
    return size


def body(data: bytes) -> object:
    """Read the body of a publish, as its bytes come, and the JSON in it."""
    frame = publish.FrameReader(LIMITS.max_metadata_bytes, LIMITS.max_crate_bytes)
    view = memoryview(data)
    for at in range(0, len(data), 65_536):
        frame.feed(view[at : at + 65_536])
    frame.finish()
    return publish.parse_metadata(frame.metadata or b"")


def metadata(data: bytes) -> object:
    """Read what cargo sends before the .crate file."""
    return publish.parse_metadata(data)


def manifest(data: bytes) -> object:
    """Read a Cargo.toml as that of a publish, with all that is made of it."""
    found = parse_manifest(data, LIMITS.dependencies)
    check_manifest(found, LIMITS)
    complaints(found, own_urls=[OWN_URL])
    return render_line(found.entry("0" * 64, None))


def package(data: bytes) -> object:
    """Read a Cargo.toml of an upstream for what describes the crate."""
    found = read_package(data)
    return is_allowed(parse_license(str(found["license"])), {"MIT"})


def crate(data: bytes) -> object:
    """Read a .crate file that is published."""
    return read_published(io.BytesIO(data), name=None, vers=None, limits=LIMITS)


def upstream_crate(data: bytes) -> object:
    """Read a .crate file of an upstream."""
    return read_upstream(io.BytesIO(data), name="a", vers="1.0.0", limits=LIMITS)


def index(data: bytes) -> object:
    """Read an upstream's index file, and make what is served of it."""
    parse_lines_of(data, "a", "1.0.0")
    found = parse_index_file(data, "a")
    return with_own_registries(found.serve({"1.0.0"}), OWN_URL.__eq__)


def packed_index(data: bytes) -> object:
    """Read an upstream's index file as it is sent."""
    sent, _ = unpack_sent(data, "a")
    return parse_index_file(sent, "a")


def index_line(data: bytes) -> object:
    """Read a line of an index, and write it anew."""
    line = data.decode(errors="replace")
    return render_line(parse_line(with_absolute_registries(line, OWN_URL)))


def line_deps(data: bytes) -> object:
    """Read the dependencies in a line of an index, and enable every feature."""
    found = parse_line_deps(data.decode(errors="replace"))
    deps = found and EnabledDeps(found, lambda dep: True, all_features=False)
    return deps and deps.enable((), every=True, dev=True)


def listed(data: bytes) -> object:
    """Read a line of a listing."""
    return listing.parse_crate(data)


def listing_head(data: bytes) -> object:
    """Read the first line of a listing."""
    return listing.parse_head(data)


def lock_file(data: bytes) -> object:
    """Read a Cargo.lock."""
    return parse_lock_file(data)


def project(data: bytes) -> object:
    """Read a project's Cargo.toml, and what it needs."""
    projects = parse_projects([data.decode(errors="surrogateescape")])
    return project_needs(projects, Upstream([registry_url.CRATES_IO]), None, dev=True)


def advisory(data: bytes) -> object:
    """Read an advisory of RustSec or OSV."""
    return parse_advisory(data.decode(errors="replace"))


def upstream_config(data: bytes) -> object:
    """Read an upstream's config.json, and make a URL by it."""
    return download_url(parse_upstream_config(data), "a", "1.0.0", "0" * 64)


def upstream_search(data: bytes) -> object:
    """Read what an upstream answers to a search."""
    return parse_search_response(data)


def words(data: bytes) -> object:
    """Read a text to search for, as to which names it could mean."""
    return names_in(data.decode(errors="replace"))


def authorization(data: bytes) -> object:
    """Read an `Authorization`."""
    return auth.parse_authorization(data.decode("utf-8", "surrogateescape"))


def retry_after(data: bytes) -> object:
    """Read a `Retry-After`."""
    return http_age.parse_retry_after(data.decode("latin-1"), now=NOW, most=60)


def if_none_match(data: bytes) -> object:
    """Read an `If-None-Match`."""
    return list(listed_tags(data.decode("utf-8", "surrogateescape")))


def req(data: bytes) -> object:
    """Read a requirement."""
    return requirement.normalise_requirement(data.decode(errors="replace"))


def vers(data: bytes) -> object:
    """Read a version."""
    return parse_version(data.decode(errors="replace"))


def platform(data: bytes) -> object:
    """Read for which platforms a dependency is."""
    return target.parse_target(data.decode(errors="replace"))


def url(data: bytes) -> object:
    """Read the URL of a registry."""
    text = data.decode(errors="replace")
    return registry_url.is_crates_io(registry_url.parse_registry_url(text))


def license(data: bytes) -> object:
    """Read a licence, and see whether it is allowed."""
    return is_allowed(parse_license(data.decode(errors="replace")), {"MIT"})


READERS = (
    Reader(body, (BadRequest, TooLarge), ordinary.body, MIB + 512 * 1024),
    Reader(metadata, (BadRequest,), ordinary.metadata, MIB),
    Reader(manifest, (BadRequest,), ordinary.manifest, MIB),
    Reader(package, (InvalidManifest, InvalidLicense), ordinary.manifest, MIB),
    Reader(crate, (BadRequest,), ordinary.crate, MIB, is_packed=True),
    Reader(upstream_crate, (BadRequest,), ordinary.crate, MIB, is_packed=True),
    Reader(index, (UpstreamIndexInvalid,), ordinary.index, LARGEST_INDEX),
    Reader(
        packed_index,
        (UpstreamIndexInvalid,),
        lambda size: gzip.compress(ordinary.index(size), 1, mtime=0),
        MIB,
        is_packed=True,
    ),
    Reader(index_line, (InvalidMetadata,), ordinary.index_line, 16 * MIB),
    Reader(line_deps, (), ordinary.index_line, 16 * MIB),
    Reader(listed, (listing.InvalidListing,), ordinary.listed, listing.LONGEST_LINE),
    Reader(listing_head, (listing.InvalidListing,), ordinary.listing_head, MIB),
    Reader(lock_file, (InvalidLockFile, TooLarge), ordinary.lock_file, LARGEST_LOCK_FILE),
    Reader(project, (BadRequest, TooLarge), ordinary.manifest, LARGEST_MANIFEST),
    Reader(advisory, (InvalidAdvisory,), ordinary.advisory, MIB),
    Reader(upstream_config, (UpstreamConfigInvalid,), ordinary.config, LARGEST_CONFIG),
    Reader(upstream_search, (UpstreamSearchInvalid,), ordinary.search, LARGEST_SEARCH),
    Reader(words, (), ordinary.words, 4 * LONGEST_TEXT),
    Reader(authorization, (NotAuthenticated,), ordinary.authorization, LONGEST_HEADER),
    Reader(retry_after, (), ordinary.retry_after, LONGEST_HEADER),
    Reader(if_none_match, (), ordinary.if_none_match, LONGEST_HEADER),
    Reader(req, (InvalidRequirement,), ordinary.req, MIB),
    Reader(vers, (InvalidVersion,), ordinary.vers, MIB),
    Reader(platform, (InvalidManifest,), ordinary.platform, MIB),
    Reader(url, (InvalidRegistryUrl,), ordinary.url, MIB),
    Reader(license, (InvalidLicense,), ordinary.license, MIB),
)

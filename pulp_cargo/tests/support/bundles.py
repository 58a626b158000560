"""Bundles for tests, with small files in the place of crates."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence

from pulp_glue.cargo.bundle import About, BundleWriter, render_about
from pulp_glue.cargo.export.versions import index_path
from pulp_glue.cargo.snapshot import Entry, head_of, render_entry, render_head

FILES = {("leaf", "1.0.0"): b"leaf 1", ("leaf", "2.0.0"): b"leaf 2", ("tree", "0.1.0"): b"tree"}
URL = "sparse+https://crates.example.org/"


def entry(name: str, vers: str, content: bytes, *, yanked: bool = False) -> Entry:
    """Return the line of a crate version with this file."""
    cksum = hashlib.sha256(content).hexdigest()
    return Entry(name, vers, cksum, yanked, "2026-11-01T12:00:00Z")


def entries(contents: Mapping[tuple[str, str], bytes] = FILES) -> list[Entry]:
    """Return the lines of all files; versions 2.0.0 are yanked."""
    return [
        entry(name, vers, content, yanked=vers == "2.0.0")
        for (name, vers), content in sorted(contents.items())
    ]


def index_file(versions: Sequence[Entry]) -> bytes:
    """Return an index file as registries serve it."""
    lines = [
        {
            "name": one.name,
            "vers": one.vers,
            "deps": [],
            "cksum": one.cksum,
            "features": {},
            "yanked": one.yanked,
            "pubtime": one.pubtime,
        }
        for one in versions
    ]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def bundle(
    *,
    listed: Sequence[Entry] | None = None,
    files: Sequence[tuple[str, str]] | None = None,
    contents: Mapping[tuple[str, str], bytes] = FILES,
    since: str | None = None,
    signature: bytes | None = None,
    more: Sequence[tuple[str, bytes]] = (),
) -> bytes:
    """Return a bundle with these lines, and those files of `contents`; `more` come at the end."""
    listed = entries(contents) if listed is None else listed
    file = io.BytesIO()
    writer = BundleWriter(file)
    writer.add("bundle.json", render_about(About(since, (URL,))))
    writer.add("snapshot.json", head_bytes(listed))
    if signature is not None:
        writer.add("snapshot.json.asc", signature)
    writer.add("snapshot.jsonl", b"".join(map(render_entry, listed)))
    writer.add("config.toml", b"[registries.team]\n")
    for name in sorted({one.name for one in listed}):
        versions = [one for one in listed if one.name == name]
        writer.add(f"index/{index_path(name)}", index_file(versions))
    for name, vers in sorted(contents if files is None else files):
        writer.add(f"{name}-{vers}.crate", contents[name, vers])
    for path, content in more:
        writer.add(path, content)
    writer.close()
    return file.getvalue()


def head_bytes(listed: Sequence[Entry], *, version: int = 7, repository: str = "team") -> bytes:
    """Return the head of a snapshot with these lines."""
    head = head_of(
        listed,
        domain="default",
        repository=repository,
        version=version,
        created="2026-11-02T00:00:00Z",
    )
    return render_head(head)

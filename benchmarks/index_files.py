"""Index files of another registry (Cargo Book, Registry Index, "Index Files")."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from benchmarks.crates import FEATURES, REQUIREMENT, Crate


def index_file(crates: Sequence[Crate]) -> bytes:
    """Return the index file of a crate whose newest version is a day old, the others a day apart."""
    now = datetime.now(UTC)
    return b"".join(
        index_line(crate, hashlib.sha256(crate.vers.encode()).hexdigest(), now - timedelta(days))
        for crate, days in zip(crates, range(len(crates), 0, -1), strict=True)
    )


def index_line(crate: Crate, cksum: str, published: datetime) -> bytes:
    """Return the line of one version."""
    entry = {
        "name": crate.name,
        "vers": crate.vers,
        "deps": [_dep(dep, kind) for kind, dep in crate.dependencies()],
        "cksum": cksum,
        "features": FEATURES,
        "yanked": False,
        "pubtime": published.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


def _dep(name: str, kind: str) -> dict[str, object]:
    return {
        "name": name,
        "req": REQUIREMENT,
        "features": ["std", "serde"],
        "optional": False,
        "default_features": True,
        "target": None,
        "kind": kind,
    }

"""A git index in the shape of crates.io's, made by `git fast-import`.

As there, a crate has ten versions on average, most crates have a few and some have hundreds; a
version has eight dependencies, and its line has 1,000 characters.
"""

import hashlib
import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pulp_cargo.protocol.paths import index_path

DL = "http://127.0.0.1:9/crates"
FEATURES = {"default": ["std"], "std": ["alloc"], "alloc": [], "full": ["std", "dep:dep-0"]}
AUTHOR = "committer Bench <bench@crates.invalid> 1700000000 +0000"


def name_of(crate: int) -> str:
    """Return the name of a crate; the names spread over the folders."""
    return f"{hashlib.sha256(str(crate).encode()).hexdigest()[:6].translate(LETTERS)}-{crate}"


# Crates begin with a letter.
LETTERS = str.maketrans("0123456789", "ghijklmnop")


def make(folder: Path, crates: int) -> int:
    """Make a bare repository with an index of crates, and return the number of versions."""
    subprocess.run(["git", "init", "--quiet", "--bare", folder], check=True)
    counts = _counts(crates)
    files = ((name_of(crate), _file(crate, count)) for crate, count in enumerate(counts))
    _commit(folder, [("config.json", json.dumps({"dl": DL}).encode())], files, after=None)
    return sum(counts)


def change(folder: Path, crates: int, changed: int) -> None:
    """Add a version to some crates, in one commit."""
    counts = _counts(crates)
    step = max(1, crates // changed)
    chosen = range(0, step * changed, step)
    files = ((name_of(crate), _file(crate, counts[crate] + 1)) for crate in chosen)
    _commit(folder, [], files, after="refs/heads/master^0")


def _counts(crates: int) -> list[int]:
    """Return how many versions each crate has: ten on average, in a long-tailed distribution."""
    seeded = random.Random(16)
    return [min(400, 1 + int(seeded.paretovariate(1.15) * 2.2)) for _ in range(crates)]


def _file(crate: int, count: int) -> bytes:
    return b"".join(_line(crate, number) for number in range(count))


def _line(crate: int, number: int) -> bytes:
    vers = f"0.{number}.0"
    deps = [
        {
            "name": f"dep-{at}",
            "req": f"^1.{(crate + at) % 50}",
            "features": ["std"] if at % 2 else [],
            "optional": at == 0,
            "default_features": at % 3 > 0,
            "target": None,
            "kind": "dev" if at > 5 else "normal",
        }
        for at in range(8)
    ]
    line = {
        "name": name_of(crate),
        "vers": vers,
        "deps": deps,
        "cksum": hashlib.sha256(f"{crate} {vers}".encode()).hexdigest(),
        "features": FEATURES,
        "yanked": number % 30 == 1,
        "rust_version": "1.70",
        "pubtime": "2024-01-02T03:04:05Z",
    }
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def _commit(
    folder: Path,
    others: list[tuple[str, bytes]],
    files: Iterator[tuple[str, bytes]],
    *,
    after: str | None,
) -> None:
    words = ["git", "-C", str(folder), "fast-import", "--quiet", "--force"]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        head = f"commit refs/heads/master\n{AUTHOR}\ndata 0\n"
        process.stdin.write((head + (f"from {after}\n" if after else "")).encode())
        for path, body in [*others]:
            _write(process.stdin, path, body)
        for name, body in files:
            _write(process.stdin, index_path(name), body)
    if process.returncode:
        raise RuntimeError("git fast-import has failed")
    subprocess.run(
        ["git", "-C", str(folder), "symbolic-ref", "HEAD", "refs/heads/master"], check=True
    )


def _write(stream: object, path: str, body: bytes) -> None:
    stream.write(f"M 100644 inline {path}\ndata {len(body)}\n".encode() + body + b"\n")  # type: ignore[attr-defined]

"""Folders of other registries, in the layouts of docs/dev/import-layouts.md."""

import io
import sqlite3
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

GIT = ("git", "-c", "user.name=me", "-c", "user.email=me@r.example", "-c", "gc.auto=0")
INDEX_LINE = (
    '{{"name":"{name}","vers":"{vers}","deps":[],"cksum":"{cksum}","features":{{}},'
    '"yanked":{yanked},"pubtime":"2020-02-02T02:02:02Z"}}\n'
)
# The columns that matter here of the tables in kellnr's db.sqlite.
KELLNR = """
    CREATE TABLE krate (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE "user" (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE owner (id INTEGER PRIMARY KEY, crate_fk INTEGER, user_fk INTEGER);
    CREATE TABLE crate_index (id INTEGER PRIMARY KEY, name TEXT, vers TEXT, deps TEXT, cksum TEXT,
        features TEXT, yanked BOOLEAN, links TEXT, v INTEGER, crate_fk INTEGER{pubtime});
"""


def in_folder(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    """Write files into a folder, and return it."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        (folder / path).write_bytes(data)
    return folder


def commit(folder: Path, *options: str) -> None:
    """Make a folder a git repository with all of its files in one commit."""
    for command in (["init", "-q", *options], ["add", "-A"], ["commit", "-q", "-m", "All"]):
        subprocess.run([*GIT, "-C", str(folder), *command], check=True)


def packed_folder(folder: Path, prefix: str = "", *, reverse: bool = False) -> bytes:
    """Return a tar archive of the files below a folder."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in sorted(folder.rglob("*"), reverse=reverse):
            tar.add(path, prefix + str(path.relative_to(folder)), recursive=False)
    return buffer.getvalue()


def kellnr_database(
    path: Path,
    versions: Iterable[tuple[str, str, str, bool, str | None]],
    *,
    owners: Iterable[tuple[str, str]] = (),
    has_time: bool = True,
) -> None:
    """Create kellnr's database with versions (name, vers, cksum, yanked, pubtime) and owners."""
    database = sqlite3.connect(path)
    database.executescript(KELLNR.format(pubtime=", pubtime TEXT" if has_time else ""))
    columns, marks = ("name, vers, cksum, yanked, pubtime", "?, ?, ?, ?, ?")
    if not has_time:
        columns, marks = ("name, vers, cksum, yanked", "?, ?, ?, ?")
        versions = [one[:4] for one in versions]  # type: ignore[misc]
    database.executemany(f"INSERT INTO crate_index ({columns}) VALUES ({marks})", versions)
    for number, (crate, user) in enumerate(owners, start=1):
        database.execute("INSERT INTO krate VALUES (?, ?)", (number, crate))
        database.execute('INSERT INTO "user" VALUES (?, ?)', (number, user))
        database.execute("INSERT INTO owner VALUES (?, ?, ?)", (number, number, number))
    database.commit()
    database.close()

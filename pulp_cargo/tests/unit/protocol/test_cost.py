"""What takes long to read takes no longer than ordinary text of its size, or is refused before.

Compared with each other, in the same process: how fast the machine is makes no difference.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from urllib.parse import urlsplit

import pytest

from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.index import render_line
from pulp_cargo.protocol.lock_file import parse_lock_file
from pulp_cargo.protocol.manifest import parse_manifest
from pulp_cargo.protocol.publish import parse_metadata
from pulp_cargo.protocol.requirement import normalise_requirement
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.protocol.target import parse_target
from pulp_cargo.protocol.upstream_config import parse_upstream_config
from pulp_cargo.protocol.upstream_index import parse_index_file
from pulp_cargo.protocol.upstream_line import with_own_registries
from pulp_cargo.rules.crates_io import complaints
from pulp_cargo.rules.policies.advisories import parse_advisory

SIZE = 128 * 1024
# So many times what ordinary text of the size takes. What was found to be wrong took hundreds.
MOST = 25

HEAD = '[package]\nname = "a"\nversion = "1.0.0"\n'
DEEP = ".".join("b" for _ in range(60))
QUOTED = '"#"'
# Each is put in order with those around it, in a time that grows with the square of their number.
MARKS = "\u0301\u0323"
DEPS = "".join(f'd{number} = "1"\n' for number in range(4_000))
LINE = (
    '{"name":"a","vers":"1.0.%d","deps":[],"cksum":"' + "0" * 64 + '","features":{},"yanked":false}'
)


def filled(*parts: str) -> str:
    """Return the parts again and again, each with its number for `%d`, up to the size."""
    text, number = [], 0
    left = SIZE
    while left > 0:
        for part in parts:
            text.append(part.replace("%d", str(number)))
            left -= len(text[-1])
        number += 1
    return "".join(text)


def own_registries(text: str) -> object:
    """Let an index file's registries stand for this one."""
    return with_own_registries(text.encode(), "b".__eq__)


def config(text: str) -> object:
    """Read an upstream's config.json."""
    return parse_upstream_config(text.encode())


def index(text: str) -> object:
    """Read an index file."""
    return parse_index_file(text.encode(), "a")


def manifest(text: str) -> object:
    """Read a Cargo.toml, and make all that is made of it."""
    found = parse_manifest(text.encode())
    return render_line(found.entry("0" * 64, None)), complaints(found)


def metadata(text: str) -> object:
    """Read what cargo sends before the .crate file."""
    return parse_metadata(text.encode())


ORDINARY: dict[Callable[[str], object], str] = {
    manifest: HEAD + "[dependencies]\n" + filled('dep%d = { version = "1.0", optional = true }\n'),
    metadata: '{"name":"a","vers":"1.0.0","deps":['
    + filled('{"name":"dep%d","version_req":"^1","features":[]},')
    + '{"name":"a"}]}',
    parse_lock_file: "version = 4\n"
    + filled('[[package]]\nname = "a%d"\nversion = "1.0.0"\ndependencies = ["a0"]\n'),
    index: filled(LINE + "\n"),
    own_registries: filled('{"registry":"https://r%d.example/","features":[]},\n'),
    config: '{"dl":"https://r.example/","x":"' + "a" * 60_000 + '"}',
    parse_advisory: '{"id":"X","affected":['
    + filled('{"package":{"ecosystem":"other","name":"a%d"}},')
    + '{"package":{"ecosystem":"other"}}]}',
}
NASTY: list[tuple[Callable[[str], object], str]] = [
    (manifest, HEAD + filled(f"[x%d.{DEEP}]\n")),
    (manifest, HEAD + filled(f"x%d.{DEEP} = 1\n")),
    (manifest, HEAD + filled(f"[[x.{DEEP}]]\n")),
    (manifest, HEAD + filled(f"x%d.{DEEP.replace('b', QUOTED)} = 1\n")),
    (manifest, HEAD + f"[{'b.' * 700}b]\n" + filled("x%d=1\n")),
    (manifest, HEAD + f"[{'b.' * 99}b]\n" + filled("x%d=1\n")),
    (manifest, HEAD + 'a = """' + '\\"""' * (SIZE // 4)),
    (manifest, HEAD + 'a = "' + '"."' * (SIZE // 3)),
    (manifest, HEAD + filled("[a.b.c.d.e.f.g.h]\n[[a.b.c.d.e.f.g.h.%d]]\n")),
    (manifest, HEAD + "a = {" + filled(f"x%d.{DEEP} = 1, ") + "z = 1}"),
    (manifest, HEAD + "a = " + "[" * (SIZE // 2)),
    (manifest, HEAD + "a = [" + "[]," * (SIZE // 3) + "]"),
    (manifest, HEAD + "a = " + "{b=" * (SIZE // 3)),
    (manifest, HEAD + "a" + " . " * (SIZE // 3)),
    (manifest, HEAD + 'description = "' + "a." * (SIZE // 2) + '"'),
    (manifest, HEAD + "[target.'cfg(all(" + "unix," * (SIZE // 5) + "))'.dependencies]\n"),
    (manifest, HEAD + "[features]\n" + filled('f%d = ["f0"]\n')),
    (metadata, '{"name":"a","vers":"1.0.0","x":[' + "{}," * (SIZE // 3) + "{}]}"),
    (metadata, '{"a":' + "[" * SIZE),
    (metadata, '{"a":' * (SIZE // 5)),
    (metadata, '{"a":1' + "0" * SIZE + "}"),
    (metadata, '{"a":1e' + "1" * SIZE + "}"),
    (parse_lock_file, filled(f"[x%d.{DEEP}]\n")),
    (parse_lock_file, filled(f"x%d.{DEEP} = 1\n")),
    (parse_lock_file, filled("[[package]]\n")),
    (parse_lock_file, "a = " + "[" * SIZE),
    (index, "x\n" * (SIZE // 2)),
    (index, "{}\n" * (SIZE // 3)),
    (index, '{"name":"a"}\n' * (SIZE // 13)),
    (index, "\n" * SIZE),
    (index, "x\n" + "\n" * SIZE + "x\n"),
    (index, '{"a":"\\ud800","b":[' + "{}," * (SIZE // 3) + "1]}\n"),
    (own_registries, '"registry":"' + "a" * SIZE + '"'),
    (own_registries, '"registry":"a",' * (SIZE // 15)),
    (own_registries, '"registry"' * (SIZE // 10)),
    (config, '{"dl":"https://' + MARKS * 14_000 + '"}'),
    (parse_advisory, filled(f"x%d.{DEEP} = 1\n")),
    (manifest, HEAD + 'homepage = "https://' + MARKS * (SIZE // 4) + '"\n'),
    (manifest, HEAD + 'license = "' + "MIT OR " * (SIZE // 7) + 'MIT"\n'),
    (manifest, HEAD + "keywords = [" + '"",' * (SIZE // 3) + "]\n"),
    (manifest, f"{HEAD}[target.'cfg({'a' * (SIZE // 2)})'.dependencies]\n{DEPS}"),
    (index, (LINE % 0 + "\n") * (SIZE // len(LINE))),
    (index, '{"a":' + "[" * SIZE),
]


def seconds(read: Callable[[str], object], text: str) -> float:
    """Return the processor time that it takes to read a text, or to refuse it; the least of three."""
    return min(_once(read, text) for _ in range(3))


@cache
def ordinary(read: Callable[[str], object]) -> float:
    """Return the processor time for ordinary text."""
    return seconds(read, ORDINARY[read])


def _once(read: Callable[[str], object], text: str) -> float:
    urlsplit.cache_clear()
    begun = time.process_time()
    with suppress(RegistryError):
        read(text)
    return time.process_time() - begun


@pytest.mark.parametrize(
    ("read", "text"),
    [pytest.param(*one, id=f"{one[0].__name__}-{at}") for at, one in enumerate(NASTY)],
)
def test_text_that_is_made_to_take_long_does_not(read: Callable[[str], object], text: str) -> None:
    """Whatever becomes of it; what is quick at the first of three attempts needs no other."""
    assert any(_once(read, text) <= MOST * ordinary(read) for _ in range(3))


@pytest.mark.parametrize(
    ("read", "unit"),
    [
        (normalise_requirement, ">=1,"),
        (normalise_requirement, "1."),
        (normalise_requirement, " "),
        (parse_version, "1.0.0-a."),
        (parse_version, "0"),
        (parse_target, "cfg(not("),
        (parse_target, "cfg(all(a,"),
        (parse_target, 'cfg(a="b'),
        (parse_target, "cfg( "),
    ],
)
def test_long_text_takes_no_more_than_twice_of_half_of_it(
    read: Callable[[str], object], unit: str
) -> None:
    """Or little more: the time follows the length and not its square."""
    half, whole = (seconds(read, unit * (size // len(unit))) for size in (SIZE, 4 * SIZE))
    assert whole <= 8 * half + 0.01


def test_ordinary_texts_are_read() -> None:
    """Or the others would be compared with nothing."""
    for read, text in ORDINARY.items():
        read(text)

"""TOML whose keys would keep the parser busy, and other text that looks like them."""

import pytest

from pulp_cargo.protocol.errors import BadRequest
from pulp_cargo.protocol.toml import MOST_PARTS, parse_toml

DEEP = ".".join(["a"] * (MOST_PARTS + 1))
LONG = ".".join(["a"] * 60)
KEYS = "".join(f"x{number:04} = 1\n" for number in range(10_000))
REFUSED = "too many nested keys, or a key with more than 100 parts"


def read(text: str) -> None:
    """Parse a document."""
    parse_toml(text, "the example", BadRequest)


@pytest.mark.parametrize(
    "text",
    [
        f"{DEEP} = 1",
        f"[{DEEP}]",
        f"[[{DEEP}]]",
        f"x = {{ {DEEP} = 1 }}",
        f"x = {{ y = 1, {DEEP} = 1 }}",
        DEEP.replace("a", '"#"') + " = 1",
        DEEP.replace("a", "'='") + " = 1",
        DEEP.replace("a", '"\\""') + " = 1",
        DEEP.replace(".", " \t.\t ") + " = 1",
        f'x = """\n"a" \\""" " """""\n{DEEP} = 1',
        f"x = '''\n'a\"'''''\n{DEEP} = 1",
        f'x = {{ y = """\n " """, {DEEP.replace("a", chr(34) + "#" + chr(34))} = 1 }}',
        f'x = "#\\"" # " \n{DEEP} = 1',
        "".join(f"x{number}.{LONG} = 1\n" for number in range(140)),
        f"[{LONG}]\n{KEYS}",
        f'[{LONG}]\nx = [\n["a"]]\n[[y]]\n{KEYS}',
        f"[{LONG}]\n{KEYS.replace(' = ', '=')}",
        f"[{LONG}]\n{KEYS.replace('x', 'y.x')}",
    ],
)
def test_deep_keys_are_refused_wherever_they_stand(text: str) -> None:
    """Neither quotes around their parts nor the text before hides them."""
    with pytest.raises(BadRequest, match=REFUSED):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{'.'.join(['a'] * MOST_PARTS)} = 1",
        f"x = '{DEEP}'",
        f'x = ["{DEEP}", "{DEEP}"]',
        f'x = """\n{DEEP}\n"""',
        f"x = '''\n{DEEP} ' ''\n'''",
        f"x = 1 # {DEEP}",
        f'"{DEEP}" = 1',
        "".join(f"x{number}.{LONG} = 1\n" for number in range(130)),
        f"[{LONG}]\n{KEYS[: len(KEYS) // 2]}",
        f"{KEYS}[{LONG}]\nx = 1",
        f"[a.b.c.d.e.f.g.h]\n{KEYS}",
        "".join(f'x{number} = "1.3.6.1.4.1.311.21.8.{number}"\n' for number in range(10_000)),
        f'x = "{"Sentence. " * 10_000}"',
    ],
)
def test_text_with_dots_is_no_key(text: str) -> None:
    """A description may say what it likes, and ordinary keys are few enough."""
    read(text)


@pytest.mark.parametrize("text", [f"x = '{DEEP}", f'x = "{DEEP}', f"x = '''{DEEP}", f'"""{DEEP}'])
def test_string_without_an_end_is_no_toml(text: str) -> None:
    """The parser stops there, so what follows costs nothing."""
    with pytest.raises(BadRequest, match="the example is not TOML"):
        read(text)

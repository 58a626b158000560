"""A registry to visit, a hostile crate, and a visitor's view of pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest

from pulp_cargo.tests.functional.pages import awkward
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import CRATES_IO, Crate, Dep
from pulp_cargo.tests.support.registry import Answer, Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.stack import Stack

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
README = b"""# Shapes

Draws **shapes**, see the [guide](docs/guide.md#start) and [below](#usage).

## Usage

```rust
fn main() { shapes::draw("<circle>"); }
```

| shape  | sides |
|--------|------:|
| square | 4     |

- [x] squares
- [ ] ~~circles~~
"""
LIBRARY = b"//! Shapes.\n\n/// Draws.\npub fn draw(name: &str) -> usize {\n    name.len()\n}\n"
HOSTILE = "\"><script>alert(1)</script>'<img src=x onerror=alert(1)>"


@dataclass(frozen=True, slots=True)
class Page:
    """A page as a browser got it."""

    answer: Answer

    @property
    def status(self) -> int:
        """The status of the response."""
        return self.answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the response; names are in lower case."""
        return self.answer.headers

    @property
    def html(self) -> str:
        """The page."""
        return self.answer.body.decode()

    @property
    def text(self) -> str:
        """What a person reads, with single spaces."""
        return " ".join("".join(self._parsed().texts).split())

    @property
    def links(self) -> list[str]:
        """The targets of all links."""
        found = (values.get("href") for tag, values in self.elements if tag == "a")
        return [target for target in found if target]

    @property
    def elements(self) -> list[tuple[str, dict[str, str | None]]]:
        """All elements with their attributes."""
        return self._parsed().elements

    def _parsed(self) -> "_Parser":
        parser = _Parser()
        parser.feed(self.html)
        return parser


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def visit(registry: Registry, path: str, **kind: str) -> Page:
    """Open a page below a registry's URL in a browser; `token` and other headers can be given."""
    token = kind.pop("token", None)
    return Page(registry.get(path, token=token, Accept=HTML, **kind))


def shapes(vers: str, **package: object) -> Crate:
    """Return a version of the crate that the tests look at."""
    described = {
        "description": "Draws shapes",
        "license": "MIT OR Apache-2.0",
        "keywords": ["draw", "2D"],
        "categories": ["graphics"],
        "homepage": "https://shapes.example",
        "repository": "https://github.com/shapes/shapes.git",
        "documentation": "javascript:alert(1)",
        "rust-version": "1.70",
        "readme": "README.md",
        "authors": ["Ann <ann@shapes.example>"],
        **package,
    }
    return Crate(
        "shapes",
        vers,
        package=described,
        files={"src/lib.rs": LIBRARY, "README.md": README, "logo.png": b"\x89PNG\0\0"},
        features={"default": ["big"], "big": []},
        deps=[
            Dep(name="points", req="^2", optional=True, features=["fast"]),
            Dep(name="serde", registry=CRATES_IO, kind="dev"),
        ],
    )


def hostile(name: str = "hostile") -> Crate:
    """Return a crate whose texts are HTML, wherever a registry accepts such text."""
    return Crate(
        name,
        package={
            "description": HOSTILE,
            "license-file": "LICENSE",
            "keywords": [HOSTILE],
            "categories": [HOSTILE],
            "homepage": "javascript:alert(1)//",
            "repository": "data:text/html,<script>alert(1)</script>",
            "documentation": f"https://a.example/{HOSTILE}",
            "authors": [HOSTILE],
            "readme": "README.md",
            "links": HOSTILE,
        },
        files={
            "src/lib.rs": f"// {HOSTILE}\n// \u202e\n".encode(),
            "README.md": HOSTILE.encode() + b"\n\n[x](javascript:alert(1)) <svg onload=alert(1)>\n",
            "&'# %41;.rs": HOSTILE.encode(),
        },
    )


def among_the_first() -> dict[str, str]:
    """Return names with which a registry is on the page of registries.

    The page has only the first 500 public and the first 500 private ones, and other tests make
    many of both.
    """
    name = f"0-{unique('r')}"
    return {"name": name, "base_path": name}


@pytest.fixture(scope="module")
def gallery(stack: Stack) -> Registry:
    """A registry with a crate of four versions, one of them yanked, and one that needs it."""
    registry = stack.make_registry()
    for vers in ("1.0.0", "1.1.0", "2.0.0-rc.1+build"):
        registry.publish(shapes(vers))
    registry.publish(shapes("1.2.0", license="GPL-3.0-only"))
    registry.yank("shapes", "1.2.0")
    registry.publish(Crate("canvas", deps=[Dep(name="shapes", alias="forms")]))
    return registry


@pytest.fixture(scope="module")
def awkward_crates(stack: Stack) -> Registry:
    """A registry with a crate whose texts have words without end, and that was downloaded."""
    registry = stack.make_registry()
    for crate in awkward.awkward():
        registry.publish(crate)
        assert registry.download(crate.name, crate.vers).status == 200

    def downloads() -> int:
        crate = registry.get(f"api/v1/crates/{awkward.NAME}?include=").json()["crate"]
        return int(crate["downloads"])

    assert launcher.wait_for(lambda: downloads() == 2)
    return registry

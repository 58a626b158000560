"""A crate that makes pages hard to read: words without end, and a readme as careless people write it."""

from collections.abc import Iterator

from pulp_cargo.tests.support.crate import Crate, Dep

WORD = "W" * 200
NAME = "a" + "b" * 63
VERS = f"1.0.0-{'a' * 60}"
HIDDEN = "\u202e\u200b\u3164"
README = f"""<h1 align="center"><img src="https://a.example/logo.svg" width="3000"></h1>

### {WORD}

# Twice

# Twice

###### Deep

#

[![](https://a.example/badge.svg)](https://a.example/ci) [](https://a.example/empty)

<a href="https://a.example"><img alt="" src="https://a.example/b.svg"></a> <a href="#twice"></a>

<table><tr><td>{WORD}</td><td><table><tr><td>{WORD}</td></tr></table></td></tr></table>

| {WORD} | b |
|---|---|
| {WORD} | {WORD} |

```
{WORD}{WORD}
```

`{WORD}` [{WORD}](https://a.example/{WORD})

<p id="twice">{WORD}</p>
"""


def awkward() -> Iterator[Crate]:
    """Iterate over two versions of the crate."""
    package = {
        "description": f"{HIDDEN}{WORD}",
        "readme": "README.md",
        "license": WORD,
        "keywords": [WORD],
        "categories": [WORD],
        "homepage": f"https://a.example/{WORD}",
        "authors": [WORD],
        "links": WORD,
    }
    files = {
        "README.md": README.encode(),
        "src/lib.rs": f"fn {HIDDEN}() {{}} // {WORD}{WORD}\n".encode(),
        f"src/{HIDDEN}.rs": b"",
        f"src/{'long' * 40}.rs": b"",
    }
    features = {"f" * 100: []}
    deps = [
        Dep(name="d" * 64, target=f'cfg(target_os = "{"x" * 100}")', features=["f" * 100]),
        Dep(name="e" * 64, alias="g" * 64, registry=f"https://registry.example/{WORD}/"),
    ]
    yield Crate(NAME, VERS, package=package, files=files, features=features, deps=deps)
    tail = f'\n[package.metadata.odd]\ntext = "{HIDDEN}{WORD}"\n'
    yield Crate(NAME, "1.0.0", package=package, files={"src/lib.rs": b""}, manifest_tail=tail)

"""An index file, made of the lines that `index.render_line` wrote (Cargo Book, Registry Index)."""

import hashlib
import json
from collections.abc import Iterable
from functools import lru_cache


def as_yanked(line: str) -> str:
    """Return a line of `render_line` with `yanked` set.

    Replacing text is safe: within a JSON string quotes are escaped, and the value of a feature
    called `yanked` is a list.

    >>> as_yanked('{"name":"\\\\"yanked\\\\":false","yanked":false}')
    '{"name":"\\\\"yanked\\\\":false","yanked":true}'
    """
    return line.replace('"yanked":false', '"yanked":true')


def with_own_registry(line: str, urls: Iterable[str]) -> str:
    """Return a line of `render_line` in which the given registries are null, "this one".

    >>> with_own_registry('{"registry":"https://r.example/i"}', ["https://r.example/i"])
    '{"registry":null}'
    """
    for url in urls:
        line = line.replace(_registry(url), '"registry":null')
    return line


# Most lines of a registry have the same few.
@lru_cache(1024)
def _registry(url: str) -> str:
    return f'"registry":{json.dumps(url, ensure_ascii=False)}'


def render_file(lines: Iterable[str]) -> bytes:
    """Return the index file of a crate.

    >>> render_file(["{}", "{}"])
    b'{}\\n{}\\n'
    """
    return "".join(f"{line}\n" for line in lines).encode()


def strong_etag(body: bytes) -> str:
    """Return the entity tag of a body; cargo returns it unchanged.

    >>> strong_etag(b"")
    '"e3b0c44298fc1c149afbf4c8996fb924"'
    """
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'

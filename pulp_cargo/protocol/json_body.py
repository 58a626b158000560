"""The JSON of responses (RFC 8259): compact, in UTF-8."""

import json

import msgspec


def to_json(value: object) -> bytes:
    """Return a value as JSON in UTF-8; half a surrogate pair, which UTF-8 cannot have, becomes `?`.

    >>> to_json({"name": "a", "half": chr(0xD800)})
    b'{"name":"a","half":"?"}'
    """
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        # A path or header that is not UTF-8 may leave surrogates, which JSON readers reject.
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        return text.encode("utf-8", "replace")

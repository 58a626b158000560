"""What Pulp answers to a request that it refuses, as one line for the person who asked."""

import json
import re
from collections.abc import Iterator
from typing import Any

# Keys of an answer that are about the whole request, and not about one of its fields.
OF_ALL = {"detail", "non_field_errors", "errors"}

# Sentences that say what is wrong with a value, but not what to do about it.
ADVICE = {
    r"This field must be unique\.": "there is a {entity} with this {field} already: choose another,"
    " or update that one",
    r"(Overlaps with an existing distribution)\.": r"\1: choose another base path",
    r"Object with (\w+)=(.*) does not exist\.": r"there is nothing with the \1 '\2':"
    " check the spelling, or look at the list",
    r"Invalid hyperlink - Object does not exist\.": "there is no such object: check its name,"
    " or look at the list",
}


def sentence_of(answer: str, status: int, entity: str) -> str:
    """Return one line that says what is wrong.

    >>> sentence_of('{"url": ["the URL is empty"]}', 400, "cargo remote")
    'url: the URL is empty.'
    """
    if status >= 500:
        return f"Pulp could not answer (status {status}): its log says why."
    try:
        said = json.loads(answer)
    except ValueError:
        return f"Pulp refused this (status {status})."
    faults = "; ".join(fault.rstrip(".") for fault in _faults(said, entity))
    return f"{faults}." if faults else f"Pulp refused this (status {status})."


def first_fault(error: str) -> str:
    """Return what pulp-glue has against a request, for the first of the forms that it tried."""
    lines = [line.strip() for line in error.splitlines()]
    forms = [n for n, line in enumerate(lines) if re.match(r"(application|multipart)/", line)]
    end = forms[1] if len(forms) > 1 else len(lines)
    return " ".join(lines[:end])


def _faults(said: Any, entity: str, field: str = "") -> Iterator[str]:
    match said:
        case dict():
            for name, more in said.items():
                own = field if name in OF_ALL or name.isdigit() else name
                yield from _faults(more, entity, own)
        case list():
            for one in said:
                yield from _faults(one, entity, field)
        case _:
            text = _advised(" ".join(str(said).split()), entity, field)
            yield f"{field}: {text}" if field else text


def _advised(text: str, entity: str, field: str) -> str:
    for stock, better in ADVICE.items():
        if re.fullmatch(stock, text):
            return re.sub(stock, better.format(entity=entity, field=field), text)
    return text

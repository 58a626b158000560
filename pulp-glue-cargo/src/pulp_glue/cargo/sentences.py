"""Pulp's error responses as one line for the user."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Keys of a response about the whole request, not about one of its fields.
OF_ALL = {"detail", "non_field_errors", "errors"}

# Messages without advice, and their replacements.
ADVICE = {
    r"Overlaps with an existing distribution\.": "Overlaps with an existing distribution:"
    " choose another base path",
    r"Object with (\w+)=(.*) does not exist\.": r"there is no object with \1 '\2':"
    " check the spelling, or see the list",
    r"Invalid hyperlink - Object does not exist\.": "the object does not exist: check its name,"
    " or see the list",
    r"Relative path is not in canonical form\. (/.*)": r"'\1' must not begin with a slash",
    r"Destination upload repository was not provided\.": "only administrators may store files"
    " without a repository: select one with `--repository`",
    r"(A registry without a `repository` cannot have `allow_uploads`)\.": r"\1: select one with"
    " `--repository`",
}
NOT_UNIQUE = "This field must be unique."


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error response about an object of some kind, in a domain if this Pulp has domains."""

    answer: str
    status: int
    entity: str
    domain: str | None = None

    @property
    def sentence(self) -> str:
        """The error in one line.

        >>> Refusal('{"url": ["the URL is empty"]}', 400, "cargo remote").sentence
        'url: the URL is empty.'
        """
        if self.status >= 500:
            return f"Pulp failed with status {self.status}: see its log for the reason."
        faults = "; ".join(fault.rstrip(".") for fault in _faults(self._answer, self.entity))
        if faults:
            return f"{faults}."
        if self.status == 404 and self.domain is not None:
            return f"There is no domain `{self.domain}`: see `pulp domain list`."
        return f"Pulp refused the request with status {self.status}."

    @property
    def is_about_the_name(self) -> bool:
        """Whether the name is already used, perhaps by an object of another kind."""
        return isinstance(self._answer, dict) and NOT_UNIQUE in self._answer.get("name", ())

    @property
    def _answer(self) -> Any:
        try:
            return json.loads(self.answer)
        except ValueError:
            return {}


def capitalized(text: str) -> str:
    """Return a text with a capital letter at its beginning, unless it begins with a URL.

    >>> capitalized("the snapshot is not signed"), capitalized("https://r.example/ is not there")
    ('The snapshot is not signed', 'https://r.example/ is not there')
    """
    first = text.partition(" ")[0]
    return text if "://" in first else text[:1].upper() + text[1:]


def first_fault(error: str) -> str:
    """Return pulp-glue's first objection to a request, which it checks against several forms."""
    lines = [line.strip() for line in error.splitlines()]
    forms = [n for n, line in enumerate(lines) if re.match(r"(application|multipart)/", line)]
    end = forms[1] if len(forms) > 1 else len(lines)
    return " ".join(lines[:end])


def _faults(answer: Any, entity: str, field: str = "") -> Iterator[str]:
    match answer:
        case dict():
            for name, more in answer.items():
                own = field if name in OF_ALL or name.isdigit() else name
                yield from _faults(more, entity, own)
        case list():
            for one in answer:
                yield from _faults(one, entity, field)
        case _:
            text = _advised(" ".join(str(answer).split()), entity, field)
            yield f"{field}: {text}" if field else text


def _advised(text: str, entity: str, field: str) -> str:
    if text == NOT_UNIQUE:
        # Names and base paths are shared with other plugins, whose objects cannot be updated here.
        own = field == "name" and entity.startswith("cargo ")
        kind = entity if own else entity.removeprefix("cargo ")
        update = ", or update that one" if own else ""
        return f"a {kind} with this {field} already exists: choose another{update}"
    for stock, better in ADVICE.items():
        if re.fullmatch(stock, text):
            return re.sub(stock, better, text)
    return text

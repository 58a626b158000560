"""What can go wrong between a registry and cargo, as one tree (Cargo Book, Web API, "Errors").

    RegistryError
    ├── BadRequest (400)   the input breaks a rule: the Invalid… classes, names, versions, rules
    ├── NotAuthenticated (401), Forbidden (403), NotFound (404), MethodNotAllowed (405)
    ├── TooLarge (413), UnsupportedEncoding (415)
    ├── Upstream… (502)    the registry that this one copies does not have it to give, or not right
    └── Unavailable (503)  try again after `retry_after` seconds

The text of an error is a sentence for the person who typed `cargo`: cargo prints it and nothing else.
"""

import re
from collections.abc import Sequence
from typing import ClassVar

from pulp_cargo.protocol import uniqueness

_LONGEST_SENTENCE = 2000
# Control characters, and those that turn the direction of what follows.
_UNPRINTABLE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


def printable(text: str) -> str:
    """Return text that somebody else wrote as a terminal may show it.

    >>> printable("a\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class RegistryError(Exception):
    """Anything a registry refuses, with the HTTP status that says so."""

    status: ClassVar[int] = 500

    def __init__(self, sentence: str) -> None:
        # Sentences quote what was sent, and that may be a megabyte, or change what a terminal shows.
        super().__init__(printable(sentence[:_LONGEST_SENTENCE]))


class BadRequest(RegistryError):
    """What was sent breaks a rule; sending it again changes nothing."""

    status = 400


class InvalidName(BadRequest):
    """A crate, dependency or token pattern has a name that cannot be one."""


class InvalidVersion(BadRequest):
    """A version is not SemVer 2."""


class InvalidRequirement(BadRequest):
    """A version requirement cannot be read by cargo."""


class InvalidFeatures(BadRequest):
    """The feature table would make cargo ignore the version."""


class InvalidRegistryUrl(BadRequest):
    """The URL of a registry cannot be used by cargo."""


class InvalidPublishBody(BadRequest):
    """The body of a publish is not two length-prefixed parts."""


class InvalidMetadata(BadRequest):
    """A JSON document from cargo or from an index has the wrong shape."""


class InvalidCrateFile(BadRequest):
    """A .crate file is damaged, or unsafe to unpack."""


class InvalidManifest(BadRequest):
    """The Cargo.toml in a .crate file is not one that `cargo package` writes."""


class InvalidLockFile(BadRequest):
    """A Cargo.lock cannot be read, or cargo would not read it."""


class InvalidAdvisory(BadRequest):
    """A security advisory is neither RustSec's nor OSV's, or lacks what must be there."""


class InvalidLicense(BadRequest):
    """A licence is no SPDX expression, or is one where a single licence is wanted."""


class ReservedName(BadRequest):
    """The name can never be a crate."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the name `{name}` is reserved and cannot be published")


class NameTaken(BadRequest):
    """Another spelling of the name is in use."""

    def __init__(self, name: str, existing: str) -> None:
        super().__init__(
            f"the crate `{name}` cannot be published because this registry has it as `{existing}`; "
            f"{uniqueness.SAME_NAME}"
        )


class VersionExists(BadRequest):
    """The version was published before; release tools look for "already uploaded" or "exists"."""

    def __init__(self, name: str, vers: str, *, same_bytes: bool) -> None:
        number = vers.partition("+")[0]
        bytes = "just these bytes" if same_bytes else "other bytes"
        super().__init__(
            f"crate version `{name} {number}` is already uploaded: it already exists here with"
            f" {bytes}; {uniqueness.NEVER_REPLACED}, publish a higher one"
        )


class VersionUsed(BadRequest):
    """The version was published with other bytes, and is not in the repository any more."""

    def __init__(self, name: str, vers: str) -> None:
        number = vers.partition("+")[0]
        super().__init__(
            f"crate version `{name} {number}` was published here before with other bytes, and removed:"
            " copies of those may still be in use, so the number is used up; publish a higher one"
        )


class RuleBroken(BadRequest):
    """One or more rules of the registry are not kept."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("; ".join(sentences))


class NotAuthenticated(RegistryError):
    """Nobody is known by what the request carries."""

    status = 401


class Forbidden(RegistryError):
    """The one who asks is known, and may not do this."""

    status = 403


class VersionRefused(Forbidden):
    """A crate policy keeps a version out; `sentence` names the rule."""

    def __init__(self, sentence: str, policy: str) -> None:
        super().__init__(f"{sentence} (crate policy `{policy}`)")


class VersionReplaced(Forbidden):
    """An upstream has replaced the bytes of a version, and nobody has accepted the new ones."""

    def __init__(self, name: str, vers: str, cksum: str, now: str) -> None:
        super().__init__(
            f"the upstream registry has replaced the file of `{name} {vers}`: it had the checksum"
            f" {cksum} and has {now} now. The old file is not stored here, and the new one is"
            " refused until an administrator accepts it for the remote"
        )


class UploadsNotAllowed(Forbidden):
    """The registry takes no publishes and yanks from anybody."""

    def __init__(self, registry: str, why: str = "its distribution does not allow uploads") -> None:
        super().__init__(f"nothing can be published to or yanked in `{registry}`: {why}")


class NotFound(RegistryError):
    """There is no such thing here."""

    status = 404


class RegistryNotFound(NotFound):
    """No registry is served under the path."""

    def __init__(self, base_path: str) -> None:
        super().__init__(f"there is no registry `{base_path}` here")


class CrateNotFound(NotFound):
    """The registry has no crate of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"this registry has no crate `{name}`")


class VersionNotFound(NotFound):
    """The crate has no such version."""

    def __init__(self, name: str, vers: str) -> None:
        super().__init__(f"crate `{name}` has no version `{vers}` in this registry")


class VersionsNotFound(NotFound):
    """A repository lacks some of the crate versions that a change of it names.

    Each is a crate, the version that is named, and the one that differs in its build metadata
    alone, if that one is there.
    """

    MOST_NAMED = 10

    def __init__(self, missing: Sequence[tuple[str, str, str | None]]) -> None:
        named = ", ".join(_missing(*one) for one in missing[: self.MOST_NAMED])
        more = f", and {rest} more" if (rest := len(missing) - self.MOST_NAMED) > 0 else ""
        super().__init__(f"this repository does not have {named}{more}; nothing was changed")


def _missing(name: str, vers: str, instead: str | None) -> str:
    return f"`{name} {vers}`" + (f" (it has `{name} {instead}`)" if instead else "")


class RegistryWithoutRepository(NotFound):
    """The registry has nothing to serve crates from: its repository was perhaps deleted."""

    def __init__(self, registry: str) -> None:
        super().__init__(
            f"the registry `{registry}` has no repository to serve crates from;"
            " its administrator has to give it one"
        )


class RouteNotFound(NotFound):
    """The path is not part of a registry."""

    def __init__(self, path: str) -> None:
        super().__init__(f"a registry has nothing at `{path}`")


class MethodNotAllowed(RegistryError):
    """The path exists, but not for this method; `allowed` are those that it is for."""

    status = 405

    def __init__(self, method: str, path: str, allowed: Sequence[str] = ()) -> None:
        super().__init__(f"`{path}` cannot be used with {method}")
        self.allowed = allowed


class TooLarge(RegistryError):
    """What was announced or sent is over a limit of size."""

    status = 413


class UnsupportedEncoding(RegistryError):
    """A body is sent compressed, and unpacking it would be at everybody's cost."""

    status = 415

    def __init__(self, encoding: str) -> None:
        super().__init__(
            f"a body in the encoding {encoding[:40]!r} is not taken: send it as it is, without a"
            " `Content-Encoding`"
        )

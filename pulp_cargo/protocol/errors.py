"""The tree of errors that a registry reports to cargo (Cargo Book, Web API, "Errors").

    RegistryError
    ├── BadRequest (400)   the input breaks a rule: the Invalid… classes, names, versions, rules
    ├── NotAuthenticated (401), Forbidden (403), NotFound (404), MethodNotAllowed (405)
    ├── Gone (410)         a state of the past that was deleted
    ├── TooLarge (413), UnsupportedEncoding (415)
    ├── Upstream… (502)    the upstream registry fails, or sends invalid data
    └── Unavailable (503)  try again after `retry_after` seconds

The text of an error is written for the user of cargo, which prints it and nothing else.
"""

import re
from collections.abc import Sequence
from typing import ClassVar

_LONGEST_SENTENCE = 2000
# Control characters, and those that change the direction of text.
_UNPRINTABLE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


def printable(text: str) -> str:
    """Escape untrusted text for a terminal.

    >>> printable("a\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class RegistryError(Exception):
    """The base of all errors, with their HTTP status."""

    status: ClassVar[int] = 500

    def __init__(self, sentence: str) -> None:
        # Messages quote input, which may be a megabyte long or contain control characters.
        super().__init__(printable(sentence[:_LONGEST_SENTENCE]))


class BadRequest(RegistryError):
    """The input breaks a rule, so retrying is useless."""

    status = 400


class InvalidName(BadRequest):
    """The name of a crate or dependency, or a token pattern, is invalid."""


class InvalidVersion(BadRequest):
    """A version is not SemVer 2."""


class InvalidRequirement(BadRequest):
    """Cargo cannot parse a version requirement."""


class InvalidFeatures(BadRequest):
    """The feature table would make cargo ignore the version."""


class InvalidRegistryUrl(BadRequest):
    """Cargo cannot use the URL of a registry."""


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


class InvalidQuery(BadRequest):
    """A parameter in the query string of a request breaks a rule."""


class InvalidLicense(BadRequest):
    """A licence is no SPDX expression, or is one where a single licence is wanted."""


class ReservedName(BadRequest):
    """The name is reserved."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the name `{name}` is reserved and cannot be published")


class NameTaken(BadRequest):
    """Another spelling of the name is in use."""

    def __init__(self, name: str, existing: str) -> None:
        super().__init__(
            f"the crate `{name}` cannot be published because this registry has it as `{existing}`; "
            "names that differ only in case, `-` or `_` are the same crate"
        )


class VersionExists(BadRequest):
    """The version was published before; release tools look for "already uploaded" or "exists"."""

    def __init__(self, name: str, vers: str, *, same_bytes: bool) -> None:
        self.same_bytes = same_bytes
        number = vers.partition("+")[0]
        bytes = "just these bytes" if same_bytes else "other bytes"
        super().__init__(
            f"crate version `{name} {number}` is already uploaded: it already exists here with"
            f" {bytes}; a published version can never be replaced, publish a higher one"
        )


class VersionUsed(BadRequest):
    """The version was published with other bytes, and is not in the repository any more."""

    def __init__(self, name: str, vers: str) -> None:
        number = vers.partition("+")[0]
        super().__init__(
            f"crate version `{name} {number}` was published here before with other bytes, and then"
            " removed; copies of it may still be in use, so the number cannot be reused: publish a"
            " higher one"
        )


class RuleBroken(BadRequest):
    """One or more rules of the registry are broken."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("; ".join(sentences))


class NotAuthenticated(RegistryError):
    """The request has no valid credentials."""

    status = 401


class Forbidden(RegistryError):
    """The user is known, but lacks the permission."""

    status = 403


class VersionRefused(Forbidden):
    """A crate policy refuses a version; `sentence` names the rule."""

    def __init__(self, sentence: str, policy: str) -> None:
        super().__init__(f"{sentence} (crate policy `{policy}`)")


class VersionReplaced(Forbidden):
    """An upstream has replaced the bytes of a version, and the new ones are not accepted."""

    def __init__(self, name: str, vers: str, cksum: str, now: str) -> None:
        super().__init__(
            f"the upstream registry has replaced the file of `{name} {vers}`: it had the checksum"
            f" {cksum} and now has {now}. The old file is not stored here, and the new one is"
            " refused until an administrator accepts it for the remote"
        )


class UploadsNotAllowed(Forbidden):
    """The registry accepts no publishes or yanks."""

    def __init__(self, registry: str, why: str = "its distribution does not allow uploads") -> None:
        super().__init__(f"the registry `{registry}` accepts no publishes or yanks: {why}")


class NotFound(RegistryError):
    """The requested object does not exist."""

    status = 404


class RegistryNotFound(NotFound):
    """No registry is served under the path."""

    def __init__(self, base_path: str) -> None:
        super().__init__(f"there is no registry `{base_path}` here")


class ReadmeNotFound(NotFound):
    """A version has no readme."""

    def __init__(self, name: str, vers: str) -> None:
        super().__init__(f"the crate version `{name} {vers}` has no readme")


class TagNotFound(NotFound):
    """No crate has the keyword or category."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"no crate of this registry has the {kind} `{text}`")


class CrateNotFound(NotFound):
    """The registry has no crate of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"this registry has no crate `{name}`")


class VersionNotFound(NotFound):
    """The crate has no such version."""

    def __init__(self, name: str, vers: str) -> None:
        super().__init__(f"crate `{name}` has no version `{vers}` in this registry")


class FileNotInCrate(NotFound):
    """The .crate file has no such file."""

    def __init__(self, name: str, vers: str, path: str) -> None:
        super().__init__(f"`{name} {vers}` has no file `{path}`")


class CrateFileNotStored(NotFound):
    """The version is known, but its .crate file is with the upstream only."""

    def __init__(self, name: str, vers: str) -> None:
        super().__init__(
            f"the .crate file of `{name} {vers}` is not stored here yet, so its contents cannot be"
            " shown; it is stored when cargo downloads it"
        )


class VersionsNotFound(NotFound):
    """A repository lacks some of the crate versions that a change of it names.

    Each item is a crate, the requested version, and the existing version that differs in build
    metadata only, if there is one.
    """

    MOST_NAMED = 10

    def __init__(self, missing: Sequence[tuple[str, str, str | None]]) -> None:
        named = ", ".join(_missing(*one) for one in missing[: self.MOST_NAMED])
        more = f", and {rest} more" if (rest := len(missing) - self.MOST_NAMED) > 0 else ""
        super().__init__(f"this repository does not have {named}{more}; nothing was changed")


def _missing(name: str, vers: str, instead: str | None) -> str:
    return f"`{name} {vers}`" + (f" (it has `{name} {instead}`)" if instead else "")


class RegistryWithoutRepository(NotFound):
    """The registry has no repository, perhaps because it was deleted."""

    def __init__(self, registry: str) -> None:
        super().__init__(
            f"the registry `{registry}` has no repository to serve crates from; its administrator"
            " must assign one"
        )


class RouteNotFound(NotFound):
    """The path is not part of a registry."""

    def __init__(self, path: str) -> None:
        super().__init__(f"a registry has no path `{path}`")


class NotInPast(NotFound):
    """A state of the past does not have what the path names."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"there is no `{path}` for the state of a cache or a list of upstreams at a time: such a state"
            " has only config.json, config.toml, the index and downloads"
        )


class NoCatalog(NotFound):
    """A state of the past has no catalog of its crates."""

    def __init__(self, registry: str) -> None:
        super().__init__(
            f"the crates of `{registry}` cannot be listed or searched, because only versions with"
            " a label have a catalog; the index, downloads and pages of single crates are available"
        )


class Gone(RegistryError):
    """The requested object existed, and was deleted."""

    status = 410


class MethodNotAllowed(RegistryError):
    """The path exists, but not for this method; `allowed` lists its methods."""

    status = 405

    def __init__(self, method: str, path: str, allowed: Sequence[str] = ()) -> None:
        super().__init__(f"the method {method} is not allowed for `{path}`")
        self.allowed = allowed


class TooLarge(RegistryError):
    """The input exceeds a size limit, by its announced or its actual size."""

    status = 413


class UnsupportedEncoding(RegistryError):
    """A request body is compressed; it is refused, since unpacking could exhaust the server."""

    status = 415

    def __init__(self, encoding: str) -> None:
        super().__init__(
            f"a request body with the encoding {encoding[:40]!r} is not accepted: send it"
            " uncompressed, without a `Content-Encoding`"
        )

"""Bytes of config.json and of the web API's answers [1, 2, 49, 50, 94, 101]."""

import json
from functools import partial
from typing import Any

import pytest

from pulp_cargo.protocol import errors, unavailable
from pulp_cargo.protocol.api import errors_body, ok_body, published_body
from pulp_cargo.protocol.config import render_config


def test_config_has_no_final_slashes():
    """`dl` and `api` are absolute, neither ending in `/` (1); the key has a hyphen (2)."""
    assert render_config(dl="https://r/dl/", api="https://r/", auth_required=False) == (
        b'{"dl":"https://r/dl","api":"https://r","auth-required":false}'
    )


def test_read_only_registry_has_no_api():
    """Absent or null: every API command says that the registry has no API (4)."""
    assert json.loads(render_config(dl="d", api=None, auth_required=True)) == {
        "dl": "d",
        "api": None,
        "auth-required": True,
    }


def test_errors_are_a_list_of_details():
    """Non-2xx with `{"errors":[{"detail":"…"}]}` (49)."""
    assert errors_body(['a "b"', "ü"]) == (
        '{"errors":[{"detail":"a \\"b\\""},{"detail":"ü"}]}'.encode()
    )


def test_errors_are_utf8_whatever_is_quoted():
    """Body must be UTF-8, also where the sentence quotes a path that was not."""
    assert errors_body(["\udcff"]) == b'{"errors":[{"detail":"?"}]}'


def test_success_has_no_errors():
    """No success body has a list under `errors` (50)."""
    assert ok_body() == b'{"ok":true}'
    assert published_body(["be kind"]) == (
        b'{"warnings":{"invalid_categories":[],"invalid_badges":[],"other":["be kind"]}}'
    )


@pytest.mark.parametrize(
    ("error", "parts", "status", "sentence"),
    [
        (
            partial(errors.VersionExists, same_bytes=True),
            ("leaf", "1.0.0+a+b"),
            400,
            "crate version `leaf 1.0.0` is already uploaded: it already exists here with just these"
            " bytes; a published version can never be replaced, publish a higher one",
        ),
        (
            partial(errors.VersionExists, same_bytes=False),
            ("leaf", "1.0.0"),
            400,
            "crate version `leaf 1.0.0` is already uploaded: it already exists here with other"
            " bytes; a published version can never be replaced, publish a higher one",
        ),
        (
            errors.VersionUsed,
            ("leaf", "1.0.0+a+b"),
            400,
            "crate version `leaf 1.0.0` was published here before with other bytes, and then"
            " removed; copies of it may still be in use, so the number cannot be reused: publish"
            " a higher one",
        ),
        (
            errors.VersionReplaced,
            ("leaf", "1.0.0", "aa", "bb"),
            403,
            "the upstream registry has replaced the file of `leaf 1.0.0`: it had the checksum aa"
            " and now has bb. The old file is not stored here, and the new one is refused until an"
            " administrator accepts it for the remote",
        ),
        (
            errors.VersionsNotFound,
            ([("leaf", "1.0.0", None)],),
            404,
            "this repository does not have `leaf 1.0.0`; nothing was changed",
        ),
        (
            errors.VersionsNotFound,
            ([("leaf", "1.0.0", "1.0.0+b"), ("base", "2.0.0", None)],),
            404,
            "this repository does not have `leaf 1.0.0` (it has `leaf 1.0.0+b`), `base 2.0.0`;"
            " nothing was changed",
        ),
        (
            errors.VersionsNotFound,
            ([("a", "1.0.0", None)] * 10,),
            404,
            "this repository does not have `a 1.0.0`, `a 1.0.0`, `a 1.0.0`, `a 1.0.0`, `a 1.0.0`,"
            " `a 1.0.0`, `a 1.0.0`, `a 1.0.0`, `a 1.0.0`, `a 1.0.0`; nothing was changed",
        ),
        (
            errors.VersionsNotFound,
            ([("a", "1.0.0", None)] * 11,),
            404,
            "this repository does not have `a 1.0.0`, `a 1.0.0`, `a 1.0.0`, `a 1.0.0`, `a 1.0.0`,"
            " `a 1.0.0`, `a 1.0.0`, `a 1.0.0`, `a 1.0.0`, `a 1.0.0`, and 1 more; nothing was changed",
        ),
        (
            errors.RegistryWithoutRepository,
            ("private",),
            404,
            "the registry `private` has no repository to serve crates from; its administrator"
            " must assign one",
        ),
        (
            errors.UnsupportedEncoding,
            ("gzip",),
            415,
            "a request body with the encoding 'gzip' is not accepted: send it uncompressed,"
            " without a `Content-Encoding`",
        ),
        (
            errors.BadRequest,
            ("`\x1b[2J\x00\x9b\u202e` ü\n",),
            400,
            "`\\x1b[2J\\x00\\x9b\\u202e` ü\n",
        ),
        (
            errors.NameTaken,
            ("foo-bar", "foo_bar"),
            400,
            "the crate `foo-bar` cannot be published because this registry has it as `foo_bar`; "
            "names that differ only in case, `-` or `_` are the same crate",
        ),
        (
            errors.ReservedName,
            ("nul",),
            400,
            "the name `nul` is reserved and cannot be published",
        ),
        (errors.RuleBroken, (["a", "b"],), 400, "a; b"),
        (errors.InvalidLockFile, ("twice",), 400, "twice"),
        (errors.NotAuthenticated, ("no",), 401, "no"),
        (errors.VersionRefused, ("too young", "p"), 403, "too young (crate policy `p`)"),
        (
            errors.UploadsNotAllowed,
            ("mirror",),
            403,
            "the registry `mirror` accepts no publishes or yanks: its distribution does not allow"
            " uploads",
        ),
        (errors.RegistryNotFound, ("x",), 404, "there is no registry `x` here"),
        (errors.CrateNotFound, ("leaf",), 404, "this registry has no crate `leaf`"),
        (
            errors.VersionNotFound,
            ("leaf", "9.9.9"),
            404,
            "crate `leaf` has no version `9.9.9` in this registry",
        ),
        (errors.RouteNotFound, ("/x",), 404, "a registry has no path `/x`"),
        (errors.MethodNotAllowed, ("POST", "/x"), 405, "the method POST is not allowed for `/x`"),
        (errors.TooLarge, ("big",), 413, "big"),
        (
            unavailable.UpstreamFailed,
            ("leaf", "1.0.0"),
            502,
            "the upstream registry did not send the file of `leaf 1.0.0`; "
            "try again later, or tell the administrator of this registry",
        ),
        (
            unavailable.UpstreamFailed,
            ("leaf", "1.0.0", "it is cut off"),
            502,
            "the upstream registry did not send the file of `leaf 1.0.0`: it is cut off; "
            "try again later, or tell the administrator of this registry",
        ),
        (
            unavailable.UpstreamUnreachable,
            ("up", "it returned the status 500"),
            502,
            "the upstream registry `up` cannot be used now: it returned the status 500",
        ),
        (
            unavailable.UpstreamLeftAlone,
            ("up",),
            502,
            "the upstream registry `up` cannot be used now: it failed repeatedly, and gets no"
            " requests for a while",
        ),
        (
            unavailable.UpstreamIndexInvalid,
            ("leaf", "it is empty"),
            502,
            "the upstream registry's index file of `leaf` cannot be used: it is empty",
        ),
        (
            unavailable.UpstreamConfigInvalid,
            ("it is empty",),
            502,
            "the upstream registry's config.json cannot be used: it is empty",
        ),
        (
            unavailable.RepositoryBusy,
            (),
            503,
            "the registry is busy with another change; nothing was changed, try again",
        ),
        (
            unavailable.StorageFull,
            (),
            503,
            "the registry has no space left to store the crate; tell its administrator",
        ),
        (unavailable.ServiceUnavailable, ("down",), 503, "down"),
    ],
)
def test_errors_have_status_and_sentence(
    error: type[errors.RegistryError], parts: tuple[Any, ...], status: int, sentence: str
) -> None:
    """One sentence per `detail`, naming the offending value, because cargo prints nothing else."""
    raised = error(*parts)
    assert (raised.status, str(raised)) == (status, sentence)


def test_errors_carry_what_the_answer_or_the_log_needs() -> None:
    """The methods that a path is for, and what is known of an upstream that failed."""
    assert errors.MethodNotAllowed("POST", "/x", ["GET", "HEAD"]).allowed == ["GET", "HEAD"]
    assert errors.MethodNotAllowed("POST", "/x").allowed == ()
    failure = unavailable.UpstreamUnreachable(
        "up", "it returned the status 429", 30, "at https://r.example/"
    )
    assert (failure.what, failure.wait) == ("it returned the status 429", 30)
    assert failure.detail == "at https://r.example/"
    silent = unavailable.UpstreamUnreachable("up", "it is silent")
    assert (silent.wait, silent.detail) == (None, "")


def test_sentences_have_an_end():
    """A megabyte that was sent is not sent back."""
    assert len(str(errors.InvalidMetadata("x" * 10**6))) == 2000


def test_busy_says_when_to_try_again():
    """Overload answers are 503 with Retry-After (41)."""
    assert unavailable.RepositoryBusy().retry_after > 0

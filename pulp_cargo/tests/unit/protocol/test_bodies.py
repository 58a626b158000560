"""Bytes of config.json and of the web API's answers (checklist 1, 2, 49, 50, 94, 101)."""

import json
import re

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
    ("error", "status", "said"),
    [
        (errors.VersionExists("leaf", "1.0.0+a"), 400, r"`1\.0\.0`.*never be replaced"),
        (errors.NameTaken("foo-bar", "foo_bar"), 400, "`foo_bar`"),
        (errors.ReservedName("nul"), 400, "`nul`"),
        (errors.RuleBroken(["a", "b"]), 400, "^a; b$"),
        (errors.NotAuthenticated("no"), 401, "no"),
        (errors.UploadsNotAllowed("mirror"), 403, "`mirror`"),
        (errors.RegistryNotFound("x"), 404, "`x`"),
        (errors.CrateNotFound("leaf"), 404, "`leaf`"),
        (errors.VersionNotFound("leaf", "9.9.9"), 404, r"`9\.9\.9`"),
        (errors.RouteNotFound("/x"), 404, "/x"),
        (errors.MethodNotAllowed("POST", "/x"), 405, "POST"),
        (errors.TooLarge("big"), 413, "big"),
        (errors.InvalidLockFile("twice"), 400, "twice"),
        (unavailable.UpstreamFailed("leaf", "1.0.0"), 502, r"`leaf 1\.0\.0`"),
        (unavailable.UpstreamIndexInvalid("leaf", "it is empty"), 502, "`leaf`.*it is empty"),
        (unavailable.UpstreamConfigInvalid("it is empty"), 502, "config.json.*it is empty"),
        (unavailable.RepositoryBusy(), 503, "try again"),
        (unavailable.StorageFull(), 503, "room"),
        (unavailable.ServiceUnavailable("down"), 503, "down"),
    ],
)
def test_errors_have_status_and_sentence(error, status, said):
    """One sentence per `detail`, naming the offending value, because cargo prints nothing else."""
    assert error.status == status
    assert re.search(said, str(error))


def test_sentences_have_an_end():
    """A megabyte that was sent is not sent back."""
    assert len(str(errors.InvalidMetadata("x" * 10**6))) == 2000


def test_busy_says_when_to_try_again():
    """Overload answers are 503 with Retry-After (41)."""
    assert unavailable.RepositoryBusy().retry_after > 0

"""What Pulp answers to bad input becomes one line."""

import pytest
from pulp_glue.cargo.sentences import Refusal, capitalized, first_fault

ANSWERS = {
    '{"detail": "No CargoRepository matches the given query."}': "No CargoRepository matches the"
    " given query.",
    '{"name": ["This field must be unique."], "url": ["a", "b"]}': "name: a cargo remote with this"
    " name already exists: choose another, or update that one; url: a; url: b.",
    '{"base_path": ["This field must be unique."]}': "base_path: a remote with this base_path"
    " already exists: choose another.",
    '{"base_path": ["Relative path is not in canonical form. /a"]}': "base_path: '/a' must not"
    " begin with a slash.",
    '{"base_path": ["Relative path is not in canonical form. a//b"]}': "base_path: Relative path is"
    " not in canonical form. a//b.",
    '{"allow_uploads": ["A registry without a `repository` cannot have `allow_uploads`."]}': "allow_uploads: A registry without a `repository` cannot have `allow_uploads`: select one with"
    " `--repository`.",
    '{"non_field_errors": ["Destination upload repository was not provided."]}': "only administrators"
    " may store files without a repository: select one with `--repository`.",
    '{"users": {"0": ["Object with username=x does not exist."]}}': "users: there is no object with"
    " username 'x': check the spelling, or see the list.",
    '{"repository": ["Invalid hyperlink - Object does not exist."]}': "repository: the object does not"
    " exist: check its name, or see the list.",
    '{"non_field_errors": ["One\\n line."]}': "One line.",
    '["Alone."]': "Alone.",
    "{}": "Pulp refused the request with status 400.",
    "<html>": "Pulp refused the request with status 400.",
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_refusal_becomes_one_line(answer: str) -> None:
    """Fields are named, and stock sentences get advice."""
    assert Refusal(answer, 400, "cargo remote").sentence == ANSWERS[answer]


def test_an_object_of_another_kind_is_not_to_be_updated() -> None:
    """Names are shared with other plugins."""
    refusal = Refusal('{"name": ["This field must be unique."]}', 400, "repository")
    assert refusal.is_about_the_name
    assert refusal.sentence == ("name: a repository with this name already exists: choose another.")
    other = Refusal('{"base_path": ["This field must be unique."]}', 400, "cargo distribution")
    assert not other.is_about_the_name


@pytest.mark.parametrize(
    ("domain", "sentence"),
    [
        ("nope", "There is no domain `nope`: see `pulp domain list`."),
        (None, "Pulp refused the request with status 404."),
    ],
)
def test_a_domain_that_is_not_there_is_named(domain: str | None, sentence: str) -> None:
    """Pulp answers with a page that says nothing, if it has domains at all."""
    assert Refusal("<h1>Not Found</h1>", 404, "cargo repository", domain).sentence == sentence


def test_a_failure_of_the_server_points_to_its_log() -> None:
    """What it answers then is a page for people with browsers."""
    assert Refusal("<h1>Server Error (500)</h1>", 500, "crate").sentence == (
        "Pulp failed with status 500: see its log for the reason."
    )


def test_only_the_first_form_of_a_request_is_complained_of() -> None:
    """pulp-glue tries several, and says the same of each."""
    said = (
        "Validation failed for 'x':\n  application/json: 'a' is bad:\n  really\n  multipart/f: no"
    )
    assert first_fault(said) == "Validation failed for 'x': application/json: 'a' is bad: really"
    assert first_fault("Parameter 'x' not available.") == "Parameter 'x' not available."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the snapshot is not signed", "The snapshot is not signed"),
        ("https://r.example/ is not there", "https://r.example/ is not there"),
        ("sparse+https://r.example/: no", "sparse+https://r.example/: no"),
        ("`a` is at https://r.example/", "`a` is at https://r.example/"),
        ("", ""),
    ],
)
def test_a_url_at_the_beginning_stays_as_it_is(text: str, said: str) -> None:
    """With a capital letter it would be another text than the one that was given."""
    assert capitalized(text) == said

"""What Pulp answers to bad input becomes one line."""

import pytest
from pulp_glue.cargo.sentences import first_fault, sentence_of

ANSWERS = {
    '{"detail": "No CargoRepository matches the given query."}': "No CargoRepository matches the"
    " given query.",
    '{"name": ["This field must be unique."], "url": ["a", "b"]}': "name: there is a cargo remote"
    " with this name already: choose another, or update that one; url: a; url: b.",
    '{"users": {"0": ["Object with username=x does not exist."]}}': "users: there is nothing with"
    " the username 'x': check the spelling, or look at the list.",
    '{"repository": ["Invalid hyperlink - Object does not exist."]}': "repository: there is no such"
    " object: check its name, or look at the list.",
    '{"non_field_errors": ["One\\n line."]}': "One line.",
    '["Alone."]': "Alone.",
    "{}": "Pulp refused this (status 400).",
    "<html>": "Pulp refused this (status 400).",
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_refusal_becomes_one_line(answer: str) -> None:
    """Fields are named, and stock sentences get advice."""
    assert sentence_of(answer, 400, "cargo remote") == ANSWERS[answer]


def test_a_failure_of_the_server_points_to_its_log() -> None:
    """What it answers then is a page for people with browsers."""
    assert sentence_of("<h1>Server Error (500)</h1>", 500, "crate") == (
        "Pulp could not answer (status 500): its log says why."
    )


def test_only_the_first_form_of_a_request_is_complained_of() -> None:
    """pulp-glue tries several, and says the same of each."""
    said = (
        "Validation failed for 'x':\n  application/json: 'a' is bad:\n  really\n  multipart/f: no"
    )
    assert first_fault(said) == "Validation failed for 'x': application/json: 'a' is bad: really"
    assert first_fault("Parameter 'x' not available.") == "Parameter 'x' not available."

"""How the mutation run tells survivors that are explained from those that are not."""

from pathlib import Path

import pytest

from pulp_cargo.tests import mutation
from pulp_cargo.tests.mutation import EXPLAINED, ROOT, Mutant, read_explanations

KNOWN = """\
# For people.

protocol.names._why
- if not text:
+ if text:
    A reason
    in two lines.

rules.breaker.Breaker.wait
- return 0
    Another one.
"""
INVERTED = Mutant("protocol.names._why", ("if not text:",), ("if text:",))


def test_explanation_is_of_one_mutant_or_of_all_of_a_line() -> None:
    """Of all where no line is put in."""
    one, every = read_explanations(KNOWN)
    assert (one.why, every.why) == ("A reason in two lines.", "Another one.")
    assert one.explains(INVERTED)
    assert not one.explains(Mutant(INVERTED.function, INVERTED.taken, ("if None:",)))
    assert not one.explains(Mutant("protocol.names.other", INVERTED.taken, INVERTED.put))
    assert every.explains(Mutant("rules.breaker.Breaker.wait", ("return 0",), ("return 1",)))
    assert not every.explains(Mutant("rules.breaker.Breaker.wait", ("return 2",), ("return 1",)))


def test_paragraph_without_a_reason_explains_nothing() -> None:
    """It is a mistake in the file."""
    with pytest.raises(ValueError, match="nothing explains"):
        read_explanations("protocol.names._why\n- if not text:\n+ if text:")


@pytest.mark.parametrize(
    ("taken", "put", "rewords"),
    [
        ('raise Error("no such crate")', 'raise Error("XXno such crateXX")', True),
        ('raise Error("no such crate")', 'raise Error("NO SUCH CRATE")', True),
        ('raise Error("no such crate")', "raise Error(None)", False),
        ('table.text("name")', 'table.text("NAME")', False),
        ('pair("a b", 1)', 'pair("A B", 2)', False),
    ],
)
def test_sentence_may_read_otherwise(taken: str, put: str, rewords: bool) -> None:
    """A word may be a key, and a sentence is for people."""
    assert Mutant("f", (taken,), (put,)).only_rewords is rewords


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("pulp_cargo.protocol.names.x__why__mutmut_10", "protocol.names._why"),
        ("pulp_cargo.rules.token_scopes.x_is_expired__mutmut_1", "rules.token_scopes.is_expired"),
        ("pulp_cargo.rules.breaker.xǁBreakerǁ__init____mutmut_2", "rules.breaker.Breaker.__init__"),
        (
            "pulp_cargo.protocol.crate_file.xǁ_Contentsǁadd__mutmut_1",
            "protocol.crate_file._Contents.add",
        ),
    ],
)
def test_name_of_a_mutant_has_that_of_its_function(name: str, function: str) -> None:
    """As `mutants.txt` names it."""
    assert mutation.function_of(name) == function


def test_run_fails_for_what_is_new_and_for_what_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    """Of a part of the mutants nobody can tell what explains nothing any more."""
    one, every = read_explanations(KNOWN)
    assert mutation.report([INVERTED], [one], whole=True) == 0
    assert mutation.report([INVERTED], [every], whole=False) == 1
    assert "has no explanation:\nprotocol.names._why\n- if not text:\n+ if text:" in (
        capsys.readouterr().out
    )
    assert mutation.report([INVERTED], [one, every], whole=False) == 0
    assert mutation.report([INVERTED], [one, every], whole=True) == 1
    assert "explains what does not survive:\nrules.breaker.Breaker.wait" in capsys.readouterr().out


@pytest.mark.parametrize(
    "mutant",
    [entry.mutant for entry in read_explanations(EXPLAINED.read_text())],
    ids=lambda mutant: mutant.function,
)
def test_explained_line_is_in_the_code(mutant: Mutant) -> None:
    """Who changes it has to look at its mutants anew."""
    parts = mutant.function.split(".")
    paths = (Path(ROOT, "pulp_cargo", *parts[:n]).with_suffix(".py") for n in range(len(parts)))
    path = next(path for path in paths if path.is_file())
    assert set(mutant.taken) <= {line.strip() for line in path.read_text().splitlines()}

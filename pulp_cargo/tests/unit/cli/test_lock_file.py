"""`pulp cargo check` and `prefetch`: what they print, and the exit codes that CI goes by."""

from pathlib import Path
from typing import Any

import pytest
from pulp_glue.cargo.distribution import PulpCargoDistributionContext

from pulp_cargo.tests.support.pulp import Pulp, PulpFailed

HREF = "/pulp/api/v3/distributions/cargo/cargo/019a9b1e-0000-7000-8000-000000000000/"


def row(name: str, verdict: str, *, passes: bool, flags: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a package of a report."""
    return {
        "name": name,
        "vers": "1.0.0",
        "verdict": verdict,
        "reason": f"why {name} is {verdict}",
        "passes": passes,
        "flags": list(flags),
    }


def report(*rows: dict[str, Any], elsewhere: int = 0) -> dict[str, Any]:
    """Return a report on these packages."""
    passes = all(one["passes"] for one in rows)
    said = "the lock file passes" if passes else "the lock file does not pass"
    others = [{"name": "b", "vers": "1.0.0", "passes": True, "reason": "why"}] * elsewhere
    return {"passes": passes, "sentence": said, "packages": rows, "not_checked": others}


@pytest.fixture
def lock(tmp_path: Path) -> str:
    """The path of a lock file."""
    path = tmp_path / "Cargo.lock"
    path.write_text("version = 4\n")
    return str(path)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What a Pulp was asked, that lets everything pass."""
    return answers(monkeypatch, report())


def answers(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[tuple[str, dict[str, Any]]]:
    """Have a Pulp that gives this answer, and note what it is asked."""
    asked: list[tuple[str, dict[str, Any]]] = []

    def call(self: Any, operation: str, **request: Any) -> Any:
        if operation == "list":
            return {"count": 1, "results": [{"pulp_href": HREF}]}
        asked.append((operation, request["body"]))
        return answer

    monkeypatch.setattr(PulpCargoDistributionContext, "call", call)
    return asked


def run(tmp_path: Path, *words: str) -> Any:
    """Run a command about a distribution."""
    return Pulp(tmp_path).run("cargo", *words, "--distribution", "team")


def test_a_line_for_each_package_that_is_not_fine(
    tmp_path: Path, lock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors and warnings go to standard output, the sum of it elsewhere."""
    rows = (
        row("a", "served", passes=True),
        row("b", "yanked", passes=True),
        row("c", "held", passes=False, flags=("name-also-private",)),
        row("d", "served", passes=True, flags=("name-also-upstream", "no-checksum")),
    )
    answers(monkeypatch, report(*rows, elsewhere=2))
    with pytest.raises(PulpFailed) as failed:
        run(tmp_path, "check", lock)
    assert failed.value.status == 1
    assert failed.value.stdout.splitlines() == [
        "warning: b 1.0.0: yanked: why b is yanked",
        "error: c 1.0.0: held: why c is held",
        "warning: c 1.0.0: name-also-private: this registry also has a private crate of this name",
        "warning: d 1.0.0: name-also-upstream: an upstream of this registry also has a crate of"
        " this name",
    ]
    assert failed.value.said == (
        "The lock file does not pass; 2 packages from elsewhere were not checked.\n"
    )


def test_package_of_a_foreign_source_is_an_error(
    tmp_path: Path, lock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others from elsewhere are only counted."""
    told = report(elsewhere=1) | {"passes": False}
    told["not_checked"].append({"name": "g", "vers": "1.0.0", "passes": False, "reason": "git"})
    answers(monkeypatch, told)
    with pytest.raises(PulpFailed) as failed:
        run(tmp_path, "check", lock)
    assert failed.value.stdout == "error: g 1.0.0: foreign-source: git\n"
    assert failed.value.said.endswith("; 1 package from elsewhere was not checked.\n")


def test_what_passes_prints_nothing(
    tmp_path: Path, lock: str, asked: list[tuple[str, dict[str, Any]]]
) -> None:
    """And is asked for without options, which leaves them to the server."""
    done = run(tmp_path, "check", lock)
    assert (done.stdout, done.stderr) == ("", "The lock file passes.\n")
    sent = {"lock_file": "version = 4\n", "offline": False, "fail_on_yanked": False}
    assert asked == [("check", sent)]


def test_options_are_passed_on(
    tmp_path: Path, lock: str, asked: list[tuple[str, dict[str, Any]]]
) -> None:
    """Each by the name that it has in the REST API."""
    options = ("--offline", "--refresh", "--fail-on-yanked", "--no-crates-io")
    sources = ("https://git.example/a", "https://git.example/b/*")
    allow = [word for source in sources for word in ("--allow-source", source)]
    run(tmp_path, "check", lock, *options, *allow)
    assert asked[0][1] == {
        "lock_file": "version = 4\n",
        "offline": True,
        "refresh": True,
        "fail_on_yanked": True,
        "crates_io": False,
        "allow_sources": list(sources),
    }


def test_the_whole_report_as_json(
    tmp_path: Path, lock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is the same."""
    answers(monkeypatch, report(row("c", "held", passes=False)))
    with pytest.raises(PulpFailed) as failed:
        run(tmp_path, "check", lock, "--format", "json")
    assert (failed.value.status, failed.value.said) == (1, "")
    assert '"why c is held"' in failed.value.stdout


@pytest.mark.parametrize("problems", [[], [{"name": "a", "vers": "1.0.0", "reason": "it is gone"}]])
def test_prefetch_says_what_came_of_it(
    tmp_path: Path, lock: str, monkeypatch: pytest.MonkeyPatch, problems: list[dict[str, str]]
) -> None:
    """A line for each package that could not be fetched, and then it fails."""
    asked = answers(monkeypatch, {"fetched": 2, "there": 3, "problems": problems})
    if problems:
        with pytest.raises(PulpFailed) as failed:
            run(tmp_path, "prefetch", lock)
        assert failed.value.status == 1
        assert failed.value.stdout == "error: a 1.0.0: it is gone\n"
        said = failed.value.said
    else:
        said = run(tmp_path, "prefetch", lock).stderr
    assert said == "Fetched 2 files; 3 were already stored.\n"
    assert asked == [("prefetch", {"lock_file": "version = 4\n"})]


def test_one_file_is_no_files(tmp_path: Path, lock: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentences are for people."""
    answers(monkeypatch, {"fetched": 1, "there": 1, "problems": []})
    assert run(tmp_path, "prefetch", lock).stderr == "Fetched 1 file; 1 was already stored.\n"


@pytest.mark.parametrize("command", ["check", "prefetch"])
def test_what_cannot_be_told_has_another_exit_code(tmp_path: Path, lock: str, command: str) -> None:
    """No lock file, no registry named, one of another kind, no server: CI must not take it for no."""
    pulp = Pulp(tmp_path)
    for words in (
        (str(tmp_path / "none.lock"), "--distribution", "team"),
        (str(tmp_path), "--distribution", "team"),
        (lock,),
        (lock, "--distribution", ""),
        (lock, "--distribution", "/pulp/api/v3/remotes/cargo/cargo/x/"),
        (lock, "--distribution", "team"),
        (lock, "--distribution", HREF),
        (lock, "--distribution", "team", "--nonsense"),
    ):
        with pytest.raises(PulpFailed) as failed:
            pulp.run("cargo", command, *words)
        assert (failed.value.status, failed.value.stdout) == (2, ""), words
        assert "Error: " in failed.value.said

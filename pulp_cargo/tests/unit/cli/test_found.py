"""The registry that `pulp cargo` takes if none is named."""

from pathlib import Path
from typing import Any

import pytest
from pulp_glue.cargo.distribution import PulpCargoDistributionContext

from pulp_cargo.tests.support.pulp import Pulp, PulpFailed

HREF = "/pulp/api/v3/distributions/cargo/cargo/019a9b1e-0000-7000-8000-00000000000{}/"
ORIGIN = "sparse+http://127.0.0.1:24816/pulp/cargo"
NAMES = ("team", "cache", "all")
THERE = [
    {
        "name": name,
        "base_path": name,
        "base_url": f"{ORIGIN}/{name}/",
        "pulp_href": HREF.format(number),
        "upstreams": [{"name": "ours"}] if name == "all" else [],
    }
    for number, name in enumerate(NAMES)
]
REPORT = {"passes": True, "sentence": "it passes", "packages": [], "not_checked": []}
ANSWERS: dict[str, Any] = {
    "check": REPORT,
    "config": {"config": "[registries.x]\n"},
    "explain": {"sentence": "`x` is new", "answers": [], "upstreams": []},
    "search": {"count": 0, "results": []},
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The names of the registries that were used, of a Pulp with three of them."""
    used: list[str] = []
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Cargo.lock").write_text("version = 4\n")

    def call(self: Any, operation: str, **request: Any) -> Any:
        if operation == "list":
            paths = request["parameters"].get("base_path__in", NAMES)
            name = request["parameters"].get("name")
            found = [
                one for one in THERE if one["base_path"] in paths and name in (None, one["name"])
            ]
            return {"count": len(found), "next": None, "results": found}
        used.append(NAMES[int(self.pulp_href[-2])])
        return ANSWERS[operation]

    monkeypatch.setattr(PulpCargoDistributionContext, "call", call)
    return used


def configure(folder: Path, *names: str, more: str = "") -> None:
    """Write cargo's configuration with registries of this Pulp and one of another."""
    urls = {name: f"{ORIGIN}/{name}/" for name in names}
    urls["away"] = "sparse+https://crates.example/pulp/cargo/team/"
    tables = [f'[registries.{name}]\nindex = "{url}"\n' for name, url in urls.items()]
    (folder / ".cargo").mkdir()
    (folder / ".cargo" / "config.toml").write_text("".join(tables) + more)


REPLACED = '[source.crates-io]\nreplace-with = "cache"\n'
DEFAULT = '[registry]\ndefault = "team"\n'


@pytest.mark.parametrize(
    ("command", "names", "more", "expected"),
    [
        ("check", ("team",), "", "team"),
        ("config", ("team",), "", "team"),
        ("check", ("team", "cache"), REPLACED + DEFAULT, "cache"),
        ("config", ("team", "cache"), REPLACED + DEFAULT, "team"),
        ("config", ("team", "cache"), REPLACED, "cache"),
        ("search", ("team", "cache"), REPLACED + DEFAULT, "team"),
        ("explain x", ("team", "all"), "", "all"),
        ("distribution config", ("team",), "", "team"),
        ("distribution explain --crate x", ("team", "all"), "", "all"),
        # There is only one with a list of upstreams.
        ("explain x", ("team",), "", "all"),
    ],
)
def test_cargo_configuration_names_it(
    tmp_path: Path, asked: list[str], command: str, names: tuple[str, ...], more: str, expected: str
) -> None:
    """Of several, the one for which the command is made; the choice is printed."""
    configure(tmp_path, *names, more=more)
    done = Pulp(tmp_path).run("cargo", *command.split())
    assert asked == [expected]
    assert f"Registry: {expected} (" in done.stderr
    assert "Registry:" not in done.stdout


def test_several_are_listed(tmp_path: Path, asked: list[str]) -> None:
    """One of them is to be named."""
    with pytest.raises(
        PulpFailed,
        match=r"several registries: select one with --distribution \(`team`, `cache`, `all`\)",
    ):
        Pulp(tmp_path).run("cargo", "check")
    configure(tmp_path, "team", "cache")
    with pytest.raises(PulpFailed, match="several registries of this Pulp: select one") as failed:
        Pulp(tmp_path).run("cargo", "check")
    assert failed.value.status == 2
    assert asked == []


def test_named_one_is_taken(tmp_path: Path, asked: list[str]) -> None:
    """Cargo's configuration is not even read."""
    configure(tmp_path, "team")
    done = Pulp(tmp_path).run("cargo", "check", "--distribution", "cache")
    assert asked == ["cache"]
    assert "Registry:" not in done.stderr

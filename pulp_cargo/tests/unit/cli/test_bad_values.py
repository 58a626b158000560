"""Values that can be refused before a server is asked."""

from pathlib import Path

import pytest

from pulp_cargo.tests.support.pulp import Pulp, PulpFailed

ID = "019a9b1e-0000-7000-8000-000000000000"
REMOTE = f"prn:cargo.cargoremote:{ID}"
CREATE = "distribution create --name a --base-path a --repository"
RANGE = "Invalid value for '--{}': {} is not in the range {}."

REFUSALS = {
    "token create --name a --expires-in 99999999": RANGE.format(
        "expires-in", 99999999, "1<=x<=36500"
    ),
    "repository create --name a --retain-repo-versions 0": RANGE.format(
        "retain-repo-versions", 0, "x>=1"
    ),
    "repository update --name a --retain-repo-versions 0": RANGE.format(
        "retain-repo-versions", 0, "x>=1"
    ),
    "remote create --name a --url b --download-concurrency 0": RANGE.format(
        "download-concurrency", 0, "x>=1"
    ),
    "remote update --name a --download-concurrency 0": RANGE.format(
        "download-concurrency", 0, "x>=1"
    ),
    "repository rollback a --name b --to 0": "Give either NAME or --name.",
    "repository sync a --repository b": "Give either NAME or --repository.",
    "repository remove a --crate b": "Give either --crate and --vers, or --crates.",
    "repository remove a --crates [] --vers 1.0.0": "Give either --crate and --vers, or --crates.",
    "repository remove a --crates {": "The value of --crates is not valid JSON: Expecting property"
    " name enclosed in double quotes: line 1 column 2 (char 1).",
    "repository remove a --crates 1": "--crates requires a list of objects, such as"
    ' [{"name": "careful", "vers": "0.1.0"}].',
    "verify http://[": "'http://[' is not the URL of a sparse index.",
    "bundle create http://[ --output o": "'http://[' is not the URL of a sparse index.",
    "export local-registry f --url http://[": "'http://[' is not the URL of a sparse index.",
    "token revoke --name b a": "Give either NAME or --name.",
    "distribution config a --distribution b": "Give either NAME or --distribution.",
    f"{CREATE} file:file:x": "'file:file:x' is not a cargo repository: --repository requires the name,"
    " href or PRN of one.",
    f"{CREATE} {REMOTE}": f"'{REMOTE}' is not a cargo repository: --repository requires the name,"
    " href or PRN of one.",
    f"{CREATE} /pulp/api/v3/repositories/file/file/{ID}/": f"'/pulp/api/v3/repositories/file/file/"
    f"{ID}/' is not a cargo repository: --repository requires the name, href or PRN of one.",
    "remote update --name a --stale-for -1": RANGE.format("stale-for", -1, "x>=0"),
    "crate-policy create --name a --cooldown-days 36501": RANGE.format(
        "cooldown-days", 36501, "0<=x<=36500"
    ),
    "crate-policy create --name a --block [{": "The value of --block is not valid JSON: Expecting"
    " property name enclosed in double quotes: line 1 column 3 (char 2).",
    'crate-policy create --name a --allow {"crate":"b"}': "--allow requires a JSON list of objects.",
    'crate-policy create --name a --exceptions [{"ends":"soon"}]': "'soon' is not a date: use the"
    " form 2030-01-31 or 2030-01-31T12:00:00Z.",
    "token create --name a --expires-at 0999-12-31": "'0999-12-31' is before the year 1000.",
    "token create --name a --expires-at 0001-01-01T00:00:00+05:00": "'0001-01-01T00:00:00+05:00' is not"
    " a date: use the form 2030-01-31 or 2030-01-31T12:00:00Z.",
    "distribution downloads a --unused-since 0001-01-01": "'0001-01-01' is before the year 1000.",
    f"remote create --name a --url b --crate-policy {REMOTE}": f"'{REMOTE}' is not a cargo"
    " crate policy: --crate-policy requires the name, href or PRN of one.",
    f"token create --name a --distribution {REMOTE}": f"'{REMOTE}' is not a cargo distribution:"
    " --distribution requires the name, href or PRN of one.",
}


@pytest.mark.parametrize("command", REFUSALS)
def test_a_bad_value_is_refused(tmp_path: Path, command: str) -> None:
    """The last line says what is wrong; no server is there that could be asked."""
    with pytest.raises(PulpFailed) as refused:
        Pulp(tmp_path).cargo(*command.split())
    assert refused.value.said.splitlines()[-1] == f"Error: {REFUSALS[command]}"


def test_a_registry_needs_a_name(tmp_path: Path) -> None:
    """An empty one comes of a variable that is not set."""
    with pytest.raises(PulpFailed, match="--registry is empty"):
        Pulp(tmp_path).cargo("token", "create", "--name", "a", "--registry", "")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("content upload", "the default is 32MB"),
        ("remote create", "sparse+https://crates.example.org/"),
        ("remote create", "The default is `on_demand`"),
        ("token create", "at most 36500"),
    ],
)
def test_help_says_what_happens(tmp_path: Path, command: str, says: str) -> None:
    """Where pulp-cli's own words are wrong here, or there are none."""
    page = Pulp(tmp_path).run("cargo", *command.split(), "--help").stdout
    assert says in " ".join(page.split())


@pytest.mark.parametrize(
    "command",
    ["verify http://127.0.0.1:1/", "bundle create http://127.0.0.1:1/ --output o",
     "export git f --url http://127.0.0.1:1/"],
)  # fmt: skip
def test_a_token_file_is_text(tmp_path: Path, command: str) -> None:
    """Nothing is asked with a token that cannot be read."""
    file = tmp_path / "token"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(PulpFailed) as refused:
        Pulp(tmp_path).cargo(*command.split(), "--token-file", str(file))
    said = refused.value.said.splitlines()[-1]
    assert said == f"Error: '{file}' cannot be read: it is not UTF-8."


@pytest.mark.parametrize(
    "command",
    [
        "crate-policy create --name a --block",
        "repository update --name a --snapshot-keys",
        "repository remove a --crates",
        "repository content modify --repository a --add-content",
        "remote create --name a --url b --ca-cert",
        "distribution create --name a --base-path a --upstreams",
        "distribution collisions a --names",
    ],
)  # fmt: skip
def test_a_value_from_a_file_is_text(tmp_path: Path, command: str) -> None:
    """Options of pulp-cli's own are no exception."""
    file = tmp_path / "value"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(PulpFailed) as refused:
        Pulp(tmp_path).cargo(*command.split(), f"@{file}")
    said = refused.value.said.splitlines()[-1]
    assert said == f"Error: '{file}' cannot be read: it is not UTF-8."

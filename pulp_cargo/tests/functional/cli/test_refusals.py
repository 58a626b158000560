"""Bad input: one line that says what to do, exit code 1, and nothing changed."""

from pathlib import Path
from typing import Any

import pytest

from pulp_cargo.tests.support.pulp import Pulp, PulpFailed
from pulp_cargo.tests.support.stack import Stack

REMOTES = "remotes/cargo/cargo/"
NO_VERSION_7 = (
    "The repository `{taken}` has no version 7: see `pulp cargo repository version list`."
)
KINDS = ("repositories/cargo/cargo/", "distributions/cargo/cargo/", REMOTES, "cargo/tokens/")


@pytest.fixture(scope="module")
def taken(stack: Stack) -> str:
    """The name of a repository, a distribution, its base path, a remote and a token."""
    name = stack.make_registry().name
    stack.rest.need(REMOTES, name=name, url="sparse+https://x.example/")
    stack.make_token(name=name)
    # A name that is one of another plugin's distributions.
    stack.rest.make("distributions/core/openpgp/", name=f"{name}-keys", base_path=f"{name}-keys")
    return name


REFUSALS = {
    "repository show --name nope": "There is no cargo repository with name 'nope':"
    " see the list of cargo repositories, or create it first.",
    "repository create --name {taken}": "name: a cargo repository with this name already exists:"
    " choose another, or update that one.",
    "repository create --name {new} --remote nope": "There is no cargo remote with name 'nope':"
    " see the list of cargo remotes, or create it first.",
    "repository create --name {new} --index-alias sparse+https://x.example/a": "index_aliases: the"
    " registry URL 'sparse+https://x.example/a' cannot be used: the URL of a sparse registry must end"
    " in `/`.",
    "repository show --href /pulp/api/v3/remotes/cargo/cargo/{id}/":
    "'/pulp/api/v3/remotes/cargo/cargo/{id}/' is not the href of a cargo repository.",
    "repository show --href /pulp/api/v3/repositories/cargo/cargo/{id}/":
    "There is no cargo repository at /pulp/api/v3/repositories/cargo/cargo/{id}/.",
    "repository show --href prn:cargo.cargoremote:{id}": "'prn:cargo.cargoremote:{id}' is not the"
    " PRN of a cargo repository.",
    "repository show --href prn:cargo.cargorepository:{id}": "There is no cargo repository with prn"
    " 'prn:cargo.cargorepository:{id}': see the list of cargo repositories, or create it first.",
    "repository rollback {taken} --to 7": NO_VERSION_7,
    "repository version show --repository {taken} --version 7": NO_VERSION_7,
    "repository content list --repository {taken} --version 7": NO_VERSION_7,
    "repository version show --repository nope --version 1": "There is no cargo repository with"
    " name 'nope': see the list of cargo repositories, or create it first.",
    "repository sync {taken}": "The repository `{taken}` has no remote: select one with --remote.",
    "repository role add --name {taken} --role cargo.nope --user admin": "role: there is no"
    " object with name 'cargo.nope': check the spelling, or see the list.",
    "repository content add --repository {taken} --name nope --vers 1.0.0": "There is no crate with"
    " vers '1.0.0' and name 'nope': see the list of crates, or upload it first.",
    "content --type yank show --name nope --vers 1.0.0+a": "There is no yank mark with"
    " vers '1.0.0+a' and name 'nope': see the list of yank marks.",
    "remote create --name {new} --url ftp://x.example/": "url: the URL 'ftp://x.example/' is not"
    " the URL of an index: it must begin with `sparse+https://` or `sparse+http://`, as in cargo's"
    " configuration, or for a git index with `https://`, `http://`, `ssh://` or `file:///`.",
    "remote create --name {new} --url sparse+https://x.example/a": "url: the registry URL"
    " 'sparse+https://x.example/a' cannot be used: the URL of a sparse registry must end in `/`.",
    "distribution create --name {new} --base-path {new} --repository file:file:x":
    "'file:file:x' is not a cargo repository: --repository requires the name, href or PRN of one.",
    "distribution create --name {new} --base-path {taken}": "base_path: a distribution with"
    " this base_path already exists: choose another.",
    "distribution create --name {taken} --base-path {new}": "name: a cargo distribution with"
    " this name already exists: choose another, or update that one.",
    "distribution create --name {taken}-keys --base-path {new}": "name: a distribution with this"
    " name already exists: choose another.",
    "distribution create --name {new} --base-path /abs": "base_path: '/abs' must not begin with a"
    " slash.",
    "distribution create --name {new} --base-path {new} --allow-uploads": "allow_uploads: A registry"
    " without a `repository` cannot have `allow_uploads`: select one with `--repository`.",
    "distribution create --name {new} --base-path {new} --repository {taken} --version 7":
    NO_VERSION_7,
    "distribution update --name {taken} --version 7": NO_VERSION_7,
    "distribution create --name {new} --base-path {taken}/a": "base_path: Overlaps with an existing"
    " distribution: choose another base path.",
    "distribution create --name {new} --base-path {new} --version 1": "`--version` also"
    " requires `--repository`.",
    "token create --name {taken}": "name: `admin` already has a token with this name.",
    "token revoke nope": "There is no cargo token with name 'nope' and user 'admin': see the list of"
    " cargo tokens.",
    "token create --name {new} --expires-at soon": "'soon' is not a date: use the form 2030-01-31 or"
    " 2030-01-31T12:00:00Z.",
    "token create --name {new} --credentials x": "--credentials also requires --registry,"
    " the name of the registry.",
    "content upload nope.crate": "'nope.crate' does not exist.",
    "content upload {empty}": "The folder '{empty}' contains no .crate files.",
}  # fmt: skip


@pytest.mark.parametrize("command", REFUSALS)
def test_bad_input_is_refused_in_one_line(
    stack: Stack, pulp: Pulp, taken: str, tmp_path: Path, command: str
) -> None:
    """The sentence names the value and the rule; nothing is there that was not before."""
    (repository,) = stack.rest.list(KINDS[0], name=taken)
    about = {
        "taken": taken,
        "new": f"{taken}-new",
        "id": "00000000-0000-7000-8000-000000000000",
        "repository": repository["pulp_href"],
        "empty": str(tmp_path),
    }
    before = _named(stack, taken)
    with pytest.raises(PulpFailed) as refused:
        pulp.cargo(*command.format(**about).split())
    assert refused.value.said == f"Error: {REFUSALS[command].format(**about)}\n"
    assert refused.value.status == 1
    assert _named(stack, taken) == before


def _named(stack: Stack, start: str) -> list[dict[str, Any]]:
    """Return everything whose name begins so; other tests make and delete what has other names."""
    return [one for kind in KINDS for one in stack.rest.list(kind, name__startswith=start)]

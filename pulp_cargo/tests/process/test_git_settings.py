"""How git is kept from everything but the remote's repository."""

import subprocess
from pathlib import Path

import pytest


def settings_of(folder: Path, url: str, **fields: str | bool) -> tuple[dict[str, str], str]:
    """Return git's environment and configuration for a remote."""
    from pulp_cargo.app.upstream.git_settings import GitAccess, write_settings

    access = GitAccess(url=url, **fields)  # type: ignore[arg-type]
    environment = dict(write_settings(access, folder))
    return environment, (folder / "config").read_text()


def told(environment: dict[str, str], key: str) -> str:
    """Return a value as git reads it."""
    words = ["git", "config", "--global", "--get", key]
    return subprocess.run(words, env=environment, capture_output=True, text=True).stdout.strip()


def test_only_the_protocol_of_the_url(tmp_path: Path) -> None:
    """A URL such as `ext::` would run a program, also one that a server redirects to."""
    environment, _ = settings_of(tmp_path, "https://git.example/index")
    assert environment["GIT_ALLOW_PROTOCOL"] == "https"
    assert environment["GIT_TERMINAL_PROMPT"] == "0"
    assert told(environment, "http.followRedirects") == "false"
    assert told(environment, "core.hooksPath") == "/dev/null"
    marker = tmp_path / "ran"
    words = ["git", "ls-remote", f"ext::touch {marker}"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert "transport 'ext' not allowed" in done.stderr
    assert not marker.exists()


def test_credentials_are_in_a_file_of_this_process(tmp_path: Path) -> None:
    """Not in arguments or the environment, which others on the machine may see."""
    value = 'a"b\\c\n[core]\n'
    environment, text = settings_of(
        tmp_path, "https://git.example/i", username="u", password="p", proxy_url=value
    )
    assert told(environment, "http.extraHeader") == "Authorization: Basic dTpw"
    assert told(environment, "http.proxy") == value.strip()
    assert (tmp_path / "config").stat().st_mode & 0o777 == 0o600
    assert "dTpw" in text
    assert "dTpw" not in str(environment)


@pytest.mark.parametrize(
    ("fields", "identity"), [({}, "none"), ({"client_key": "KEY"}, "{folder}/key")]
)
def test_ssh_uses_no_key_but_the_remote_s(
    tmp_path: Path, fields: dict[str, str], identity: str
) -> None:
    """The keys of the account may open repositories that are none of the remote's users' business."""
    environment, _ = settings_of(tmp_path, "ssh://git@git.example/index", **fields)
    assert environment["GIT_SSH_COMMAND"] == (
        "ssh -F none -a -x -o BatchMode=yes -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes"
        f" -o IdentityAgent=none -o IdentityFile={identity.format(folder=tmp_path)}"
        " -o PasswordAuthentication=no -o ConnectTimeout=30 -o ServerAliveInterval=120"
    )
    if fields:
        assert (tmp_path / "key").read_text() == "KEY\n"
        assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600

"""The `pulp` that runs the guides is, for whoever types it, the one that users install."""

import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.docs.conftest import environment
from pulp_cargo.tests.support.preloaded import preloaded, with_path
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

PATIENCE = 60
TYPED = '[{"crate": "leaf",'
SCRIPTS = {
    "works": ("pulp cargo distribution show --name $REGISTRY", 0),
    "fails": ("pulp cargo repository show --name nobody", 1),
    "wrong": ("pulp cargo nope", 2),
    "reads-stdin": ("pulp cargo crate-policy create --name p --exceptions @/dev/stdin", 1),
    "many-times": ("echo a $REGISTRY | xargs -n 1 pulp cargo repository show --name", 123),
    "nobody-reads": ("{ sleep 0.2; pulp --version; } | true; exit ${PIPESTATUS[0]}", 1),
    "elsewhere": (
        "rm -rf x; mkdir x; cd x; umask 77; pulp config create --location here; stat -c %a *",
        0,
    ),
}


@pytest.fixture(scope="module")
def real(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a user who has configured the real `pulp`."""
    home: Path = tmp_path_factory.mktemp("reader")
    config = home / ".config" / "pulp" / "cli.toml"
    config.parent.mkdir(parents=True)
    username, password = stack.rest.auth or ("", "")
    config.write_text(
        f'[cli]\nbase_url = "{stack.rest.origin}"\n'
        f'username = "{username}"\npassword = "{password}"\n'
    )
    return {**environment(), "HOME": str(home)}


@pytest.fixture(scope="module")
def quick(real: dict[str, str]) -> Iterator[dict[str, str]]:
    """The same with the preloaded one."""
    with preloaded(real) as venv:
        yield with_path(real, venv)


@pytest.mark.parametrize(("script", "status"), SCRIPTS.values(), ids=SCRIPTS)
def test_prints_and_ends_as_the_real_one(
    real: dict[str, str], quick: dict[str, str], registry: Registry, script: str, status: int
) -> None:
    """Output, errors and status are the same, for pipes, `xargs` and other directories too."""
    done = [_run(script, {**environ, "REGISTRY": registry.name}) for environ in (real, quick)]
    assert done[0] == done[1]
    assert done[0][0] == status


def test_is_interrupted_as_the_real_one(real: dict[str, str], quick: dict[str, str]) -> None:
    """Ctrl-C reaches the command, which says so; SIGTERM ends it without a word."""
    for number in (signal.SIGINT, signal.SIGTERM):
        assert _interrupted(real, number) == _interrupted(quick, number)
    assert _interrupted(quick, signal.SIGTERM)[0] == -signal.SIGTERM


def _run(script: str, environ: dict[str, str]) -> tuple[int, str, str]:
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=environ["HOME"],
        env=environ,
        input=TYPED,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return done.returncode, done.stdout, done.stderr


def _interrupted(environ: dict[str, str], number: signal.Signals) -> tuple[int, bytes, bytes]:
    """Send a signal to a command that waits for an answer which never comes."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(PATIENCE)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        # A shell starts what it runs in the background with SIGINT ignored, as may these tests be.
        process = subprocess.Popen(
            ["env", "--default-signal", "pulp", "--base-url", url, "status"],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        connection, _ = silent.accept()
        connection.settimeout(PATIENCE)
        # From the request on it waits; before that, what a signal meets depends on the moment.
        assert connection.recv(4096)
        process.send_signal(number)
        said = process.communicate(timeout=PATIENCE)
        connection.close()
    return process.returncode, *said

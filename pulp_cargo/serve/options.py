"""The command line of `pulp-cargo serve`."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# The ports that Pulp itself listens on by default.
DATABASE_VARIABLE = "PULP_CARGO_DATABASE"
DEFAULT_CONTENT_PORT = 24816
DEFAULT_API_PORT = 24817


@dataclass(frozen=True, slots=True)
class Options:
    """A parsed command line."""

    data_dir: Path
    content_port: int
    api_port: int
    bind: str
    origin: str | None
    database: str | None
    content_workers: int
    with_cache: bool
    write_cargo_config: bool
    as_json: bool


def parse_options(argv: Sequence[str]) -> Options:
    """Parse the command line; an invalid one ends the process with a usage message."""
    given = _parser().parse_args(argv)
    return Options(
        data_dir=given.data_dir.expanduser().absolute(),
        content_port=given.content_port,
        api_port=given.api_port,
        bind=given.bind.strip("[]"),
        origin=given.origin,
        database=given.database,
        content_workers=given.content_workers,
        with_cache=not given.no_cache,
        write_cargo_config=given.write_cargo_config,
        as_json=given.as_json,
    )


def default_data_dir(*, is_root: bool, environ: os._Environ[str] | dict[str, str]) -> Path:
    """Return the default of `--data-dir` (XDG Base Directory)."""
    if is_root:
        return Path("/var/lib/pulp-cargo")
    data_home = environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data_home).expanduser() / "pulp-cargo"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pulp-cargo", description="A private Cargo registry and a cache of crates.io, on Pulp."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    serve = commands.add_parser(
        "serve",
        help="start a registry with everything it needs",
        description="Start a registry with everything it needs, and run it until it is stopped.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    _add_places(serve)
    _add_addresses(serve)
    serve.add_argument(
        "--content-workers",
        type=_positive,
        default=1,
        metavar="N",
        help="the number of processes for cargo's requests",
    )
    serve.add_argument(
        "--no-cache",
        action="store_true",
        help="do not create a cache of crates.io; an existing one is not removed",
    )
    serve.add_argument(
        "--write-cargo-config",
        action="store_true",
        help="add the registry and the cache to cargo's own files, after making copies of these",
    )
    serve.add_argument(
        "--json",
        action="store_true",
        dest="as_json",
        help="when ready, print one line of JSON for scripts instead of text",
    )
    return parser


def _add_places(serve: argparse.ArgumentParser) -> None:
    serve.add_argument(
        "--data-dir",
        type=Path,
        default=default_data_dir(is_root=os.geteuid() == 0, environ=os.environ),
        metavar="DIR",
        help="the directory for the database, crates, secrets and logs",
    )
    serve.add_argument(
        "--database",
        metavar="URL",
        default=os.environ.get(DATABASE_VARIABLE) or None,
        help="an existing PostgreSQL (postgresql://user@host/name); if the URL has a password, set it"
        f" in the variable {DATABASE_VARIABLE} instead, because all users can see command lines",
    )


def _add_addresses(serve: argparse.ArgumentParser) -> None:
    serve.add_argument(
        "--content-port",
        type=_port,
        default=DEFAULT_CONTENT_PORT,
        metavar="PORT",
        help="the port for cargo; 0 chooses a free port once and remembers it",
    )
    serve.add_argument(
        "--api-port",
        type=_port,
        default=DEFAULT_API_PORT,
        metavar="PORT",
        help="the port for the REST API and the account page; 0 chooses a free port once and remembers it",
    )
    serve.add_argument(
        "--bind",
        default="127.0.0.1",
        metavar="HOST",
        help="the address to listen on; with any address but loopback, the registry is"
        " available on the network, without TLS",
    )
    serve.add_argument(
        "--origin",
        type=_origin,
        metavar="URL",
        help="the URL at which cargo reaches the content port, if it is not the address in --bind;"
        " required with --bind 0.0.0.0",
    )


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port")
    return port


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def _origin(text: str) -> str:
    origin = text.rstrip("/")
    scheme, separator, rest = origin.partition("://")
    if scheme not in ("http", "https") or not separator or not rest or "/" in rest:
        raise argparse.ArgumentTypeError(f"{text} is not of the form http(s)://host[:port]")
    return origin

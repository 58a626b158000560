"""The configuration with which the git program fetches an index: the remote's, and nobody else's.

git reads neither the configuration of the machine nor that of a user, runs no hooks, asks for no
credentials, follows no redirects, and speaks only the protocol of the remote's URL: another one,
such as `ext::`, would run programs. For ssh it uses only the key of the remote: the keys of the
account that runs Pulp may open repositories that are none of the remote's users' business.
"""

import base64
import os
import shlex
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

# git aborts a transfer of fewer bytes per second for so many seconds.
SLOWEST_BYTES, SLOW_SECONDS = 1000, 120


@dataclass(frozen=True, slots=True)
class GitAccess:
    """How git reaches a repository: the remote's URL, credentials, proxy and certificates."""

    url: str
    username: str | None = None
    password: str | None = None
    proxy_url: str | None = None
    proxy_username: str | None = None
    proxy_password: str | None = None
    verify: bool = True
    ca_cert: str | None = None
    client_cert: str | None = None
    client_key: str | None = None

    @property
    def scheme(self) -> str:
        """The protocol of the URL."""
        return urlsplit(self.url).scheme

    @property
    def path(self) -> str:
        """The path of the URL."""
        return unquote(urlsplit(self.url).path)


def write_settings(access: GitAccess, folder: Path) -> Mapping[str, str]:
    """Write git's configuration into a folder of this process alone; return its environment."""
    config = folder / "config"
    text = "".join(
        f"[{section}]\n\t{key} = {_quoted(value)}\n"
        for section, key, value in _entries(access, folder)
    )
    _write(config, text)
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "LC_ALL": "C",
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ALLOW_PROTOCOL": access.scheme,
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
    }
    if access.scheme == "ssh":
        environment["GIT_SSH_COMMAND"] = _ssh(access, folder)
        environment["GIT_SSH_VARIANT"] = "ssh"
    return environment


def _entries(access: GitAccess, folder: Path) -> Iterator[tuple[str, str, str]]:
    yield "core", "hooksPath", os.devnull
    yield "core", "askPass", "true"
    # Only `tidy` of the repository starts it, and waits for it.
    yield "maintenance", "auto", "false"
    yield "gc", "autoDetach", "false"
    if access.scheme == "file":
        # The repository belongs to whoever has put it there; no hook or setting of it is used.
        yield "safe", "directory", access.path.rstrip("/")
        yield "safe", "directory", f"{access.path.rstrip('/')}/.git"
    if access.scheme not in ("https", "http"):
        return
    yield "http", "followRedirects", "false"
    yield "http", "lowSpeedLimit", str(SLOWEST_BYTES)
    yield "http", "lowSpeedTime", str(SLOW_SECONDS)
    if access.username or access.password:
        pair = f"{access.username or ''}:{access.password or ''}".encode()
        yield "http", "extraHeader", f"Authorization: Basic {base64.b64encode(pair).decode()}"
    if access.proxy_url:
        yield "http", "proxy", _proxy(access)
    if not access.verify:
        yield "http", "sslVerify", "false"
    if access.ca_cert:
        authorities = folder / "authorities.pem"
        _write(authorities, f"{_system_authorities()}\n{access.ca_cert}\n")
        yield "http", "sslCAInfo", str(authorities)
    if access.client_cert:
        certificate, key = folder / "certificate.pem", folder / "key.pem"
        _write(certificate, access.client_cert)
        _write(key, access.client_key or access.client_cert)
        yield "http", "sslCert", str(certificate)
        yield "http", "sslKey", str(key)


def _ssh(access: GitAccess, folder: Path) -> str:
    identity = "none"
    if access.client_key:
        identity = str(folder / "key")
        _write(Path(identity), access.client_key.rstrip() + "\n")
    # The configuration of the account is not read, only its `known_hosts`.
    words = ["ssh", "-F", "none", "-a", "-x"]
    for option in (
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        f"IdentityFile={identity}",
        "PasswordAuthentication=no",
        "ConnectTimeout=30",
        f"ServerAliveInterval={SLOW_SECONDS}",
    ):
        words += ["-o", option]
    return shlex.join(words)


def _proxy(access: GitAccess) -> str:
    parts = urlsplit(str(access.proxy_url))
    if not access.proxy_username:
        return str(access.proxy_url)
    user = quote(access.proxy_username, safe="")
    password = quote(access.proxy_password or "", safe="")
    return parts._replace(netloc=f"{user}:{password}@{parts.netloc}").geturl()


def _system_authorities() -> str:
    file = ssl.get_default_verify_paths().cafile
    return Path(file).read_text() if file else ""


def _quoted(value: str) -> str:
    """Return a value for git's configuration; no line break ends it."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _write(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)

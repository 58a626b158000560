"""config.json, and the URLs that cargo makes of it (Cargo Book, "Index Configuration")."""

import json
import secrets
import socket
from urllib.parse import urlsplit

import pytest

from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.stack import Stack


@pytest.fixture(scope="module")
def read_only(stack: Stack) -> Registry:
    """A registry that takes no uploads."""
    return stack.make_registry(allow_uploads=False)


def test_config_names_downloads_and_api(registry: Registry):
    """Absolute URLs without a final slash, to which cargo glues its paths [1]."""
    answer = registry.get("config.json")
    assert answer.status == 200
    root = registry.url.rstrip("/")
    assert answer.json() == {
        "dl": f"{root}/api/v1/crates",
        "api": root,
        "auth-required": False,
    }


def test_auth_required_is_true_on_a_private_registry(private: Registry):
    """The key has a hyphen; cargo ignores any other spelling [2]."""
    assert private.get("config.json", token=private.token).json()["auth-required"] is True


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "localhost:1"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
        {"Forwarded": "host=evil.example;proto=https"},
    ],
    ids=str,
)
def test_config_does_not_depend_on_the_request(registry: Registry, headers: dict[str, str]):
    """To cargo the URL is the registry's identity; only settings change it [3]."""
    expected = registry.get("config.json").body
    assert registry.request("GET", "config.json", headers=headers).body == expected
    assert registry.get("config.json").body == expected


def test_read_only_registry_has_an_api_and_refuses_to_publish(read_only: Registry):
    """The API stays, for `cargo search`; publishing gets a sentence [4]."""
    assert read_only.get("config.json").json()["api"] == read_only.url.rstrip("/")
    for method, path in (
        ("PUT", "crates/new"),
        ("DELETE", "crates/a/1.0.0/yank"),
        ("PUT", "crates/a/1.0.0/unyank"),
    ):
        answer = read_only.api(method, path, b"")
        assert answer.status == 403
        assert f"`{read_only.name}`" in answer.detail


def test_displayed_url_is_the_one_cargo_needs(registry: Registry):
    """`sparse+` and a final slash; cargo refuses anything else [5]."""
    assert registry.index_url.startswith("sparse+http://")
    assert registry.index_url.endswith("/")


def test_me_is_a_page_for_people(registry: Registry, private: Registry):
    """`cargo login` sends the user's browser there [6]."""
    for one in (registry, private):
        answer = one.get("me", Accept="text/html")
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert one.index_url in answer.body.decode()


def test_base_path_may_have_slashes(stack: Stack):
    """A registry can live below a folder [1]."""
    deep = stack.make_registry(
        base_path=f"folder-{secrets.token_hex(4)}/{stack.make_registry().name}/deep"
    )
    assert deep.get("config.json").json()["api"] == deep.url.rstrip("/")
    assert deep.url.endswith("/deep/")


def test_config_is_short_lived(registry: Registry):
    """Cargo asks for it all the time, and settings may change [39]."""
    assert "no-cache" in registry.get("config.json").headers["cache-control"]


def test_http_1_0_client_is_answered(registry: Registry):
    """Old health checks ask without a Host header [3]."""
    parts = urlsplit(registry.url)
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=10) as one:
        one.sendall(f"GET {parts.path}config.json HTTP/1.0\r\n\r\n".encode())
        answer = b""
        while piece := one.recv(65536):
            answer += piece
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["api"] == registry.url.rstrip("/")


def test_config_toml_is_what_rest_says(stack: Stack, registry: Registry):
    """People paste it; the registry and Pulp's API have the same text."""
    answer = registry.get("config.toml")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/toml; charset=utf-8"
    assert answer.body.decode() == stack.rest.get(f"{registry.href}config/")["config"]
    assert answer.body.decode() == (
        "# For ~/.cargo/config.toml, or .cargo/config.toml in a project.\n"
        f"[registries.{registry.name}]\n"
        f'index = "{registry.index_url}"\n'
    )


def test_config_toml_of_a_private_registry_is_for_everybody(private: Registry):
    """Whoever has no token yet needs it most, and there is no secret in it."""
    answer = private.get("config.toml")
    assert answer.status == 200
    assert b'credential-provider = "cargo:token"' in answer.body


def test_strangers_are_not_told_what_a_private_registry_stands_in_for(stack: Stack):
    """The upstream's URL may name a host that is nobody else's business."""
    name = unique("up")
    url = "sparse+https://hidden.example/"
    remote = stack.rest.need("remotes/cargo/cargo/", name=name, url=url)["pulp_href"]
    cache = stack.make_registry(allow_uploads=False, auth_required=True, remote=remote)
    for path in ("config.toml", "me"):
        assert b"hidden.example" not in cache.get(path).body
        assert b"hidden.example" in cache.get(path, token=cache.token).body

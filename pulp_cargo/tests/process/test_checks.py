"""Settings that cargo could not work with are told of before the first request."""

from types import SimpleNamespace

import pytest


@pytest.mark.parametrize(
    ("name", "value", "faults"),
    [
        ("CONTENT_ORIGIN", None, 1),
        ("CONTENT_ORIGIN", "crates.example.org", 1),
        ("CONTENT_ORIGIN", "https://crates.example.org", 0),
        ("CARGO_ORIGIN_ALIASES", ["http://a.example", "/b"], 1),
        ("CARGO_LOGIN_URL", "login", 1),
        ("CARGO_LOGIN_URL", "https://sso.example.org/cargo", 0),
        ("CARGO_LOGIN_URL", "", 0),
        ("CARGO_API_ORIGIN", "pulp.example.org", 1),
        ("CARGO_API_ORIGIN", "https://pulp.example.org", 0),
    ],
)
def test_url_settings_are_absolute(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object, faults: int
) -> None:
    """Cargo stores a registry's URL as it is, and shows where to log in."""
    from pulp_cargo.app import checks

    good = {
        "CONTENT_ORIGIN": "http://localhost",
        "CARGO_ORIGIN_ALIASES": [],
        "CARGO_LOGIN_URL": "",
        "CARGO_API_ORIGIN": "",
    }
    monkeypatch.setattr(checks, "settings", SimpleNamespace(**(good | {name: value})))
    found = checks.urls_are_absolute()
    assert len(found) == faults
    assert all(name in error.msg for error in found)


@pytest.mark.parametrize(
    ("networks", "faults"),
    [([], 0), (["10.0.0.0/8", "fd00::/8", "::1"], 0), (["10.0.0.0/8", "corp.example"], 1)],
)
def test_private_networks_are_networks(
    monkeypatch: pytest.MonkeyPatch, networks: list[str], faults: int
) -> None:
    """Else every request to an upstream would fail."""
    from pulp_cargo.app import checks

    setting = {"CARGO_UPSTREAM_PRIVATE_NETWORKS": networks}
    monkeypatch.setattr(checks, "settings", SimpleNamespace(**setting))
    assert len(checks.networks_can_be_read()) == faults

"""Which addresses may have the password of an upstream's API."""

import pytest


@pytest.mark.parametrize(
    ("api", "content", "may"),
    [
        ("https://pulp.example", "https://pulp.example/pulp/cargo/r/", True),
        ("https://pulp.example:443/", "https://PULP.example/pulp/cargo/r/", True),
        ("http://pulp.example:8080", "http://pulp.example:8080/pulp/cargo/r/", True),
        ("https://pulp.example", "https://crates.example/pulp/cargo/r/", False),
        ("https://pulp.example", "https://pulp.example.evil.example/", False),
        ("https://pulp.example", "https://pulp.example@evil.example/", False),
        ("https://pulp.example", "https://pulp.example:8443/", False),
        ("https://pulp.example", "http://pulp.example/", False),
        ("https://pulp.example:8080", "http://pulp.example:8080/", False),
        ("http://pulp.example", "https://pulp.example/", False),
    ],
)
def test_only_the_server_of_the_api_gets_its_password(api: str, content: str, may: bool) -> None:
    """Host and port are the same, and what was encrypted stays so."""
    from pulp_cargo.app.replica import is_same_server

    assert is_same_server(api, content) is may

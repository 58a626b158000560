"""The lines that a person pastes into cargo's configuration (Cargo Book, "Configuration")."""

import tomllib

import pytest

from pulp_cargo.protocol.cargo_config import registry_key, render_cargo_config

URL = "sparse+https://r.example/pulp/cargo/team/"
# Written in two parts: the address of crates.io's index appears where the product needs it only.
CRATES_IO = "sparse+https://index." + "crates.io/"


def parsed(name: str = "team", *, private: bool = False, upstream: str | None = None):
    """Return the lines as cargo reads them."""
    return tomllib.loads(render_cargo_config(name, URL, auth_required=private, upstream=upstream))


def test_public_registry_is_one_table():
    """cargo needs the URL alone; it sends tokens to publish without being told how."""
    assert parsed() == {"registries": {"team": {"index": URL}}}


def test_private_registry_names_a_credential_provider():
    """Without one cargo refuses to use a registry with `auth-required`."""
    assert parsed(private=True) == {
        "registries": {"team": {"index": URL, "credential-provider": "cargo:token"}},
    }


def test_the_lines_of_several_registries_go_into_one_file():
    """A table may be in a file only once, and cargo fails for every command otherwise."""
    lines = [
        render_cargo_config(name, URL, auth_required=True, upstream=upstream)
        for name, upstream in (("a", None), ("b", None), ("c", CRATES_IO), ("d", URL))
    ]
    assert set(tomllib.loads("\n".join(lines))["registries"]) == {"a", "b", "c", "d"}


@pytest.mark.parametrize(
    ("upstream", "name"),
    [(CRATES_IO, "crates.io"), ("sparse+https://up.example/", "the upstream registry")],
)
@pytest.mark.parametrize("private", [False, True])
def test_a_cache_says_what_the_lines_do(upstream: str, name: str, private: bool):
    """They change where cargo gets crates from that the registry is not named for."""
    text = render_cargo_config("team", URL, auth_required=private, upstream=upstream)
    assert (
        f"# With these lines cargo gets the crates of {name} through this registry.\n[source."
    ) in text


@pytest.mark.parametrize("upstream", [CRATES_IO, "https://github.com/rust-lang/crates.io-index"])
def test_cache_of_crates_io_replaces_it(upstream: str):
    """cargo reads the URL in either table; `--registry` needs one, and other tools the other."""
    assert parsed(upstream=upstream) == {
        "registries": {"team": {"index": URL}},
        "source": {"crates-io": {"replace-with": "team"}, "team": {"registry": URL}},
    }


def test_private_cache_is_no_source_of_its_own():
    """The replacement names the registry, to which the token belongs."""
    assert parsed(private=True, upstream=CRATES_IO)["source"] == {
        "crates-io": {"replace-with": "team"}
    }


def test_cache_of_another_registry_replaces_that_one():
    """A source is defined by the upstream's URL."""
    assert parsed(upstream="sparse+https://up.example/") == {
        "registries": {"team": {"index": URL}},
        "source": {
            "team-upstream": {"registry": "sparse+https://up.example/", "replace-with": "team"},
            "team": {"registry": URL},
        },
    }


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("my-crates", "my-crates"),
        ("My_Crates2", "My_Crates2"),
        ("my crates", "my-crates"),
        ('a"]\nb', "a-b"),
        ("größe", "gr-e"),
        ("…", "registry"),
        ("crates-io", "pulp-crates-io"),
        ("2024", "pulp-2024"),
    ],
)
def test_key_is_one_that_cargo_takes(name: str, key: str):
    """cargo refuses names of registries with other characters, or with a digit at the start."""
    assert registry_key(name) == key
    assert list(parsed(name)["registries"]) == [key]

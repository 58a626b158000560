"""The crates that cargo is built from, built once and asked in batches."""

import pytest

from pulp_cargo.tests.support.oracle import Oracle, build_oracle


@pytest.fixture(scope="session")
def oracle() -> Oracle:
    """Rust's `semver`, `cargo-platform` and `tar`."""
    return build_oracle()

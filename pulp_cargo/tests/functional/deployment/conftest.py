"""One deployment for all tests of this folder that leave it running."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.deployment import nginx, redis
from pulp_cargo.tests.functional.deployment.deployment import NO_END, Deployment, started


@pytest.fixture(scope="package")
def cache(open_directory: Path) -> Iterator[dict[str, str]]:
    """The settings for a Redis of the tests' own; none where that is not installed."""
    if redis.PROGRAM is None:
        yield {}
        return
    with redis.running(open_directory) as settings:
        yield settings


@pytest.fixture(scope="package")
def deployment(cache: dict[str, str]) -> Iterator[Deployment]:
    """Pulp with an https origin and Redis, behind the nginx of the guide."""
    if not (nginx.PROGRAM and shutil.which("openssl")):
        pytest.skip("needs nginx and openssl")
    with started(**cache, **NO_END) as running:
        yield running

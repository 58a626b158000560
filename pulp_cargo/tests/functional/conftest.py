"""An upstream registry that a test fills and breaks, and a browser for web pages."""

from collections.abc import Iterator

import pytest

from pulp_cargo.tests.support import browser as browsers
from pulp_cargo.tests.support import sparse_upstream
from pulp_cargo.tests.support.browser import Browser
from pulp_cargo.tests.support.keys import key
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream

__all__ = ["key"]


@pytest.fixture(scope="session")
def lasting() -> Iterator[SparseUpstream]:
    """An upstream registry for all tests."""
    with sparse_upstream.running() as server:
        yield server


@pytest.fixture
def upstream(lasting: SparseUpstream) -> Iterator[SparseUpstream]:
    """An upstream registry without crates; what lasts longer than a test finds it as it was, too."""
    lasting.forget()
    yield lasting
    lasting.forget()


@pytest.fixture(scope="session")
def lasting_browser() -> Iterator[Browser]:
    """A browser for all tests of a process."""
    if not browsers.IS_INSTALLED:
        pytest.skip("needs chromium and chromedriver")
    with browsers.running() as browser:
        yield browser


@pytest.fixture
def browser(lasting_browser: Browser) -> Browser:
    """A browser in which nobody has signed in."""
    lasting_browser.forget()
    return lasting_browser

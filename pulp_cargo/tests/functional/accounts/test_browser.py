"""The account page in a browser: from `cargo login` to a revoked token, and for everybody."""

from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from pulp_cargo.tests.support.browser import Browser, shown
from pulp_cargo.tests.support.cargo import Cargo, CargoFailed
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Rest
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.visitor import ACCOUNT

PUBLISHER = "cargo.cargodistribution_publisher"
# CSS pixels: a desktop, a phone, and what is left of a window of 1280 at 400 % (WCAG 1.4.10).
WIDE, PHONE, ZOOMED = 1280, 390, 320


def sign_in(browser: Browser, rest: Rest) -> None:
    """Sign in with the form of the page that is open."""
    assert rest.auth is not None
    browser.fill("#id_username", rest.auth[0])
    browser.fill("#id_password", rest.auth[1])
    browser.follow("main button")


@pytest.fixture
def private(stack: Stack) -> Registry:
    """A registry that needs a token for everything."""
    return stack.make_registry(auth_required=True)


def test_from_login_url_to_a_revoked_token(
    stack: Stack, private: Registry, browser: Browser, tmp_path: Path, name: str
) -> None:
    """Sign in, create a token, configure cargo with what the page shows, publish, revoke.

    It takes 20 seconds since cargo builds the crate that it publishes.
    """
    ann = stack.rest.new_user(PUBLISHER, on=private.href)
    challenge = private.get("config.json").headers["www-authenticate"]
    browser.open(challenge.partition('"')[2].rstrip('"'))
    sign_in(browser, ann)
    assert browser.text("h1") == f"Tokens for {private.name}"
    browser.fill("#name", "laptop")
    browser.follow("#new ~ form button")
    secret = browser.text("#secret")
    assert secret.startswith("pulp_cargo_") and len(secret) == 51

    cargo = Cargo(tmp_path / "home", {}).configure()
    (cargo.home / "config.toml").write_text(browser.text("#config"))
    login = browser.text("#login").split()
    assert login == ["cargo", "login", "--registry", private.name]
    cargo.run(*login[1:], input=secret)
    crate = cargo.package(tmp_path, name)
    publish = ("publish", "--registry", private.name, "--allow-dirty")
    crate.run(*publish)
    assert [one["vers"] for one in private.index(name, token=secret)] == ["1.0.0"]

    browser.follow(".notice .button")
    assert secret not in browser.driver.page_source
    assert browser.text(".cards h3") == "laptop"
    browser.click(".cards summary")
    browser.follow(".cards .danger")
    assert browser.text("#yours ~ p") == "You have no tokens."
    with pytest.raises(CargoFailed, match="does not accept this token"):
        crate.run(*publish)
    assert browser.console_errors() == []

    browser.follow("header button")
    assert browser.text("h1") == "Sign in"
    browser.open(stack.ready["api_url"] + ACCOUNT)
    assert browser.text("h1") == "Sign in"


def test_page_me_leads_to_the_account_page(
    stack: Stack, registry: Registry, browser: Browser
) -> None:
    """`cargo login` names this page where reading needs no token."""
    browser.open(f"{registry.url}me")
    assert browser.text("h1") == f"A token for {registry.name}"
    assert browser.violations() == []
    assert browser.console_errors() == []
    browser.follow(".button")
    assert browser.text("h1") == "Sign in"
    sign_in(browser, stack.rest.new_user())
    assert browser.text("h1") == f"Tokens for {registry.name}"


@pytest.mark.parametrize("width", [WIDE, PHONE, ZOOMED])
def test_pages_are_for_everybody(
    stack: Stack, registry: Registry, browser: Browser, width: int
) -> None:
    """axe finds nothing on any page in light or dark colours, and nothing is cut off at 400 %."""

    def check() -> None:
        # The colours do not depend on the width (style.css).
        for dark in (False, True) if width == WIDE else (False,):
            browser.recolour(dark=dark)
            found = browser.violations()
            assert found == [], shown(found)
            assert not browser.is_wider_than_window()

    ann = stack.rest.new_user()
    with browser.seen(width=width):
        browser.open(f"{stack.ready['api_url']}{ACCOUNT}?registry={registry.name}")
        check()
        assert ann.auth is not None
        browser.fill("#id_username", ann.auth[0])
        browser.fill("#id_password", "wrong")
        browser.follow("main button")
        assert browser.find("[role=alert]").is_displayed()
        check()
        sign_in(browser, ann)
        check()
        browser.fill("#name", "a-name-without-any-space-" * 8)
        browser.follow("#new ~ form button")
        check()
        browser.follow(".notice .button")
        browser.click(".cards summary")
        check()
        assert browser.console_errors() == []
        browser.fill("#name", "second")
        browser.fill("#days", "soon")
        browser.follow("#new ~ form button")
        assert browser.find("[role=alert]").is_displayed()
        check()
        browser.open(f"{stack.ready['api_url']}{ACCOUNT}?registry=none-such")
        assert browser.text("h1") == "Not found"
        check()
        browser.open(f"{registry.url}me")
        check()


def test_form_works_with_the_keyboard(stack: Stack, browser: Browser) -> None:
    """Every control can be reached, and the one with the focus is outlined."""
    browser.open(stack.ready["api_url"] + ACCOUNT)
    sign_in(browser, stack.rest.new_user())
    reached = []
    browser.find("#name").click()
    for _ in range(10):
        focused = browser.driver.switch_to.active_element
        reached.append(focused.get_attribute("id") or focused.text)
        assert focused.value_of_css_property("outline-style") == "solid"
        focused.send_keys(Keys.TAB)
    scopes = ["read", "publish-new", "publish-update", "yank", "change-owners", "api"]
    assert reached == [
        "name",
        "registry",
        *(f"scope-{scope}" for scope in scopes),
        "crates",
        "days",
    ]
    assert browser.driver.switch_to.active_element.text == "Create token"

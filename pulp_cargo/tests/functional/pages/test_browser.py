"""The pages in a browser: for everybody, on every screen, without errors, and without JavaScript."""

from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from pulp_cargo.tests.functional.pages import awkward
from pulp_cargo.tests.functional.pages.conftest import among_the_first, hostile
from pulp_cargo.tests.support.browser import Browser, shown
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

PATHS = (
    "",
    "search?q=shapes",
    "crates/shapes",
    "crates/shapes/1.2.0",
    "crates/shapes/versions",
    "crates/shapes/dependents",
    "crates/shapes/1.0.0/files",
    "crates/shapes/1.0.0/source/src/lib.rs",
    "crates/shapes/diff/1.1.0..1.2.0",
    "changes",
    "changes?old=1",
    "@1/",
    "@2/crates/shapes",
    "keywords/draw",
    "crates/missing",
)
# CSS pixels: a desktop, a phone, and what is left of a window of 1280 at 400 % (WCAG 1.4.10).
WIDTHS = {"desktop": 1280, "phone": 390, "zoomed": 320}
# The colours do not depend on the width (style.css), so the dark ones are checked at one of them.
LOOKS = (*((width, False) for width in WIDTHS.values()), (WIDTHS["desktop"], True))


def require_page_for_everybody(browser: Browser, url: str) -> None:
    """Require that axe finds nothing, in the light and in the dark, and no width is too small.

    The page has no script, so it need not be loaded again for other windows and colours.
    """
    browser.open(url)
    for width, dark in LOOKS:
        with browser.seen(width=width, dark=dark):
            found = browser.violations()
            assert found == [], shown(found)
            assert not browser.is_wider_than_window(), (url, width)
    errors = browser.console_errors()
    # No test has a network for images of other sites.
    assert [one for one in errors if "404" not in one and "net::ERR_" not in one] == []


@pytest.mark.parametrize("path", PATHS)
def test_pages_are_for_everybody(gallery: Registry, browser: Browser, path: str) -> None:
    """All kinds of pages."""
    require_page_for_everybody(browser, gallery.url + path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        f"search?q={awkward.WORD}",
        f"crates/{awkward.NAME}",
        f"crates/{awkward.NAME}/{awkward.VERS}",
        f"crates/{awkward.NAME}/versions",
        f"crates/{awkward.NAME}/{awkward.VERS}/files",
        f"crates/{awkward.NAME}/{awkward.VERS}/source/src/lib.rs",
        f"crates/{awkward.NAME}/{awkward.VERS}/source/src/{'long' * 40}.rs",
        f"crates/{awkward.NAME}/diff/{awkward.VERS}..1.0.0",
    ],
)
def test_pages_of_an_awkward_crate_are_for_everybody(
    awkward_crates: Registry, browser: Browser, path: str
) -> None:
    """Long words, headings that skip levels, images and links without a text, and wide tables."""
    require_page_for_everybody(browser, awkward_crates.url + path)


def test_pages_can_be_printed(awkward_crates: Registry, browser: Browser) -> None:
    """Dark on white, whatever the colours on the screen, and no column is cut off."""
    browser.open(f"{awkward_crates.url}crates/{awkward.NAME}")
    with browser.printing():
        assert browser.violations() == []
        width = "return document.querySelector('main').scrollWidth <= innerWidth"
        assert browser.driver.execute_script(width)
        for hidden in (".site form", "nav"):
            assert not browser.find(hidden).is_displayed()


def test_list_of_registries_is_for_everybody(
    stack: Stack, gallery: Registry, browser: Browser
) -> None:
    """It leads to each public registry."""
    registry = stack.make_registry(of=gallery, **among_the_first())
    browser.open(stack.content_url + "/pulp/cargo/")
    assert browser.violations() == []
    assert browser.console_errors() == []
    browser.follow(f"a[href='{registry.url}']")
    assert browser.text("h1") == registry.name


def test_from_search_to_a_source_file(gallery: Registry, browser: Browser) -> None:
    """By the links of the pages alone."""
    browser.open(gallery.url)
    browser.fill("#site-search", "shape")
    browser.follow(".site button")
    assert browser.text("h1") == "Search: shape"
    browser.follow(".crates a")
    assert browser.text("h1") == "shapes 1.1.0"
    browser.follow("nav[aria-label=Sections] a[href$='/files']")
    browser.follow("a[href$='/source/src/lib.rs']")
    assert browser.text("h1") == "src/lib.rs"
    assert "pub fn draw" in browser.text(".source")
    assert browser.console_errors() == []


def test_keyboard_reaches_the_content_first(gallery: Registry, browser: Browser) -> None:
    """The first link skips what is the same on every page."""
    browser.open(gallery.url + "crates/shapes")
    browser.find("body").send_keys(Keys.TAB)
    focused = browser.driver.switch_to.active_element
    assert focused.text == "Skip to the content"
    assert focused.is_displayed()
    focused.send_keys(Keys.ENTER)
    assert browser.driver.switch_to.active_element.get_attribute("id") == "content"


def test_nothing_of_a_hostile_crate_runs(stack: Stack, browser: Browser) -> None:
    """No dialog opens, nothing is loaded, and the policy has nothing to stop."""
    registry = stack.make_registry()
    registry.publish(hostile())
    for path in ("", "crates/hostile", "crates/hostile/1.0.0/source/README.md"):
        browser.open(registry.url + path)
        assert browser.find("h1").is_displayed()
        assert browser.console_errors() == []
        loaded = "return performance.getEntriesByType('resource').map(one => one.initiatorType)"
        assert set(browser.driver.execute_script(loaded)) <= {"link", "img", "other"}


def test_pictures_of_pages(gallery: Registry, browser: Browser, tmp_path: Path) -> None:
    """Home and crate page look as they should; the pictures are in the folder of the test."""
    for name, path in (("home", ""), ("crate", "crates/shapes")):
        browser.open(gallery.url + path)
        for width in ("desktop", "phone"):
            for dark in (False, True):
                with browser.seen(width=WIDTHS[width], dark=dark):
                    file = tmp_path / f"{name}-{width}-{'dark' if dark else 'light'}.png"
                    assert browser.driver.save_screenshot(str(file))
                    assert file.stat().st_size > 10_000

"""A headless Chromium for tests of web pages, with axe to find what keeps people out.

Debian's packages `chromium` and `chromium-driver` have both programs.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
IS_INSTALLED = bool(CHROMIUM and DRIVER)
TIMEOUT_SECONDS = 60
# No sandbox, since tests may run as root, and no request that a page has not caused.
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
MARK = "window.isLeft = true"
IS_NEXT_LOADED = "return !window.isLeft && document.readyState === 'complete'"
HAS_AXE = "return typeof axe === 'object'"
RUN_AXE = """
    const done = arguments[arguments.length - 1];
    axe.run(document, {resultTypes: ['violations']}).then(found => done(found.violations.map(one => ({
        rule: one.id, help: one.help, places: one.nodes.map(node => node.html)
    }))), error => done([{rule: 'axe', help: String(error), places: []}]));
"""


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser with one window."""

    driver: webdriver.Chrome

    def open(self, url: str) -> None:
        """Load a page, and forget the messages of earlier ones."""
        self.driver.get_log("browser")
        self.driver.get(url)

    def find(self, selector: str) -> WebElement:
        """Return the first element of a CSS selector."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """Return the visible text of an element."""
        return str(self.find(selector).text)

    def fill(self, selector: str, text: str) -> None:
        """Replace the text in a field."""
        field = self.find(selector)
        field.clear()
        field.send_keys(text)

    def click(self, selector: str) -> None:
        """Click what changes the page itself."""
        self.find(selector).click()

    def follow(self, selector: str) -> None:
        """Click a link or button, and wait for the page to which it leads."""
        # Asking for an element of a page that is just being replaced ends in an error now and then.
        self.driver.execute_script(MARK)
        self.click(selector)
        waiting = WebDriverWait(self.driver, TIMEOUT_SECONDS)
        waiting.until(lambda driver: driver.execute_script(IS_NEXT_LOADED))

    def violations(self) -> list[dict[str, Any]]:
        """Return the rules of accessibility that the page breaks."""
        if not self.driver.execute_script(HAS_AXE):
            self.driver.execute_script(_axe())
        return list(self.driver.execute_async_script(RUN_AXE))

    def console_errors(self) -> list[str]:
        """Return the errors in the console since the last call."""
        log = self.driver.get_log("browser")
        return [entry["message"] for entry in log if entry["level"] == "SEVERE"]

    def is_wider_than_window(self) -> bool:
        """Return whether the page has to be scrolled sideways."""
        script = "const e = document.documentElement; return e.scrollWidth > e.clientWidth"
        return bool(self.driver.execute_script(script))

    @contextmanager
    def seen(self, *, width: int = 1280, height: int = 900, dark: bool = False) -> Iterator[None]:
        """Show pages in a window of this size, in the colours for the light or the dark."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.recolour(dark=dark)
        try:
            yield
        finally:
            self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    def recolour(self, *, dark: bool) -> None:
        """Show the page in the colours for the light or the dark, without loading it again."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    @contextmanager
    def printing(self) -> Iterator[None]:
        """Show the page as it is printed by somebody who uses the dark colours."""
        scheme = {"name": "prefers-color-scheme", "value": "dark"}
        command = "Emulation.setEmulatedMedia"
        self.driver.execute_cdp_cmd(command, {"media": "print", "features": [scheme]})
        try:
            yield
        finally:
            self.driver.execute_cdp_cmd(command, {"media": "", "features": []})

    def forget(self) -> None:
        """Delete all cookies, also those of other hosts."""
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})


@contextmanager
def running() -> Iterator[Browser]:
    """Run a browser within the context."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))
    try:
        driver.set_page_load_timeout(TIMEOUT_SECONDS)
        driver.set_script_timeout(TIMEOUT_SECONDS)
        yield Browser(driver)
    finally:
        driver.quit()


def shown(violations: list[dict[str, Any]]) -> str:
    """Return violations as text for a failed assertion."""
    return json.dumps(violations, indent=1)


@cache
def _axe() -> str:
    return (resources.files("axe_core_python") / "axe.min.js").read_text()

"""What a visitor does on a page, in the tests' words."""

from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import Page

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
IDLE = "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
DATA = """() => [...document.querySelectorAll('.js-plotly-plot')].map(g => (g._fullData ?? []).map(
    t => ['x', 'y', 'z'].map(axis => [...(t[axis] ?? [])].map(v => ArrayBuffer.isView(v) ? [...v] : v))))"""


class Visitor:
    """A page of the dashboard, and what can be done on it."""

    def __init__(self, page: Page, address: str):
        self.page, self.address = page, address

    def open(self, path: str = "", /, *, figures: int = 0, **parameters: str) -> "Visitor":
        """Open an address and wait until it is drawn."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        self.page.goto(f"{self.address}/{path}{query}")
        self.page.wait_for_selector("h1", timeout=30_000)
        return self.ready(figures)

    def ready(self, figures: int = 0) -> "Visitor":
        """Wait until the page runs no longer, and shows at least so many figures."""
        self.page.wait_for_function(IDLE, timeout=30_000, polling=100)
        drawn = "n => document.querySelectorAll('[data-drawn] .main-svg').length >= n"
        self.page.wait_for_function(drawn, arg=figures, timeout=30_000, polling=100)
        return self

    def data(self) -> list:
        """The data of every figure on the page."""
        return self.page.evaluate(DATA)

    def changed(self, before: list) -> list:
        """Wait until some figure's data differs; returns the new data."""
        test = f"before => JSON.stringify(({DATA})()) !== before"
        text = self.page.evaluate("data => JSON.stringify(data)", before)
        self.page.wait_for_function(test, arg=text, timeout=15_000, polling=150)
        self.page.wait_for_function(IDLE, timeout=15_000, polling=100)
        return self.data()

    def control(self, name: str):
        """The widget whose name in the address this is."""
        return self.page.locator(f".st-key-{name.replace('.', '-')}")

    def slide(self, name: str, key: str = "ArrowRight", times: int = 1) -> None:
        """Move a slider with the keyboard."""
        thumb = self.control(name).get_by_role("slider")
        thumb.focus()
        for _ in range(times):
            self.page.keyboard.press(key)

    def choose(self, name: str, choice: str) -> None:
        """Choose one of a few."""
        self.control(name).get_by_role("radio", name=choice, exact=True).click()

    def parameters(self) -> dict[str, str]:
        """The address's parameters."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.page.url).query).items()}

    def alerts(self) -> list[str]:
        """What the page explains, warns of or complains about."""
        return self.page.locator("[data-testid=stAlert], [data-testid=stException]").all_inner_texts()

    def screenshot(self, name: str) -> None:
        """Keep a picture of the whole page under build/screenshots."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

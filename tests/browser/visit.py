"""One reader of the page: his screen, his theme, his language, and what went wrong before him."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from tradepost.entrypoints.dev.data import CLONE

DESKTOP = (1280, 900)
TABLET = (820, 1180)
PHONE = (390, 844)
#: A bound for what has to happen, not a wait.
_PATIENCE_MS = 15_000
_AXE = CLONE / "web" / "node_modules" / "axe-core" / "axe.min.js"
_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
expect.set_options(timeout=_PATIENCE_MS)


@dataclass
class Visit:
    """An open page. `faults` is what no page may do: it is looked at when the visit ends."""

    context: BrowserContext
    page: Page
    url: str
    faults: list[str] = field(default_factory=list)
    #: Whether the network may fail, because the test cuts it.
    cut: bool = False

    def go(self, path: str) -> None:
        """Opens a page and waits until it has what it shows."""
        self.page.goto(self.url + path)
        self.settled()

    def settled(self) -> None:
        """Waits until a heading stands and nothing is being read."""
        expect(self.page.locator("h1")).to_be_visible()
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)

    def turn(self, size: tuple[int, int], theme: str) -> None:
        """Another screen and another theme, with the page as it stands."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        self.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")

    def overflow(self) -> int:
        """By how many pixels the page is wider than the screen."""
        wider: int = self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wider

    def axe(self) -> list[str]:
        """What axe-core finds against WCAG 2.2 AA, a line for each element."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(_AXE.read_text())
        found: dict[str, Any] = self.page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", list(_RULES)
        )
        return [
            f"{rule['id']}: {node['html'][:160]} ({node['failureSummary'][:200]})"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]

    def focused(self) -> str:
        """What the element with the focus is called, or its tag."""
        said: str = self.page.evaluate(
            """() => {
                const at = document.activeElement;
                const label = at.labels?.[0]?.textContent;
                return (at.getAttribute('aria-label') ?? label ?? at.textContent).trim();
            }"""
        )
        return said


def visit(
    browser: Browser,
    url: str,
    *,
    size: tuple[int, int] = DESKTOP,
    theme: str = "light",
    language: str = "en",
    scale: float = 1,
    kept: Mapping[str, str] = MappingProxyType({}),
) -> Visit:
    """A new reader, who has never been here but for his language and what his browser keeps."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        device_scale_factor=scale,
        locale="en-GB",
        timezone_id="UTC",
        has_touch=size == PHONE,
    )
    for name, text in {"tradepost.language": language, **kept}.items():
        place, value = json.dumps(name), json.dumps(text)
        context.add_init_script(
            f"localStorage.getItem({place}) ?? localStorage.setItem({place}, {value})"
        )
    context.set_default_timeout(_PATIENCE_MS)
    one = Visit(context, context.new_page(), url)

    def said(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not (one.cut and "net::" in message.text):
            one.faults.append(f"console: {message.text} {message.location.get('url', '')}")

    def asked(request: Request) -> None:
        if not request.url.startswith(url + "/"):
            one.faults.append(f"asked another server: {request.url}")

    one.page.on("console", said)
    one.page.on("pageerror", lambda error: one.faults.append(f"thrown: {error}"))
    one.page.on("request", asked)
    return one

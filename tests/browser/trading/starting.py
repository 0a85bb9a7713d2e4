"""How somebody starts on the page, step by step, as he reads it."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.visit import Visit

#: What the exchange can say of a backup or a price that is not there yet. Pages and files are.
SAID_NO = re.compile(r"status of 404 .*/v1/")
PASSPHRASE = "lantern orbit velvet quarry"
#: What is done at each step: it waits for the step's heading, at least.
Look = Callable[[Visit, str], None]
_AUTHENTICATOR = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "hasPrf": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def press(page: Page, name: str) -> None:
    """Presses the button of that name."""
    page.get_by_role("button", name=name, exact=True).click()


def reached(one: Visit, heading: str) -> None:
    """Waits for a step."""
    expect(one.page.get_by_role("heading", level=1, name=heading)).to_be_visible()
    expect(one.page.locator("[aria-busy=true]")).to_have_count(0)


def looked_at(one: Visit, heading: str) -> None:
    """Waits for a step, and lets axe look at it."""
    reached(one, heading)
    assert one.axe() == [], heading
    wider = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert one.page.evaluate(wider) == 0, heading


def confirm_words(one: Visit, look: Look = reached) -> str:
    """Reads the words off the page, and writes the three that are asked for."""
    page = one.page
    look(one, "Write down these 12 words")
    words = page.get_by_role("list", name="Your 12 words").locator("li > span:last-child")
    written: list[str] = words.all_inner_texts()
    assert len(written) == 12
    press(page, "I have written them down")
    look(one, "Confirm three of them")
    for field in page.get_by_label(re.compile("^Word number")).all():
        label = field.evaluate("element => element.labels[0].textContent")
        field.fill(written[int(re.findall(r"\d+", label)[0]) - 1])
    press(page, "Create my account")
    return " ".join(written)


def create(one: Visit, name: str, look: Look = reached) -> str:
    """Makes an account with a passphrase; the words of its wallet."""
    page = one.page
    one.go("/")
    page.get_by_role("link", name="Start", exact=True).click()
    look(one, "Start trading")
    page.get_by_role("link", name=re.compile("^Create one here")).click()
    look(one, "Your name and its lock")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    press(page, "Continue")
    words = confirm_words(one, look)
    look(one, f"You are ready, {name}")
    return words


def add_authenticator(one: Visit) -> None:
    """Gives the reader's device something that makes passkeys, and says yes to all."""
    session = one.context.new_cdp_session(one.page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})


def create_by_passkey(one: Visit, name: str, look: Look = reached) -> str:
    """Makes an account with a passkey; the words of its wallet."""
    add_authenticator(one)
    one.go("/start?way=new")
    one.page.get_by_label("Name").fill(name)
    one.page.get_by_text("A passkey", exact=True).click()
    press(one.page, "Continue")
    words = confirm_words(one, look)
    look(one, f"You are ready, {name}")
    return words

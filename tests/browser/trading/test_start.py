"""Every way to start, before a real browser and a whole exchange: what is asked for, and kept."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.trading.conftest import Open
from tests.browser.trading.own_wallet import OwnWallet
from tests.browser.trading.stage import TradingStage
from tests.browser.trading.starting import (
    PASSPHRASE,
    confirm_words,
    create,
    create_by_passkey,
    looked_at,
    press,
)
from tests.browser.visit import DESKTOP, PHONE
from tradepost_client import Wallet


def kept(page: Page) -> dict[str, str]:
    """What the browser has kept."""
    stored: dict[str, str] = page.evaluate("() => ({ ...localStorage })")
    return stored


@pytest.mark.parametrize(("size", "theme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_a_wallet_is_made_and_its_owner_comes_back_on_another_device(
    see: Open, size: tuple[int, int], theme: str
) -> None:
    name = f"rosa-{theme}"
    one = see(size=size, theme=theme)
    words = create(one, name, looked_at)
    expect(one.page.get_by_text("its sealed backup is at the exchange")).to_be_visible()
    assert words not in json.dumps(kept(one.page))
    assert PASSPHRASE not in json.dumps(kept(one.page))
    one.page.get_by_role("link", name="Your wallet").click()
    looked_at(one, "Wallet")
    expect(one.page.get_by_text("Backed up on this exchange, encrypted.")).to_be_visible()

    other = see(size=size, theme=theme)
    other.go("/start?way=back&then=%2Fwallet")
    looked_at(other, "Welcome back")
    other.page.get_by_label("Name").fill(name)
    other.page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    press(other.page, "Continue")
    expect(other.page).to_have_url(re.compile("/wallet$"))
    address = other.page.get_by_role("group", name="Your address").inner_text()
    assert address == one.page.get_by_role("group", name="Your address").inner_text()


def test_a_passkey_locks_it_and_brings_it_back(see: Open) -> None:
    one = see()
    create_by_passkey(one, "passkeyed", looked_at)
    one.page.evaluate("() => localStorage.clear()")
    one.go("/start?way=back&then=%2Fwallet")
    press(one.page, "Use a passkey")
    expect(one.page).to_have_url(re.compile("/wallet$"))


def test_an_own_wallet_refuses_first_and_signs_in_then(see: Open, stage: TradingStage) -> None:
    one = see()
    wallet = OwnWallet(Wallet.create(), stage.inner.node, refuses=True, chain_id=1)
    wallet.attach(one.context)
    one.go("/start?way=own&then=%2Fwallet")
    press(one.page, "Test Wallet")
    expect(one.page.get_by_text("You said no.")).to_be_visible()
    assert one.axe() == []
    wallet.refuses = False
    press(one.page, "Try again")
    looked_at(one, "You are ready, " + wallet.keys.address[:6] + "…" + wallet.keys.address[-4:])
    assert wallet.chain_id == 31337
    assert wallet.asked[-2:] == ["wallet_switchEthereumChain", "personal_sign"]
    press(one.page, "Go on where you were")
    looked_at(one, "Wallet")
    expect(one.page.get_by_role("group", name="Your address")).to_have_text(wallet.keys.address)


def test_it_is_made_by_the_keyboard_alone_and_left_and_opened_again(see: Open) -> None:
    one = see()
    keys = one.page.keyboard
    one.go("/start?way=new")
    one.page.get_by_label("Name").focus()
    keys.type("keys-only")
    while one.focused() != "Passphrase":
        keys.press("Tab")
    keys.type(PASSPHRASE)
    keys.press("Enter")
    confirm_words(one, looked_at)
    looked_at(one, "You are ready, keys-only")
    account = one.page.get_by_role("button", name="Your account: keys-only")
    account.focus()
    keys.press("Enter")
    while one.focused() != "Sign out":
        keys.press("Tab")
    keys.press("Enter")
    expect(account).to_have_count(0)
    one.go("/start?way=back&then=%2Fwallet")
    looked_at(one, "Welcome back")
    expect(one.page.get_by_label("Passphrase", exact=True)).to_be_focused()
    keys.type(PASSPHRASE)
    keys.press("Enter")
    expect(one.page).to_have_url(re.compile("/wallet$"))


def test_coins_are_sent_and_put_into_the_contract(see: Open, stage: TradingStage) -> None:
    one = see(size=PHONE)
    page, node = one.page, stage.inner.node
    create(one, "sender")
    one.go("/wallet")
    address = page.get_by_role("group", name="Your address").inner_text()
    node.rpc("anvil_setBalance", address, hex(3 * 10**18))
    one.go("/wallet")
    press(page, "Send ETH")
    to = Wallet.create().address
    page.get_by_label("To the address").fill(to)
    page.get_by_label("Amount in ETH").fill("0.25")
    assert one.axe() == []
    press(page, "Continue")
    expect(page.get_by_role("heading", name="Send ETH")).to_be_focused()
    assert one.axe() == []
    press(page, "Confirm 0.25 ETH")
    # The page was opened anew, so the wallet is locked.
    expect(page.get_by_role("dialog", name="Open your wallet")).to_be_visible()
    assert one.axe() == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Confirm 0.25 ETH")).to_be_focused()
    press(page, "Confirm 0.25 ETH")
    page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    page.keyboard.press("Enter")
    expect(page.get_by_text("It is on the chain.")).to_be_visible()
    assert int(node.rpc("eth_getBalance", to, "latest"), 16) == 25 * 10**16
    press(page, "Done")
    press(page, "Deposit ETH")
    page.get_by_label("Amount in ETH").fill("1")
    press(page, "Continue")
    press(page, "Confirm 1 ETH")
    expect(page.get_by_text("It is on the chain.")).to_be_visible()
    press(page, "Done")
    press(page, "Withdraw ETH")
    press(page, "All")
    expect(page.get_by_label("Amount in ETH")).to_have_value("1")

"""The pages of an account before a real browser, signed in by what its device keeps."""

import json

from playwright.sync_api import expect

from tests.browser.account import Furnished
from tests.browser.conftest import Open


def test_what_happens_is_told_live_and_where_it_leads(look: Open, house: Furnished) -> None:
    one = look(house.reader)
    one.go("/settings")
    bell = one.page.get_by_role("link", name="Notifications", exact=True)
    expect(bell).to_be_visible()
    one.page.get_by_role("link", name="Sessions and tokens").click()
    expect(one.page.get_by_role("heading", level=1)).to_have_text("Sessions and tokens")
    bell.click()
    told = one.page.get_by_role("main").get_by_role("listitem")
    expect(told.filter(has_text="The seller has released the coins").first).to_be_visible()
    told.first.get_by_role("link").first.click()
    expect(one.page).to_have_url(f"{one.url}/trades/{house.trades['seller-splitting']}")


def test_a_token_is_made_once_shown_once_and_revoked(look: Open, house: Furnished) -> None:
    one = look(house.reader)
    one.go("/settings/tokens")
    one.page.get_by_text("Make a token for a program").click()
    one.page.get_by_label("What it is for").fill("a bot of this test")
    one.page.get_by_text("Only what an agent needs").click()
    one.page.get_by_role("button", name="Make it").click()
    secret = one.page.get_by_role("group", name="The token")
    expect(secret).to_contain_text("tp_")
    one.page.get_by_role("button", name="I have it").click()
    expect(secret).to_have_count(0)
    row = one.page.get_by_role("listitem").filter(has_text="a bot of this test")
    row.get_by_role("button", name="Revoke").click()
    row.get_by_role("button", name="Revoke").click()
    expect(row).to_have_count(0)


def test_an_exchanges_health_is_its_operators_to_see(look: Open, house: Furnished) -> None:
    for who in (None, house.reader):
        other = look(who)
        other.page.goto(f"{house.url}/admin")
        expect(other.page.get_by_role("heading", level=1)).to_have_text("Nothing is here")
    one = look(house.operator)
    one.go("/admin")
    expect(one.page.get_by_role("heading", level=1)).to_have_text("Health of the exchange")
    expect(one.page.get_by_role("listitem").filter(has_text="The chain")).to_contain_text("block")


def test_what_was_kept_of_trades_is_gone_after_signing_out(look: Open, house: Furnished) -> None:
    one = look(house.reader)
    one.go("/settings")
    account = json.loads(house.reader.kept["tradepost.session"])["account"]
    kept = json.dumps({"owner": account["id"], "kept": []})
    one.page.evaluate("text => localStorage.setItem('tradepost.trades', text)", kept)
    one.page.evaluate("localStorage.removeItem('tradepost.session')")
    one.page.evaluate("dispatchEvent(new StorageEvent('storage', {key: 'tradepost.session'}))")
    expect(one.page.get_by_role("link", name="Notifications", exact=True)).to_have_count(0)
    assert one.page.evaluate("localStorage.getItem('tradepost.trades')") is None

"""The pages of an account before a real browser, signed in by what its device keeps."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.stage import Stage
from tests.browser.test_accessibility import overflow
from tests.browser.visit import DESKTOP, PHONE, Visit
from tradepost.identity import service as identity
from tradepost.kernel.access import Role

PAGES = (
    "/notifications",
    "/admin",
    "/settings",
    "/settings/notifications",
    "/settings/tokens",
    "/settings/webhooks",
    "/settings/searches",
    "/settings/partners",
    "/settings/agents",
    "/settings/node",
)


async def _session(exchange: Stage) -> str:
    """The maker's session, as a device keeps it; he is the operator too."""
    maker = exchange.maker
    assert maker is not None
    async with exchange.world.database.transaction() as tx:
        await identity.grant_role(tx, maker.wallet, Role.OPERATOR)
    headers = {"Authorization": f"Bearer {maker.token}"}
    account = (await exchange.world.api.get("/v1/account", headers=headers)).json()
    return json.dumps(
        {
            "account": account,
            "token": maker.token,
            "expiresAt": "2096-11-25T05:00:00Z",
            "wallet": maker.wallet,
        }
    )


def _signed_in(see: Open, exchange: Stage, **how: object) -> Visit:
    one = see(**how)
    kept = json.dumps(exchange.do(_session(exchange)))
    one.context.add_init_script(
        f"localStorage.getItem('tradepost.session') ??"
        f" localStorage.setItem('tradepost.session', {kept})"
    )
    return one


@pytest.mark.parametrize(
    ("size", "theme", "language"), [(DESKTOP, "light", "en"), (PHONE, "dark", "ar")]
)
def test_no_page_of_an_account_breaks_wcag(
    see: Open, exchange: Stage, size: tuple[int, int], theme: str, language: str
) -> None:
    one = _signed_in(see, exchange, size=size, theme=theme, language=language)
    for path in PAGES:
        one.go(path)
        for closed in one.page.locator("main details:not([open]) > summary").all():
            closed.click()
        assert one.axe() == [], path
        assert overflow(one) == 0, path


def test_what_happens_is_told_live_and_where_it_leads(see: Open, exchange: Stage) -> None:
    one = _signed_in(see, exchange)
    one.go("/settings")
    bell = one.page.get_by_role("link", name="Notifications", exact=True)
    expect(bell).to_be_visible()
    one.page.get_by_role("link", name="Sessions and tokens").click()
    expect(one.page.get_by_role("heading", level=1)).to_have_text("Sessions and tokens")
    bell.click()
    expect(one.page.get_by_role("listitem").first).to_contain_text("You published an offer")


def test_a_token_is_made_once_shown_once_and_revoked(see: Open, exchange: Stage) -> None:
    one = _signed_in(see, exchange)
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


def test_an_exchanges_health_is_its_operators_to_see(see: Open, exchange: Stage) -> None:
    other = see()
    other.page.goto(f"{exchange.url}/admin")
    expect(other.page.get_by_role("heading", level=1)).to_have_text("Nothing is here")
    one = _signed_in(see, exchange)
    one.go("/admin")
    expect(one.page.get_by_role("heading", level=1)).to_have_text("Health of the exchange")
    expect(one.page.get_by_role("listitem").filter(has_text="The chain")).to_contain_text(
        "does not answer"
    )


def test_what_was_kept_of_trades_is_gone_after_signing_out(see: Open, exchange: Stage) -> None:
    one = _signed_in(see, exchange)
    one.go("/settings")
    account = json.loads(exchange.do(_session(exchange)))["account"]
    kept = json.dumps({"owner": account["id"], "kept": []})
    one.page.evaluate("text => localStorage.setItem('tradepost.trades', text)", kept)
    one.page.evaluate("localStorage.removeItem('tradepost.session')")
    one.page.evaluate("dispatchEvent(new StorageEvent('storage', {key: 'tradepost.session'}))")
    expect(one.page.get_by_role("link", name="Notifications", exact=True)).to_have_count(0)
    assert one.page.evaluate("localStorage.getItem('tradepost.trades')") is None

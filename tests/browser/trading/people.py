"""People who trade on the page: what they do, in its own words, as they see them."""

import json
import re
from dataclasses import dataclass, field
from typing import Any, Literal

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.trading.own_wallet import OwnWallet
from tests.browser.trading.stage import TradingStage
from tests.browser.trading.starting import PASSPHRASE, create, create_by_passkey, press
from tests.browser.visit import DESKTOP, Visit, visit
from tradepost_client import Wallet

Kind = Literal["own", "passphrase", "passkey"]
ETH = 10**18
#: More stops of the keyboard than a page has.
_FAR = 150
_RICH = 1_000 * ETH
IBAN = "DE89 3704 0044 0532 0130 00"


def press_in(part: Locator, name: str) -> None:
    """Presses the button of a part of the page whose words begin so."""
    part.get_by_role("button", name=re.compile("^" + re.escape(name))).click()


@dataclass
class Person:
    """Somebody before the page, with a wallet of one kind."""

    name: str
    kind: Kind
    visit: Visit
    stage: TradingStage
    address: str = ""
    own: OwnWallet | None = None
    #: Whether his wallet is open: in the memory of his page, which a reload takes away.
    is_open: bool = False
    has_offer: bool = False
    _accounts: int = field(default=0, repr=False)

    @property
    def page(self) -> Page:
        """What he has before him."""
        return self.visit.page

    @property
    def wallet(self) -> OwnWallet:
        """His own wallet."""
        assert self.own is not None, "this one is made on the page"
        return self.own

    # --- moving about ------------------------------------------------------------------------

    def go(self, path: str) -> None:
        """Opens an address, as after a reload: his wallet is locked by that."""
        self.visit.go(path)
        self.is_open = False

    def walk_to(self, place: str) -> None:
        """Goes to a page of the navigation, or to the first one where a phone does not show it."""
        link = self.page.get_by_role("navigation", name="Pages").get_by_role("link", name=place)
        if not link.is_visible():
            self.go("/")
        link.click()

    def reload(self) -> None:
        """Loads the page anew, wherever he is."""
        self.page.reload()
        self.visit.settled()
        self.is_open = False

    def press(self, name: str) -> None:
        """Presses the button whose words begin so."""
        press_in(self.page.get_by_role("main"), name)

    def reads(self, text: str | re.Pattern[str]) -> None:
        """Waits until it stands on his page."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def told(self, heading: str | re.Pattern[str]) -> None:
        """Waits until the card of the trade's next action says so."""
        expect(self.page.get_by_role("heading", level=2, name=heading)).to_be_visible()

    def open_wallet(self) -> None:
        """Opens his wallet where the page asks for that."""
        if self.is_open:
            return
        dialog = self.page.get_by_role("dialog")
        if self.kind == "own":
            dialog.get_by_role("button", name="Connect", exact=True).click()
        elif self.kind == "passphrase":
            dialog.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
            dialog.get_by_role("button", name="Open", exact=True).click()
        else:
            dialog.get_by_role("button", name="Use the passkey").click()
        expect(dialog).to_have_count(0)
        self.is_open = True

    # --- by the keyboard ---------------------------------------------------------------------

    def tab_to(self, name: str) -> None:
        """Goes on with the keyboard alone until what is called so has the focus."""
        for _ in range(_FAR):
            if self.visit.focused().startswith(name):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no way to {name} by the keyboard")

    def enter(self, name: str) -> None:
        """Goes there, and presses Enter."""
        self.tab_to(name)
        self.page.keyboard.press("Enter")

    # --- offers ------------------------------------------------------------------------------

    def publish_offer(self, direction: str = "sell", *, price: str = "2500") -> None:
        """An offer of ETH for EUR by SEPA, from 0.1 to 5 at once, in four steps."""
        page = self.page
        self.go("/offers/new")
        page.get_by_role("radio", name=re.compile(f"^{direction.title()}")).check()
        page.get_by_label("Currency").select_option("EUR")
        press(page, "Next")
        page.get_by_role("radio", name=re.compile("^It is fixed")).check()
        page.get_by_label("Price of one ETH in EUR").fill(price)
        press(page, "Next")
        page.get_by_label("These amounts are in").select_option("ETH")
        for label, amount in (("Least at once", "0.1"), ("Most at once", "5"), ("Over all", "500")):
            page.get_by_label(label).fill(amount)
        page.get_by_role("checkbox", name=re.compile("^SEPA transfer")).check()
        press(page, "Next")
        press(page, "Publish")
        self.open_wallet()
        self.reads("Your offer is published.")
        self.has_offer = True

    def take(self, maker: "Person", amount: str, *, sells: bool = False) -> str:
        """Finds the offer of a maker in the book and takes it; the trade's id."""
        page = self.page
        self.walk_to("Offers")
        if sells:
            page.get_by_role("radio", name="Sell", exact=True).check(force=True)
        row = page.get_by_role("listitem").filter(has_text=maker.known_as)
        row.get_by_role("link", name=re.compile("^Sell ETH at" if sells else "^Buy ETH at")).click()
        card = page.get_by_role("region", name=re.compile("^What you (pay|sell) and get"))
        card.get_by_label("The amount is in").select_option("ETH")
        card.get_by_label("Amount", exact=True).fill(amount)
        press(page, "Open trade")
        press(page, "Open the trade")
        self.open_wallet()
        expect(page).to_have_url(re.compile("/trades/[0-9a-f-]{36}$"))
        self.visit.settled()
        return page.url.rsplit("/", 1)[1]

    @property
    def known_as(self) -> str:
        """What others see of him."""
        session = json.loads(self.page.evaluate("localStorage.getItem('tradepost.session')"))
        account = session["account"]
        return str(account["name"] or account["id"][-8:])

    # --- a trade -----------------------------------------------------------------------------

    def open_trade(self, trade: str) -> None:
        """Finds a trade among his own, and opens it."""
        self.walk_to("Trades")
        self.page.get_by_role("main").locator(f"a[href='/trades/{trade}']").click()
        self.visit.settled()

    def be_paid_there(self, action: str = "Be paid there") -> None:
        """Says where he is paid: the account that he has kept, or a new one."""
        page = self.page
        if self._accounts > 0:
            press(page, "Open your payment accounts")
            self.open_wallet()
        else:
            page.get_by_label("IBAN").fill(IBAN)
            page.get_by_label("Account holder").fill("Rosa Example")
        press(page, action)
        if self._accounts == 0:
            self.open_wallet()
            self._accounts += 1

    def looks_how_to_lock(self) -> None:
        """Says where he is paid, and asks how the coins can be locked."""
        self.be_paid_there()
        self.press("Lock")
        self.open_wallet()
        expect(self._lock_now()).to_be_visible()

    def locks_now(self) -> None:
        """Locks the coins; then the buyer has the details too."""
        self._lock_now().click()

    def _lock_now(self) -> Locator:
        return self.page.get_by_role("button", name=re.compile("^Lock .* now$"))

    def locked(self) -> None:
        """Locks the coins, and waits until they are and the buyer has to pay."""
        self.looks_how_to_lock()
        self.locks_now()
        self.told(re.compile("has to pay$"))

    def reads_details(self) -> None:
        """Opens the payment details, and reads them."""
        press(self.page, "Open payment details")
        self.open_wallet()
        self.reads(IBAN.replace(" ", ""))
        self.reads("Rosa Example")

    def asks_and_says_yes(self, name: str) -> None:
        """Presses a button that asks once more, and says yes."""
        self.press(name)
        press_in(self.page.get_by_role("dialog"), name)
        self.open_wallet()

    def pays(self) -> None:
        """Pays by his bank, and says so."""
        self.reads_details()
        self.says_paid()

    def says_paid(self) -> None:
        """Says that he has paid."""
        self.asks_and_says_yes("I have paid")

    def releases(self) -> None:
        """Has been paid, and releases the coins."""
        self.asks_and_says_yes("I received")

    def calls_the_arbitrator(self, reason: str) -> None:
        """Says what is wrong; no wallet is asked."""
        self.press("Call the arbitrator")
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("radio", name=reason).check()
        press_in(dialog, "Call the arbitrator")

    def proposes_share(self, amount: str) -> None:
        """Proposes how much of the coins the buyer gets."""
        self.press("Share the coins")
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_label("The buyer gets, in ETH").fill(amount)
        press_in(dialog, "Share the coins")
        self.open_wallet()

    def agrees_to(self, share: str) -> None:
        """Signs the share that another has proposed."""
        offered = self.page.get_by_role("listitem").filter(has_text=share)
        press_in(offered, "Agree to this share")
        dialog = self.page.get_by_role("dialog")
        expect(dialog).to_contain_text(share)
        press_in(dialog, "Agree to this share")
        self.open_wallet()

    # --- money -------------------------------------------------------------------------------

    def holds(self) -> int:
        """What he has, in wei: in his wallet, and in the contract."""
        inner = self.stage.inner
        return inner.balance(self.address, "ETH") + inner.credit(self.address, "ETH")


class Company:
    """Everybody before one exchange."""

    def __init__(self, browser: Browser, stage: TradingStage) -> None:
        self._browser = browser
        self._stage = stage
        self._known: dict[str, Person] = {}

    @property
    def people(self) -> list[Person]:
        """All who have been met."""
        return list(self._known.values())

    def meet(
        self, name: str, kind: Kind = "own", size: tuple[int, int] = DESKTOP, **how: Any
    ) -> Person:
        """Somebody of that name; the first time he makes an account, and gets coins."""
        if name not in self._known:
            one = visit(self._browser, self._stage.url, size=size, **how)
            person = Person(name, kind, one, self._stage)
            _START[kind](person)
            person.go("/")
            press(person.page, "Leave")  # he is not to be shown around
            self._stage.inner.node.rpc("anvil_setBalance", person.address, hex(_RICH))
            self._known[name] = person
        return self._known[name]

    def leave(self) -> None:
        """Closes all pages."""
        for person in self.people:
            person.visit.context.close()


def _bring_wallet(person: Person) -> None:
    """Comes with a wallet of his own, and is signed in by it on this device already."""
    keys = Wallet.create()
    person.own = OwnWallet(keys, person.stage.inner.node)
    person.own.attach(person.visit.context)
    person.address = keys.address
    person.go("/start?way=own")
    press(person.page, "Test Wallet")
    expect(person.page.get_by_role("heading", name=re.compile("^You are ready"))).to_be_visible()


def _make_wallet(person: Person) -> None:
    if person.kind == "passkey":
        create_by_passkey(person.visit, person.name)
    else:
        create(person.visit, person.name)
    session = json.loads(person.page.evaluate("localStorage.getItem('tradepost.session')"))
    person.address = session["wallet"]


_START = {"own": _bring_wallet, "passphrase": _make_wallet, "passkey": _make_wallet}

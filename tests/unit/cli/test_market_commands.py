"""The market on the command line: searching, quoting, prices, payment methods and accounts."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.cli.conftest import Run, put_wallet
from tests.unit.client import stage
from tests.unit.client.stage import OFFER_ID, SELLER, TRADE_ID, FakeExchange, FakeNode
from tradepost.entrypoints.cli.desk import ExitCode
from tradepost_client.sealing import Envelope, seal
from tradepost_client.wallet import maker_context
from tradepost_contracts.state import Status

PAIR = ("--direction", "sell", "--asset", "USDT", "--currency", "EUR")
IBAN = "DE89370400440532013000"
CREATE = ("offer", "create", "sell", "USDT", "--currency", "EUR", "--method", "sepa", "--yes")
AMOUNTS = ("--min", "10", "--max", "500")


def last(exchange: FakeExchange, path: str) -> dict[str, str]:
    """The query of the last GET of a path."""
    found = [one for one in exchange.sent if one.method == "GET" and one.url.path == path]
    return dict(found[-1].url.params)


@pytest.mark.parametrize("command", ["search", "list"])
def test_a_search_shows_prices_against_the_market(
    command: str, run: Run, exchange: FakeExchange
) -> None:
    quote = {"amount": "100.000000", "fiat_amount": "98.00"}
    exchange.offer |= {"maker_online": True, "quote": quote}
    done = run("offer", command, *PAIR, "--fiat", "98", "--method", "sepa", "--online")
    assert done.exit_code == ExitCode.OK, done.stderr
    assert last(exchange, "/v1/offers") == {
        "direction": "sell",
        "asset": "USDT",
        "currency": "EUR",
        "fiat_amount": "98",
        "payment_method": "sepa",
        "online": "true",
        "limit": "20",
    }
    for words in ("0.98 EUR", "2 % below the market", "100 USDT for 98.00 EUR", "● rosa"):
        assert words in done.stdout
    assert "The market: 1 USDT is 1 EUR, 0 s ago. It is made up" in done.stdout


def test_what_is_funded_is_searched_for_and_told(run: Run, exchange: FakeExchange) -> None:
    exchange.offer |= {"funded": True}
    done = run("offer", "search", "--funded")
    assert last(exchange, "/v1/offers") == {"funded": "true", "limit": "20"}
    assert "active, funded" in done.stdout
    exchange.offer |= {"deposit_block": 4711}
    told = "covers what is left, as of block 4711; it can be drawn at any moment"
    assert told in " ".join(run("offer", "show", OFFER_ID).stdout.split())
    exchange.offer |= {"funded": False}
    shown = " ".join(run("offer", "show", OFFER_ID).stdout.split())
    assert "does not cover what is left, as of block 4711" in shown
    assert json.loads(run("offer", "show", OFFER_ID, "--json").stdout)["deposit_block"] == 4711
    exchange.offer |= {"deposit_block": None}
    assert "as of block" not in run("offer", "show", OFFER_ID).stdout
    run("offer", "count", "--funded")
    assert last(exchange, "/v1/offers/facets") == {"funded": "true"}


def test_a_price_that_is_missing_is_told(run: Run, exchange: FakeExchange) -> None:
    exchange.offer |= stage.floating(price=None, premium_bps=None)
    done = run("offer", "show", OFFER_ID)
    assert "none: the market has no fresh price" in done.stdout
    assert "index, 2 % below the market" in done.stdout


def test_a_search_for_money_needs_a_currency(run: Run, exchange: FakeExchange) -> None:
    for criteria in (("--fiat", "98"), ("--amount", "1")):
        assert run("offer", "search", *criteria).exit_code == ExitCode.USAGE
    assert exchange.sent == []


def test_the_book_is_counted(run: Run) -> None:
    done = run("offer", "count", *PAIR)
    assert "sepa 3, revolut 1" in done.stdout
    assert ["funded", "1"] in [line.split() for line in done.stdout.splitlines()]
    assert json.loads(run("offer", "count", "--json").stdout)["total"] == 3


def test_a_quote_tells_who_gains_and_until_when(run: Run, exchange: FakeExchange) -> None:
    done = run("offer", "quote", OFFER_ID, "--amount", "100")
    for words in ("100 USDT", "98.00 EUR", "the seller", "2026-11-23 05:01:00Z", "made up"):
        assert words in done.stdout
    exchange.quote["fiat_amount"] = "99.00"
    assert run("offer", "quote", OFFER_ID, "--amount", "100").exit_code == ExitCode.NOT_VERIFIED
    assert run("offer", "quote", OFFER_ID).exit_code == ExitCode.USAGE


def test_an_offer_that_follows_the_market_is_restated(
    run: Run, exchange: FakeExchange, home: Path
) -> None:
    put_wallet(home, SELLER)
    floating = ("--margin", "-2", "--limit-price", "0.95", "--source", "index")
    rules = ("--min-trades", "1", "--min-account-age-days", "7", "--first-trade-limit", "50")
    more = ("--visibility", "trusted", "--taker-country", "DE", "--taker-country", "AT")
    hours = ("--hours", "mon-fri 09:00-18:00 Europe/Berlin", "--closes-at", "2026-12-31T18:00Z")
    done = run(*CREATE, *AMOUNTS, "--unit", "currency", *floating, *rules, *more, *hours)
    assert done.exit_code == ExitCode.OK, done.stderr
    assert "at 2 % below the market (index), never below 0.95 EUR, 10 to 500 EUR" in done.stderr
    (sent,) = exchange.posts("/v1/offers")
    assert sent["margin_bps"] == -200
    assert sent["working_hours"]["spans"][4]["day"] == "fri"
    assert sent["taker_countries"] == ["DE", "AT"]
    assert (sent["min_trades"], sent["first_trade_limit"]) == (1, "50")
    assert sent["closes_at"] == "2026-12-31T18:00:00+00:00"
    assert "an account of 7 days" in done.stdout
    assert "mon,tue,wed,thu,fri 09:00-18:00 Europe/Berlin" in done.stdout


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("--price", "1", "--margin", "1"),
        ("--price", "1", "--limit-price", "1"),
        ("--margin", "1.555"),
        ("--price", "1", "--hours", "always"),
        ("--price", "1", "--closes-at", "tomorrow"),
        ("--price", "1", "--total", "100"),
    ],
)
def test_an_offer_that_makes_no_sense_is_not_asked_about(
    wrong: tuple[str, ...], run: Run, exchange: FakeExchange
) -> None:
    assert run(*CREATE, *AMOUNTS, *wrong).exit_code == ExitCode.USAGE
    assert exchange.sent == []


def test_an_edit_takes_away_what_it_names(run: Run, exchange: FakeExchange, home: Path) -> None:
    put_wallet(home, SELLER)
    assert run(*CREATE, *AMOUNTS, "--margin", "-2", "--limit-price", "0.95").exit_code == 0
    exchange.offer |= {"limit_price": None, "working_hours": None, "margin_bps": 10}
    done = run(
        *("offer", "edit", OFFER_ID, "--margin", "0.1", "--anywhere"),
        *("--without", "limit-price", "--without", "hours"),
    )
    assert done.exit_code == ExitCode.OK, done.stderr
    (sent,) = (json.loads(one.content) for one in exchange.sent if one.method == "PATCH")
    assert sent == {
        "margin_bps": 10,
        "taker_countries": [],
        "limit_price": None,
        "working_hours": None,
    }
    again = ("offer", "edit", OFFER_ID, "--limit-price", "1", "--without", "limit-price")
    assert run(*again).exit_code == ExitCode.USAGE
    assert run("offer", "edit", OFFER_ID).exit_code == ExitCode.USAGE


def test_prices_say_how_old_and_how_real_they_are(run: Run) -> None:
    assert "USDT/EUR" in run("price", "list").stdout
    shown = run("price", "show", "USDT", "EUR").stdout
    assert "1 USDT is 1 EUR, 8 s ago" in shown
    assert "made up" in shown
    assert "kraken" in shown
    assert "1.01" in run("price", "history", "USDT", "EUR").stdout


def test_payment_methods_are_listed_and_shown(run: Run, exchange: FakeExchange) -> None:
    done = run("method", "list", "--country", "BR", "--currency", "BRL", "--language", "pt")
    assert done.exit_code == ExitCode.OK, done.stderr
    assert last(exchange, "/v1/payment-methods") == {
        "country": "BR",
        "currency": "BRL",
        "language": "pt",
        "limit": "100",
    }
    assert "iban" in run("method", "show", "sepa").stdout


def test_searches_and_partners(run: Run, exchange: FakeExchange) -> None:
    saved = run("search", "save", "Dollars", *PAIR, "--fiat", "250", "--method", "sepa")
    assert saved.exit_code == ExitCode.OK, saved.stderr
    assert exchange.posts("/v1/saved-searches")[0]["fiat_amount"] == "250"
    assert "sell USDT 250 EUR sepa" in run("search", "list").stdout
    for command in (
        ("search", "remove", stage.OTHER_TRADE_ID),
        ("partner", "add", stage.PERSON_ID),
        ("partner", "remove", stage.PERSON_ID),
    ):
        assert run(*command).exit_code == ExitCode.OK
    assert "rosa" in run("partner", "list").stdout
    sent = [(one.method, one.url.path) for one in exchange.sent]
    assert ("PUT", f"/v1/my/partners/{stage.PERSON_ID}") in sent
    assert ("DELETE", f"/v1/my/partners/{stage.PERSON_ID}") in sent


def add_account(run: Run, *more: str) -> Any:
    fields = ("--field", "account_holder=Rosa Example", "--field", f"iban={IBAN}")
    return run("account", "payment", "add", "sepa", *fields, "--label", "mine", *more)


def test_payment_accounts_are_checked_and_sealed(run: Run, exchange: FakeExchange) -> None:
    wrong = run("account", "payment", "add", "sepa", "--field", "iban=DE00")
    assert wrong.exit_code == ExitCode.USAGE
    assert "account_holder: it is needed" in wrong.stderr
    assert exchange.sealed == []
    assert add_account(run).exit_code == ExitCode.OK
    (kept,) = exchange.sealed
    assert IBAN not in json.dumps(kept)
    assert IBAN in run("account", "payment", "list").stdout
    machine = json.loads(run("account", "payment", "show", kept["id"], "--json").stdout)
    assert (machine["label"], machine["fields"]["iban"]) == ("mine", IBAN)
    fields = ("--field", "account_holder=Rosa", "--field", f"iban={IBAN}")
    assert run("account", "payment", "replace", kept["id"], *fields).exit_code == ExitCode.OK
    assert exchange.sealed[0]["version"] == 2
    removed = run("account", "payment", "remove", kept["id"], "--yes")
    assert (removed.exit_code, exchange.sealed) == (ExitCode.OK, [])


def test_a_registry_that_nobody_signed_is_found_out(
    run: Run, exchange: FakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = stage.signed_registry() | {"signature": "A" * 86 + "=="}
    monkeypatch.setattr(stage, "signed_registry", lambda: forged)
    assert add_account(run).exit_code == ExitCode.NOT_VERIFIED
    assert exchange.sealed == []


def test_another_wallets_account_does_not_open(
    run: Run, exchange: FakeExchange, home: Path
) -> None:
    assert add_account(run).exit_code == ExitCode.OK
    put_wallet(home, SELLER)
    assert run("account", "payment", "list").exit_code == ExitCode.NOT_VERIFIED


def take(run: Run, exchange: FakeExchange, node: FakeNode, details: dict[str, str]) -> None:
    """The buyer takes, and the seller locks and sends these details."""
    key = SELLER.new_trade_key(maker_context("sell", "USDT", "EUR"))
    exchange.lie = lambda trade: trade["seller"].update(encryption_key=key.public)
    options = ("--amount", "100", "--method", "sepa", "--yes")
    assert run("trade", "take", OFFER_ID, *options).exit_code == ExitCode.OK
    buyer, escrow = exchange.trade["buyer"]["encryption_key"], exchange.trade["escrow"]["id"]
    envelope = Envelope(TRADE_ID, escrow, "sepa", key.public, buyer)
    exchange.trade["sealed_payment_details"] = seal(envelope, details, key, SELLER)
    node.status = Status.LOCKED


def test_the_buyer_scans_a_code(run: Run, exchange: FakeExchange, node: FakeNode) -> None:
    take(run, exchange, node, {"account_holder": "Rosa Example", "iban": IBAN})
    done = run("trade", "details", TRADE_ID)
    assert done.exit_code == ExitCode.OK, done.stderr
    assert "█" in done.stdout
    machine = json.loads(run("trade", "details", TRADE_ID, "--json").stdout)
    assert machine["payment_code"]["kind"] == "epc"
    assert "EUR98.00" in machine["payment_code"]["text"]
    assert machine["payment_reference"] in machine["payment_code"]["text"]


def test_there_is_no_code_of_what_is_no_account(
    run: Run, exchange: FakeExchange, node: FakeNode
) -> None:
    forged = {"account_holder": "Rosa", "iban": "DE00", "payment_code": "upi://pay?pa=x"}
    take(run, exchange, node, forged)
    done = run("trade", "details", TRADE_ID)
    assert "There is no code to scan: iban" in done.stdout
    machine = json.loads(run("trade", "details", TRADE_ID, "--json").stdout)
    assert machine["payment_code"] is None


def test_a_stored_account_is_sent(
    run: Run, exchange: FakeExchange, node: FakeNode, home: Path
) -> None:
    put_wallet(home, SELLER)
    assert add_account(run).exit_code == ExitCode.OK
    assert run(*CREATE, *AMOUNTS, "--price", "0.98").exit_code == ExitCode.OK
    buyers = stage.BUYER.new_trade_key(f"take/{OFFER_ID}").public
    exchange.trade = stage.trade_body(buyers, exchange.offer["encryption_key"], "seller")
    account = exchange.sealed[0]["id"]
    done = run("trade", "details", TRADE_ID, "--account", account)
    assert done.exit_code == ExitCode.OK, done.stderr
    assert len(exchange.posts("payment-details")) == 1
    both = run("trade", "details", TRADE_ID, "--account", account, "--field", "a=b")
    assert both.exit_code == ExitCode.USAGE
    exchange.offer["payment_methods"] = ["sepa", "revolut"]
    fields = ("--field", "account_holder=Rosa", "--field", "username=@rosa")
    add = run("account", "payment", "add", "revolut", *fields)
    assert add.exit_code == ExitCode.OK, add.stderr
    other = run("trade", "details", TRADE_ID, "--account", exchange.sealed[1]["id"])
    assert other.exit_code == ExitCode.USAGE
    assert "is of revolut" in other.stderr


FILE = """direction,asset,currency,price,margin,min_amount,max_amount,payment_methods
sell,USDT,EUR,0.98,,10,500,sepa
sell,USDT,EUR,,-2,20,500,sepa
sell,DOGE,EUR,0.98,,10,500,barter
"""


def test_a_dry_run_tells_every_wrong_line_and_does_nothing(
    run: Run, exchange: FakeExchange, tmp_path: Path, home: Path
) -> None:
    file = tmp_path / "offers.csv"
    file.write_text(FILE)
    (home / "sessions.json").unlink()
    done = run("offer", "import", str(file), "--dry-run")
    assert done.exit_code == ExitCode.INCOMPLETE
    assert "line 4, asset: the exchange does not trade DOGE" in done.stdout
    assert "line 4, payment_methods: the exchange does not know barter" in done.stdout
    assert "Right offers: 2; wrong lines: 1. Nothing was done." in done.stdout
    assert exchange.posts("/v1/offers") == []


def test_a_file_is_published_once(
    run: Run, exchange: FakeExchange, tmp_path: Path, home: Path
) -> None:
    put_wallet(home, SELLER)
    file = tmp_path / "offers.csv"
    file.write_text(FILE)
    first = run("offer", "import", str(file), "--yes", "--json")
    assert first.exit_code == ExitCode.INCOMPLETE, first.stderr
    told = json.loads(first.stdout)
    assert [one["line"] for one in told["imported"]] == [2, 3]
    assert [fault["line"] for fault in told["faults"]] == [4, 4]
    again = json.loads(run("offer", "import", str(file), "--yes", "--json").stdout)
    assert (again["imported"], len(again["imported_before"])) == ([], 2)
    assert len(exchange.posts("/v1/offers")) == 2
    # A profile that forgot asks with the same key and the same body: the exchange tells it again.
    (home / "imports.json").unlink()
    assert run("offer", "import", str(file), "--yes").exit_code == ExitCode.INCOMPLETE
    posts = [one for one in exchange.sent if one.url.path == "/v1/offers" and one.method == "POST"]
    assert [one.headers["Idempotency-Key"] for one in posts[:2]] == [
        one.headers["Idempotency-Key"] for one in posts[2:]
    ]
    assert [one.content for one in posts[:2]] == [one.content for one in posts[2:]]


def test_a_line_that_is_refused_does_not_stop_the_others(
    run: Run, exchange: FakeExchange, tmp_path: Path, home: Path
) -> None:
    put_wallet(home, SELLER)
    file = tmp_path / "offers.csv"
    file.write_text(FILE.rpartition("sell,DOGE")[0])
    whole = exchange.answer

    def refuse_the_first(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/offers" and b'"min_amount":"10"' in request.content:
            body = {"type": "urn:tradepost:problem:too-many-offers", "title": "Too many."}
            return httpx.Response(409, json=body | {"status": 409})
        return whole(request)

    exchange.answer = refuse_the_first  # type: ignore[method-assign]  # it refuses one line
    done = run("offer", "import", str(file), "--yes")
    assert done.exit_code == ExitCode.INCOMPLETE
    assert "line 2, row: Too many." in done.stdout
    assert "Imported offers: 1; wrong lines: 1." in done.stdout
    exchange.answer = whole  # type: ignore[method-assign]  # it takes them all
    assert run("offer", "import", str(file), "--yes").exit_code == ExitCode.OK
    assert len(exchange.posts("/v1/offers")) == 2


def test_payment_accounts_of_a_file_are_kept_once(
    run: Run, exchange: FakeExchange, tmp_path: Path, home: Path
) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text(f"method,label,account_holder,iban\nsepa,mine,Rosa,{IBAN}\nsepa,,Rosa,DE00\n")
    dry = run("account", "payment", "import", str(file), "--dry-run")
    assert dry.exit_code == ExitCode.INCOMPLETE
    assert "line 3, iban" in dry.stdout
    for _ in range(2):
        (home / "imports.json").unlink(missing_ok=True)
        done = run("account", "payment", "import", str(file), "--yes")
        assert done.exit_code == ExitCode.INCOMPLETE, done.stderr
        assert len(exchange.sealed) == 1
        assert IBAN not in done.output


def test_a_file_that_is_none_is_a_usage_error(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "offers.csv"
    file.write_bytes(b"direction\0")
    done = run("offer", "import", str(file))
    assert done.exit_code == ExitCode.USAGE
    assert "offers.csv: line 1 has a NUL byte" in done.stderr

"""The traders' command line: what it prints where, what it asks, how it ends."""

import json
import stat
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.cli.conftest import Run, put_wallet
from tests.unit.client import stage
from tests.unit.client.stage import BUYER, OFFER_ID, SELLER, TRADE_ID, FakeExchange, FakeNode
from tradepost.entrypoints.cli.desk import ExitCode
from tradepost_client import errors
from tradepost_contracts import calls
from tradepost_contracts.state import Status

TAKE = ("trade", "take", OFFER_ID, "--amount", "100", "--method", "sepa")


def problem(status: int, slug: str) -> httpx.Response:
    body = {"type": f"urn:tradepost:problem:{slug}", "title": "It is not so.", "status": status}
    return httpx.Response(status, json=body | {"retryable": False, "left": "3"})


def test_json_is_alone_on_the_standard_output(run: Run, exchange: FakeExchange) -> None:
    done = run(*TAKE, "--yes", "--json")
    assert done.exit_code == ExitCode.OK, done.stderr
    shown = json.loads(done.stdout)
    assert shown["id"] == TRADE_ID
    assert shown["amount"] == "100.000000"
    assert shown["verified"] is True
    assert "it is held until" in done.stderr


def test_a_no_or_no_answer_does_nothing(run: Run, exchange: FakeExchange) -> None:
    for answer in ("n\n", "\n", ""):
        done = run(*TAKE, answer=answer)
        assert done.exit_code == ExitCode.DECLINED
        assert "You buy 100 USDT for 98.00 EUR by sepa" in done.stderr
        assert "0.98 EUR for one, 2 % below the market" in done.stderr
        assert "fee is 0.5 % of the coins" in done.stderr
    assert exchange.posts("/v1/trades") == []
    assert run(*TAKE, answer="y\n").exit_code == ExitCode.OK


def test_a_lie_ends_with_its_own_code(run: Run, exchange: FakeExchange, node: FakeNode) -> None:
    assert run(*TAKE, "--yes").exit_code == ExitCode.OK
    node.status = Status.LOCKED
    exchange.lie = lambda trade: trade["seller"].update(encryption_key="0c" * 32)
    for step in ("show", "details", "refund", "paid", "cancel", "watch"):
        more = ("--yes",) if step in {"refund", "paid", "cancel"} else ()
        done = run("trade", step, TRADE_ID, *more)
        assert done.exit_code == ExitCode.NOT_VERIFIED, (step, done.stderr)
        assert "Nothing was signed." in done.stderr
    assert exchange.posts("refund") == []
    assert exchange.posts("payment-sent") == []


def test_the_exchanges_refusal_is_told(run: Run, exchange: FakeExchange) -> None:
    whole = exchange.answer
    exchange.answer = (  # type: ignore[method-assign]  # this exchange refuses to be taken from
        lambda request: (
            problem(409, "price-moved") if "/v1/trades" in str(request.url) else whole(request)
        )
    )
    done = run(*TAKE, "--yes", "--json")
    assert done.exit_code == ExitCode.REFUSED
    assert done.stdout == ""
    told = json.loads(done.stderr.splitlines()[-1])
    assert told["type"] == "urn:tradepost:problem:price-moved"
    assert told["facts"] == {"left": "3"}
    assert "left: 3" in run(*TAKE, "--yes").stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ExchangeUnreachable("away"), ExitCode.UNREACHABLE),
        (errors.AnswerMalformed("strange"), ExitCode.UNREACHABLE),
        (errors.ChainUnreachable("away"), ExitCode.UNREACHABLE),
        (errors.CallReverted("TooLateToLock", {}), ExitCode.CHAIN_REFUSED),
        (errors.FundsMissing("none"), ExitCode.CHAIN_REFUSED),
        (errors.NotConfirmed("deeper"), ExitCode.NOT_VERIFIED),
        (errors.KeyNotSigned(), ExitCode.NOT_VERIFIED),
        (errors.PassphraseWrong("wrong"), ExitCode.WALLET),
        (errors.Unfinished("later"), ExitCode.UNFINISHED),
        (errors.NotYourStep("no"), ExitCode.USAGE),
        (ValueError("no"), ExitCode.USAGE),
    ],
)
def test_each_failure_has_its_code(
    error: Exception, code: ExitCode, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("tradepost.entrypoints.cli.desk.Desk.client", fail)
    done = run("offer", "mine")
    assert done.exit_code == code
    assert str(error) in done.stderr
    assert "Traceback" not in done.output


def test_a_bug_is_not_dressed_up(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("bug")

    monkeypatch.setattr("tradepost.entrypoints.cli.desk.Desk.client", fail)
    assert isinstance(run("offer", "mine").exception, KeyError)


def test_the_lock_restates_what_it_locks(
    run: Run, exchange: FakeExchange, node: FakeNode, home: Path
) -> None:
    put_wallet(home, SELLER)
    made = ("offer", "create", "sell", "USDT", "--currency", "EUR", "--price", "0.98")
    amounts = ("--min", "10", "--max", "500", "--total", "1000", "--method", "sepa", "--yes")
    assert run(*made, *amounts).exit_code == ExitCode.OK
    key = exchange.offer["encryption_key"]
    exchange.trade = stage.trade_body("b0" * 32, key, "seller")
    node.allowance = 10**9
    exchange.lie = lambda trade: trade.update(state="escrowed" if node.raw else "awaiting_escrow")
    declined = run("trade", "lock", TRADE_ID, answer="n\n")
    assert declined.exit_code == ExitCode.DECLINED
    assert f"You lock 100.5 USDT: 100 for the buyer {BUYER.address}" in declined.stderr
    assert "98.00 EUR by sepa" in declined.stderr
    assert node.raw == []
    done = run("trade", "lock", TRADE_ID, "--yes")
    assert done.exit_code == ExitCode.OK, done.stderr
    assert "lock: 2 of 2 confirmations" in done.stderr
    assert len(node.raw) == 1
    exchange.lie = lambda trade: trade["escrow"]["terms"].update(buyer=stage.STRANGER)
    assert run("trade", "lock", TRADE_ID, "--yes").exit_code == ExitCode.NOT_VERIFIED


def test_a_lock_that_is_only_signed(
    run: Run, exchange: FakeExchange, node: FakeNode, home: Path
) -> None:
    put_wallet(home, SELLER)
    made = ("offer", "create", "sell", "USDT", "--currency", "EUR", "--price", "0.98")
    amounts = ("--min", "10", "--max", "500", "--total", "1000", "--method", "sepa", "--yes")
    assert run(*made, *amounts).exit_code == ExitCode.OK
    exchange.trade = stage.trade_body("b0" * 32, exchange.offer["encryption_key"], "seller")
    node.held = 10**9

    def bring(trade: dict[str, Any]) -> None:
        brought = bool(exchange.posts("/lock"))
        if brought:
            node.status, node.since = Status.LOCKED, node.head - 9
        trade.update(state="escrowed" if brought else "awaiting_escrow")

    exchange.lie = lambda trade: trade["escrow"]["terms"].update(buyer=stage.STRANGER)
    lock = ("trade", "lock", TRADE_ID, "--relayed", "--yes")
    assert run(*lock).exit_code == ExitCode.NOT_VERIFIED
    assert exchange.posts("/lock") == []
    exchange.lie = bring
    done = run(*lock)
    assert done.exit_code == ExitCode.OK, done.stderr
    assert "What you sign for it is good until" in done.stderr
    assert "The exchange has locked it for you." in done.stderr
    (signed,) = exchange.posts("/lock")
    assert signed["way"] == "deposit"
    assert node.raw == []


def test_without_the_exchange_the_chain_is_enough(
    run: Run, exchange: FakeExchange, node: FakeNode
) -> None:
    assert run(*TAKE, "--yes").exit_code == ExitCode.OK
    node.status = Status.LOCKED
    exchange.sent.clear()
    done = run("trade", "refund", TRADE_ID, "--on-chain", "--yes", "--json")
    assert done.exit_code == ExitCode.OK, done.stderr
    assert json.loads(done.stdout)["tx_hash"].startswith("0x")
    assert exchange.sent == []
    assert len(node.raw) == 1


def test_the_session_is_kept_closely_and_never_shown(
    run: Run, exchange: FakeExchange, home: Path
) -> None:
    done = [run("account", "show"), run("account", "show", "--json"), run("offer", "mine")]
    path = home / "sessions.json"
    assert all("tp_secret" not in one.output for one in done)
    out = run("account", "logout")
    assert out.exit_code == ExitCode.OK
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "tp_secret" not in path.read_text()
    assert run("account", "show").exit_code == ExitCode.USAGE


def test_a_session_is_for_its_exchange_only(run: Run, exchange: FakeExchange) -> None:
    done = run("account", "show", "--exchange", "https://other.example")
    assert done.exit_code == ExitCode.USAGE
    assert exchange.sent == []


def test_a_plain_address_of_another_machine_is_refused(
    run: Run, home: Path, exchange: FakeExchange
) -> None:
    (home / "sessions.json").write_text('{"http://trade.lan": "tp_secret"}')
    done = run("account", "show", "--exchange", "http://trade.lan")
    assert done.exit_code == ExitCode.USAGE
    assert "TRADEPOST_INSECURE" in done.stderr
    assert exchange.sent == []


def test_the_words_of_strangers_do_not_reach_the_terminal_raw(
    run: Run, exchange: FakeExchange
) -> None:
    exchange.offer["terms"] = "a\x1b[2J\x07b\u202ec [red]d[/red]\x9b31m"
    done = run("offer", "show", OFFER_ID)
    assert "a[2Jbc [red]d[/red]31m" in done.stdout
    asked = run(*TAKE, answer="n\n")
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(done.output + asked.output)


@pytest.mark.parametrize("text", ["0", "-1", "1e3", "NaN", "inf", "x", ""])
def test_what_is_no_amount_is_a_usage_error(text: str, run: Run, exchange: FakeExchange) -> None:
    done = run("trade", "take", OFFER_ID, f"--amount={text}", "--method", "sepa", "--yes")
    assert done.exit_code == ExitCode.USAGE
    assert exchange.sent == []


def test_either_an_amount_or_money(run: Run) -> None:
    assert run("trade", "take", OFFER_ID, "--method", "sepa").exit_code == ExitCode.USAGE
    assert run(*TAKE, "--fiat", "98").exit_code == ExitCode.USAGE


def test_all_or_nothing_can_be_the_buyers_share(
    run: Run, exchange: FakeExchange, node: FakeNode
) -> None:
    assert run(*TAKE, "--yes").exit_code == ExitCode.OK
    node.status = Status.LOCKED
    for share in ("0", "0.00", "100"):
        assert run("trade", "settle", TRADE_ID, share, "--yes").exit_code == ExitCode.OK
    assert run("trade", "settle", TRADE_ID, "101", "--yes").exit_code == ExitCode.USAGE
    assert [post["buyer_amount"] for post in exchange.posts("settlement")] == ["0", "0", "100"]


def test_an_offer_of_a_share_is_open_for_days(
    run: Run, exchange: FakeExchange, node: FakeNode
) -> None:
    assert run(*TAKE, "--yes").exit_code == ExitCode.OK
    node.status = Status.LOCKED
    for days in ((), ("--days", "1")):
        assert run("trade", "settle", TRADE_ID, "5", *days, "--yes").exit_code == ExitCode.OK
    for wrong in ("0", "30"):
        done = run("trade", "settle", TRADE_ID, "5", "--days", wrong, "--yes")
        assert done.exit_code == ExitCode.USAGE
    rests = [post["valid_until"] - node.time for post in exchange.posts("settlement")]
    assert rests == [7 * 86_400, 86_400]


def test_some_or_all_of_a_balance_is_drawn(run: Run, node: FakeNode) -> None:
    node.held = 2_500_000
    balances = json.loads(run("wallet", "balance", "--json").stdout)["balances"]
    assert [row["in_contract"] for row in balances if row["asset"] == "USDT"] == ["2.500000"]
    for amount, minor in (((), 2_500_000), (("0.7",), 700_000), (("2.5",), 2_500_000)):
        done = run("wallet", "withdraw", "USDT", *amount, "--yes", "--json")
        assert done.exit_code == ExitCode.OK, done.output
        assert Decimal(json.loads(done.stdout)["amount"]).scaleb(6) == minor
        assert calls.withdraw(stage.TOKEN, minor, BUYER.address).hex() in node.raw[-1]
    for wrong in ("2.500001", "0.0000001"):
        done = run("wallet", "withdraw", "USDT", wrong, "--yes")
        assert done.exit_code == ExitCode.USAGE, done.output
    node.held = 0
    assert run("wallet", "withdraw", "USDT", "--yes").exit_code == ExitCode.USAGE
    assert len(node.raw) == 3


def test_payment_details_take_name_and_value(run: Run) -> None:
    done = run("trade", "details", TRADE_ID, "--field", "iban")
    assert done.exit_code == ExitCode.USAGE


def test_a_wallet_is_imported_and_its_key_never_shown(run: Run, home: Path, tmp_path: Path) -> None:
    (home / "wallet.json").unlink()
    assert run("wallet", "show").exit_code == ExitCode.WALLET
    file = tmp_path / "key.txt"
    file.write_text("0x" + SELLER.key.hex() + "\n")
    done = run("wallet", "import", "--key-file", str(file), "--json")
    assert done.exit_code == ExitCode.OK, done.stderr
    assert json.loads(done.stdout)["address"] == SELLER.address
    assert SELLER.key.hex() not in done.output
    assert stat.S_IMODE((home / "wallet.json").stat().st_mode) == 0o600
    again = run("wallet", "create")
    assert again.exit_code == ExitCode.WALLET
    assert "already" in again.stderr


@pytest.mark.parametrize("key", ["nonsense", "00" * 32, "11" * 31])
def test_a_key_that_is_none_is_not_imported(key: str, run: Run, home: Path) -> None:
    (home / "wallet.json").unlink()
    done = run("wallet", "import", "--key-file", "-", answer=key)
    assert done.exit_code == ExitCode.WALLET
    assert not (home / "wallet.json").exists()


def test_a_wrong_passphrase_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEPOST_WALLET_PASSPHRASE", "something else")
    assert run(*TAKE, "--yes").exit_code == ExitCode.WALLET
    monkeypatch.delenv("TRADEPOST_WALLET_PASSPHRASE")
    done = run(*TAKE, "--yes")
    assert done.exit_code == ExitCode.USAGE
    assert "TRADEPOST_WALLET_PASSPHRASE" in done.stderr


def test_balances_are_the_chains(run: Run, node: FakeNode) -> None:
    done = run("wallet", "balance", "--json")
    assert done.exit_code == ExitCode.OK, done.stderr
    shown = json.loads(done.stdout)
    assert shown["address"] == BUYER.address
    assert [row["balance"] for row in shown["balances"]] == [
        "100.000000000000000000",
        "1000000.000000",
    ]

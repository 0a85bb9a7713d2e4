"""A fake exchange and a fake node for the client's tests; both can be made to lie."""

import json
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

import httpx
from eth_abi.abi import decode, encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from tradepost.payments.http.methods import MethodAnswer, SignedAnswer
from tradepost_client import (
    AsyncChain,
    AsyncClient,
    AsyncTrader,
    Notebook,
    Retries,
    Wallet,
    keysigning,
)
from tradepost_contracts import artifacts
from tradepost_contracts.state import Status
from tradepost_contracts.terms import Terms, escrow_id
from tradepost_payments.registry import builtin

CHAIN_ID = 31337
CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
OTHER_CONTRACT = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
TOKEN = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0"
ARBITRATOR = "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f"
STRANGER = to_checksum_address("0x" + "77" * 20)
FEE_RECIPIENT = to_checksum_address("0x" + "fe" * 20)
OFFER_ID = "0193579a-3b20-7f13-b6d8-4c5d6e7f8091"
TRADE_ID = "0193579a-4444-7f13-b6d8-4c5d6e7f8091"
OTHER_TRADE_ID = "0193579a-5555-7f13-b6d8-4c5d6e7f8091"
PERSON_ID = "0193579a-1c3e-7c4b-9f0a-2b1d6f8e4a10"
AT = "2026-11-23T05:00:00Z"
#: The selector of `isValidSignature`, which is its yes, too.
EIP1271 = "0x1626ba7e"
LANE = 0x7A11_DE11_4E55
CHAIN_TIME = 1_795_410_000
SELLER = Wallet(bytes.fromhex("51" * 32))
BUYER = Wallet(bytes.fromhex("42" * 32))
NO_PAUSE = Retries(tries=3, first_s=0.0, longest_s=0.0)

EXCHANGE: dict[str, Any] = {
    "name": "Tradepost",
    "version": "0.1.0",
    "server_now": AT,
    "chain": {
        "chain_id": CHAIN_ID,
        "escrow_address": CONTRACT,
        "confirmations": 2,
        "block_number": 100,
        "block_time": AT,
    },
    "assets": [
        {"code": "ETH", "decimals": 18, "token": None},
        {"code": "USDT", "decimals": 6, "token": TOKEN},
    ],
    "currencies": [{"code": "EUR", "name": "Euro", "decimals": 2}],
    "fee_bps": 50,
    "fee_recipient": FEE_RECIPIENT,
    "arbitrator": ARBITRATOR,
    "challenge_window_s": 86400,
    "release_window_s": 86400,
    "development": True,
}

OFFER: dict[str, Any] = {
    "id": OFFER_ID,
    "version": 1,
    "state": "active",
    "maker": {"id": PERSON_ID, "name": "rosa"},
    "direction": "sell",
    "asset": "USDT",
    "currency": "EUR",
    "pricing": "fixed",
    "price": "0.98",
    "premium_bps": -200,
    "margin_bps": None,
    "limit_price": None,
    "price_source": None,
    "amount_unit": "asset",
    "min_amount": "10.000000",
    "max_amount": "500.000000",
    "total_amount": "1000.000000",
    "remaining_amount": "1000.000000",
    "shares_coins": False,
    "funded": False,
    "payment_methods": ["sepa"],
    "country": None,
    "terms": "Own account only.",
    "funding_window_s": 1800,
    "payment_window_s": 3600,
    "visibility": "public",
    "min_trades": 0,
    "min_account_age_days": 0,
    "first_trade_limit": None,
    "taker_countries": [],
    "working_hours": None,
    "closes_at": None,
    "created_at": AT,
    "updated_at": AT,
}

MARKET: dict[str, Any] = {
    "price": "1",
    "as_of": AT,
    "valid_until": "2026-11-23T05:02:00Z",
    "development": True,
}
#: What 100 coins of `OFFER` cost.
QUOTE: dict[str, Any] = {
    "price": "0.98",
    "premium_bps": -200,
    "amount": "100.000000",
    "fiat_amount": "98.00",
    "rounded_for": "seller",
    "held_until": "2026-11-23T05:01:00Z",
    "hold": "a held price",
    "market": MARKET,
}

PRICE: dict[str, Any] = {
    "asset": "USDT",
    "currency": "EUR",
    "spread_bps": 7,
    "crossed_over": None,
    "age_s": 8,
    "sources": [
        {
            "name": "kraken",
            "pair": "USDT/EUR",
            "price": "1",
            "at": AT,
            "used": True,
            "why_not": None,
        }
    ],
    **MARKET,
}
FACETS: dict[str, Any] = {
    "total": 3,
    "complete": True,
    "funded": 1,
    "payment_methods": {"sepa": 3, "revolut": 1},
    "countries": {"DE": 2},
    "assets": {"USDT": 3},
    "currencies": {"EUR": 3},
    "directions": {"sell": 3},
}
SAVED: dict[str, Any] = {
    "id": OTHER_TRADE_ID,
    "name": "Dollars",
    "direction": "sell",
    "asset": "USDT",
    "currency": "EUR",
    "amount": None,
    "fiat_amount": "250.00",
    "payment_method": ["sepa"],
    "country": None,
    "maker": None,
    "created_at": AT,
}


_MARKET = (
    "/v1/markets",
    "/v1/payment-",
    "/v1/prices",
    "/v1/saved-",
    "/v1/my/",
    "/v1/offers/facets",
)


@cache
def methods() -> list[dict[str, Any]]:
    """The payment methods as the exchange tells them."""
    known = builtin()
    told = (MethodAnswer.of(one, known, "en") for one in known.methods.values())
    return [one.model_dump(mode="json") for one in told]


@cache
def signed_registry() -> dict[str, Any]:
    """The registry as it was signed."""
    signed_by = SignedAnswer.of(builtin()).model_dump()
    return {**signed_by, "signed": builtin().signed.decode()}


_FIXED = {"pricing": "fixed", "margin_bps": None, "price_source": None, "limit_price": None}


def floating(**changes: Any) -> dict[str, Any]:
    """What an offer says of a price that is 2 % below the market's."""
    follows = {"pricing": "floating", "margin_bps": -200, "price_source": "index"}
    return follows | {"price": "0.98", "limit_price": None} | changes


def trade_body(buyer_key: str, seller_key: str, role: str = "buyer") -> dict[str, Any]:
    """An honest trade of 100 USDT at 0.98, made from `OFFER`, with a correct escrow id."""
    body: dict[str, Any] = {
        "id": TRADE_ID,
        "offer_id": OFFER_ID,
        "state": "awaiting_escrow",
        "asset": "USDT",
        "currency": "EUR",
        "amount": "100.000000",
        "fee": "0.500000",
        "fiat_amount": "98.00",
        "price": "0.98",
        "payment_method": "sepa",
        "maker": "seller",
        "buyer": {
            "id": PERSON_ID,
            "name": None,
            "wallet": BUYER.address,
            "encryption_key": buyer_key,
            "key_signature": keysigning.sign(buyer_key, BUYER),
        },
        "seller": {
            "id": PERSON_ID,
            "name": "rosa",
            "wallet": SELLER.address,
            "encryption_key": seller_key,
            "key_signature": keysigning.sign(seller_key, SELLER),
        },
        "arbitrator": ARBITRATOR,
        "sealed_payment_details": None,
        "terms": "Own account only.",
        "escrow": {
            "chain_id": CHAIN_ID,
            "contract": CONTRACT,
            "state": "none",
            "confirmations": 0,
            "confirmations_needed": 2,
            "tx_hash": None,
            "terms": {
                "seller": SELLER.address,
                "buyer": BUYER.address,
                "arbitrator": ARBITRATOR,
                "token": TOKEN,
                "amount": "100000000",
                "fee": "500000",
                "fee_recipient": FEE_RECIPIENT,
                "fund_by": CHAIN_TIME + 1800,
                "payment_window": 3600,
                "challenge_window": 86400,
                "lane": str(LANE),
            },
            "paid_on_chain": False,
            "cancel_at": None,
        },
        "settlements": [],
        "created_at": AT,
        "funding_deadline": AT,
        "payment_deadline": None,
        "viewer": {
            "role": role,
            "primary_action": None,
            "allowed_actions": [],
            "deadline_at": None,
            "deadline_effect": None,
            "server_now": AT,
            "chain_now": AT,
        },
    }
    return with_id(body)


def with_id(body: dict[str, Any]) -> dict[str, Any]:
    """The trade with the escrow id that its terms have: a liar computes it, too."""
    shown = body["escrow"]["terms"]
    numbers = ("amount", "fee", "lane")
    terms = Terms(**{**shown, **{name: int(shown[name]) for name in numbers}})
    found = escrow_id(terms, body["escrow"]["chain_id"], body["escrow"]["contract"])
    body["escrow"]["id"] = "0x" + found.hex()
    return body


def _selector(name: str) -> str:
    for entry in artifacts.ESCROW.abi:
        if entry["type"] == "function" and entry["name"] == name:
            fields = ",".join(part["type"] for part in entry["inputs"][0]["components"])
            return f"0x{keccak(text=f'{name}(({fields}))')[:4].hex()}"
    raise AssertionError(name)


BALANCE_OF = f"0x{keccak(text='balanceOf(address,address)')[:4].hex()}"
#: Of a function that takes an escrow's terms.
STATE_OF = _selector("stateOf")


class FakeExchange:
    """Answers what is put into it, and keeps what was sent to it."""

    def __init__(self) -> None:
        self.exchange = deepcopy(EXCHANGE)
        self.offer = deepcopy(OFFER)
        self.quote = deepcopy(QUOTE)
        self.sealed: list[dict[str, Any]] = []
        self.trade: dict[str, Any] = {}
        self.wallets: list[str] = []
        #: Its answers about its own markets, by the rest of the path.
        self.markets: dict[str, Any] = {}
        self.sent: list[httpx.Request] = []
        #: Lies: what is done to a trade before it is shown.
        self.lie: Callable[[dict[str, Any]], Any] = lambda trade: None

    def client(self) -> AsyncClient:
        """A client of this exchange."""
        return AsyncClient(
            "http://127.0.0.1:8000",
            token="tp_secret",
            retries=NO_PAUSE,
            transport=httpx.MockTransport(self.answer),
        )

    def posts(self, end: str) -> list[dict[str, Any]]:
        """The bodies of the POSTs to paths that end so."""
        return [
            json.loads(request.content)
            for request in self.sent
            if request.method == "POST" and request.url.path.endswith(end)
        ]

    def answer(self, request: httpx.Request) -> httpx.Response:
        """What the exchange answers."""
        self.sent.append(request)
        path, posted = request.url.path, request.method == "POST"
        body = json.loads(request.content) if request.content else {}
        if path == "/v1/exchange":
            return httpx.Response(200, json=self.exchange)
        if path == "/v1/time":
            return httpx.Response(200, json={"now": AT})
        if path == "/v1/nonces":
            return httpx.Response(201, json={"nonce": "0" * 32, "expires_at": AT})
        if path == "/v1/account" or path == "/v1/account/wallets":
            if posted:
                self.wallets.append(body["message"].splitlines()[1])
            return httpx.Response(200, json=self._account())
        if path == "/v1/offers" and posted:
            prices = _FIXED if "price" in body else floating()
            self.offer = {**self.offer, **prices, **body}
            self.offer["shares_coins"] = self.offer.pop("shares_coins_with", None) is not None
            return httpx.Response(201, json=self.offer)
        if path.endswith("/quote"):
            return httpx.Response(200, json=self.quote)
        if path == "/v1/offers":
            page = {"data": [self.offer], "next_cursor": None, "market": MARKET}
            return httpx.Response(200, json=page)
        if path.startswith(_MARKET):
            status, told = self._told(request.method, path, body)
            return httpx.Response(status, json=told) if told else httpx.Response(status)
        if path.startswith("/v1/offers/"):
            return httpx.Response(200, json=self.offer)
        if path == "/v1/trades" and posted:
            self.trade = trade_body(body["encryption_key"], "5e" * 32)
            self.trade["payment_method"] = body["payment_method"]
            self.trade["buyer"]["key_signature"] = body["key_signature"]
        return httpx.Response(200, json=self._shown())

    def _told(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        place, last = path.removeprefix("/v1/"), path.rpartition("/")[2]
        if place.startswith("markets"):
            return 200, self.markets[place.removeprefix("markets")]
        if method == "GET":
            return 200, self._shows(place, last)
        if place == "payment-accounts":
            number = len(self.sealed) + 1
            dates = {"created_at": AT, "updated_at": AT}
            kept = {"id": f"0193579a-0000-7f13-b6d8-{number:012}", "version": 1, **body, **dates}
            self.sealed.append(kept)
            return 201, kept
        if place.startswith("payment-accounts/"):
            return self._change(method, last, body)
        return (201, {**SAVED, **body}) if method == "POST" else (204, None)

    def _shows(self, place: str, last: str) -> Any:
        """What it shows at a place."""
        point = {"at": AT, "price": "1.01", "development": True}
        shown: dict[str, Any] = {
            "payment-methods": {"data": methods(), "next_cursor": None},
            "payment-methods/registry": signed_registry(),
            "payment-accounts": {"data": self.sealed},
            "offers/facets": FACETS,
            "my/offers": {"data": [self.offer], "next_cursor": None},
            "my/partners": {"data": [self.offer["maker"]]},
            "my/partners/offers": {"data": [self.offer], "next_cursor": None},
            "saved-searches": {"data": [SAVED]},
            "prices": {"data": [PRICE], "next_cursor": None},
            "prices/USDT/EUR": PRICE,
            "prices/USDT/EUR/history": {"data": [point], "next_cursor": None},
        }
        if place in shown:
            return shown[place]
        named = {one["code"]: one for one in methods()} | {one["id"]: one for one in self.sealed}
        return named[last]

    def _change(self, method: str, account_id: str, body: dict[str, Any]) -> tuple[int, Any]:
        (kept,) = (one for one in self.sealed if one["id"] == account_id)
        if method == "DELETE":
            self.sealed.remove(kept)
            return 204, None
        kept |= {**body, "version": kept["version"] + 1}
        return 200, kept

    def _shown(self) -> dict[str, Any]:
        shown = deepcopy(self.trade)
        self.lie(shown)
        return shown

    def _account(self) -> dict[str, Any]:
        return {
            "id": PERSON_ID,
            "name": None,
            "roles": ["trader"],
            "wallets": self.wallets,
            "created_at": AT,
        }


class FakeNode:
    """A node of JSON-RPC with one escrow contract and one token."""

    def __init__(self) -> None:
        self.chain_id = CHAIN_ID
        self.code = {CONTRACT: artifacts.ESCROW.runtime_code}
        self.decimals = 6
        self.head = 100
        self.time = CHAIN_TIME
        self.balance = 10**20
        self.tokens = 10**12
        self.allowance = 0
        #: What a wallet has in the escrow contract.
        self.held = 0
        self.status = Status.NONE
        #: The block in which the escrow came to `status`.
        self.since = 50
        #: The digest and the signature that a contract wallet takes as its own (EIP-1271).
        self.signed: tuple[bytes, bytes] | None = None
        self.calls: list[str] = []
        self.raw: list[str] = []

    def chain(self) -> AsyncChain:
        """A client of this node."""
        return AsyncChain(
            "http://127.0.0.1:8545",
            poll_s=0.0,
            retries=NO_PAUSE,
            transport=httpx.MockTransport(self.answer),
        )

    def answer(self, request: httpx.Request) -> httpx.Response:
        """What the node answers."""
        asked = json.loads(request.content)
        self.calls.append(asked["method"])
        result = self._result(asked["method"], asked["params"])
        return httpx.Response(200, json={"jsonrpc": "2.0", "id": 1, "result": result})

    def _result(self, method: str, params: list[Any]) -> Any:
        if method == "eth_getCode":
            return "0x" + self.code.get(params[0], b"").hex()
        if method == "eth_getBlockByNumber":
            numbers = {"number": self.head, "timestamp": self.time, "baseFeePerGas": 10}
            return {name: hex(value) for name, value in numbers.items()}
        if method == "eth_call":
            return "0x" + self._view(params[0]["data"], params[1]).hex()
        if method == "eth_sendRawTransaction":
            self.raw.append(params[0])
            self.status, self.since = Status.LOCKED, self.head
            return "0x" + "11" * 32
        if method == "eth_getTransactionReceipt":
            self.head += 1
            numbers = {
                "blockNumber": self.since,
                "status": 1,
                "gasUsed": 21000,
                "effectiveGasPrice": 10,
            }
            shown = {name: hex(value) for name, value in numbers.items()}
            return {**shown, "from": SELLER.address}
        numbers = {
            "eth_chainId": self.chain_id,
            "eth_getBalance": self.balance,
            "eth_getTransactionCount": 0,
            "eth_estimateGas": 50_000,
            "eth_maxPriorityFeePerGas": 1,
        }
        return hex(numbers[method])

    def _view(self, data: str, block: str) -> bytes:
        selector = data[:10]
        if selector == STATE_OF:
            past = block.startswith("0x") and int(block, 16) < self.since
            status = Status.NONE if past else self.status
            time = 0 if status is Status.NONE else CHAIN_TIME
            return encode(["uint8", "uint40", "bool"], [status, time, False])
        if selector == EIP1271:
            asked = decode(["bytes32", "bytes"], bytes.fromhex(data[10:]))
            agrees = asked == self.signed
            return (bytes.fromhex(EIP1271[2:]) if agrees else b"\xff" * 4).ljust(32, b"\0")
        numbers = {"0x313ce567": self.decimals, "0x70a08231": self.tokens, BALANCE_OF: self.held}
        return numbers.get(selector, self.allowance).to_bytes(32, "big")


def trader(
    exchange: FakeExchange, node: FakeNode, wallet: Wallet, notebook: Notebook | None = None
) -> AsyncTrader:
    """A trader on both."""
    return AsyncTrader(exchange.client(), node.chain(), wallet, notebook)

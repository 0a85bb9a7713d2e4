"""The exchange's node, asked through its API: what a wallet without one can see and send."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from tests import worlds
from tests.integration.identity.test_account import bearer, opened
from tradepost.entrypoints.dev.chain import DevChain
from tradepost.entrypoints.http import build
from tradepost.kernel.settings import Settings
from tradepost_client import Wallet

PATH = "/v1/chain/calls"
#: Two contracts: one reverts with Error("no"), one burns what gas it gets.
REVERTS = "0x" + "11" * 20
ERROR = "0x08c379a0" + "20".zfill(64) + "2".zfill(64) + b"no".hex().ljust(64, "0")


@dataclass
class Relay:
    """An exchange over a chain, and one who asks it."""

    app: FastAPI
    api: httpx.AsyncClient
    node: DevChain
    settings: Settings

    async def ask(self, method: str, *params: Any, **headers: str) -> httpx.Response:
        """A call, with these headers."""
        body = {"method": method, "params": list(params)}
        return await self.api.post(PATH, json=body, headers=headers)

    async def good(self, method: str, *params: Any) -> Any:
        """What a call without a token answers, which has to be good."""
        response = await self.ask(method, *params)
        assert response.status_code == 200, response.text
        assert response.headers["Cache-Control"] == "no-store"
        assert response.json().keys() == {"result"}
        return response.json()["result"]

    async def signed_in(self) -> dict[str, str]:
        """Headers of a new account that may do everything."""
        return bearer(await opened(self.app.state.database, self.settings))

    def funded(self) -> Wallet:
        """A wallet with coins."""
        wallet = Wallet.create()
        self.node.rpc("anvil_setBalance", wallet.address, hex(10**18))
        return wallet

    def signed(self, wallet: Wallet, value: int = 1, nonce: int = 0) -> str:
        """A transaction that nobody has sent."""
        raw = wallet.sign_transaction(
            {
                "type": 2,
                "chainId": 31337,
                "nonce": nonce,
                "to": "0x" + "22" * 20,
                "value": value,
                "gas": 21_000,
                "maxFeePerGas": 10**11,
                "maxPriorityFeePerGas": 10**9,
            }
        )
        return "0x" + raw.hex()


@pytest.fixture
async def relay(database_url: str, chain: DevChain) -> AsyncIterator[Relay]:
    """The API over a chain of its own, on which one contract always reverts."""
    # Copies Error("no") into memory, word by word, and reverts with it.
    words = [ERROR[2:][at : at + 64].ljust(64, "0") for at in range(0, len(ERROR) - 2, 64)]
    code = "".join(f"7f{word}60{at * 32:02x}52" for at, word in enumerate(words))
    chain.rpc("anvil_setCode", REVERTS, f"0x{code}60{(len(ERROR) - 2) // 2:02x}5ffd")
    settings = worlds.settings(database_url, chain.url)
    app = build(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000"
        ) as api,
    ):
        await worlds.pretend_to_follow(app.state.database)
        yield Relay(app, api, chain, settings)


async def test_everybody_sees_what_the_chain_says(relay: Relay) -> None:
    wallet = relay.funded()
    assert await relay.good("eth_chainId") == "0x7a69"
    assert await relay.good("eth_getBalance", wallet.address, "latest") == hex(10**18)
    assert await relay.good("eth_getTransactionCount", wallet.address) == "0x0"
    assert await relay.good("eth_getCode", wallet.address) == "0x"
    assert (await relay.good("eth_getCode", REVERTS)).startswith("0x7f")
    assert int(await relay.good("eth_gasPrice"), 16) > 0
    assert int(await relay.good("eth_maxPriorityFeePerGas"), 16) >= 0
    number = await relay.good("eth_blockNumber")
    block = await relay.good("eth_getBlockByNumber", number)
    assert (block["number"], block["hash"][:2]) == (number, "0x")
    assert await relay.good("eth_getBlockByNumber", "0xffffff", False) is None
    fees = await relay.good("eth_feeHistory", "0x1", "latest", [50])
    assert fees["baseFeePerGas"]
    transfer = {"from": wallet.address, "to": wallet.address, "value": "0x1"}
    assert int(await relay.good("eth_estimateGas", transfer), 16) >= 21_000
    assert await relay.good("eth_call", transfer) == "0x"
    at = {"blockHash": block["hash"], "requireCanonical": True}
    assert await relay.good("eth_getBalance", wallet.address, at) is not None
    assert await relay.good("eth_getTransactionReceipt", "0x" + "9f" * 32) is None


async def test_a_signed_transaction_is_sent_for_who_may_trade(relay: Relay) -> None:
    wallet, headers = relay.funded(), await relay.signed_in()
    raw = relay.signed(wallet)
    sent = await relay.ask("eth_sendRawTransaction", raw, **headers)
    assert sent.status_code == 200, sent.text
    tx_hash = sent.json()["result"]
    relay.node.rpc("anvil_mine", "0x1")
    receipt = await relay.good("eth_getTransactionReceipt", tx_hash)
    assert (receipt["status"], receipt["from"]) == ("0x1", wallet.address.lower())
    assert (await relay.good("eth_getTransactionByHash", tx_hash))["hash"] == tx_hash
    # Whoever did not hear the answer sends it again, mined or not.
    again = await relay.ask("eth_sendRawTransaction", raw, **headers)
    assert again.json() == sent.json()
    assert await relay.good("eth_getTransactionCount", wallet.address) == "0x1"


async def test_one_that_waits_is_sent_again_without_a_word(relay: Relay) -> None:
    wallet, headers = relay.funded(), await relay.signed_in()
    relay.node.rpc("evm_setAutomine", False)
    raw = relay.signed(wallet)
    first = await relay.ask("eth_sendRawTransaction", raw, **headers)
    second = await relay.ask("eth_sendRawTransaction", raw, **headers)
    assert (first.status_code, second.json()) == (200, first.json())


async def test_nobody_sends_without_the_scope_of_trades(relay: Relay) -> None:
    wallet = relay.funded()
    raw = relay.signed(wallet)
    assert (await relay.ask("eth_sendRawTransaction", raw)).status_code == 401
    owner = await relay.signed_in()
    made = await relay.api.post(
        "/v1/tokens",
        json={
            "label": "reader",
            "scopes": ["trades:read", "account:write"],
            "expires_in_s": 3600,
        },
        headers=owner,
    )
    lesser = {"Authorization": f"Bearer {made.json()['token']}"}
    refused = await relay.ask("eth_sendRawTransaction", raw, **lesser)
    assert (refused.status_code, refused.json()["scope"]) == (403, "trades:write")
    # He may look, as everybody may; who is not signed in should not believe that he is.
    assert (await relay.ask("eth_chainId", **lesser)).status_code == 200
    wrong = {"Authorization": "Bearer tp_" + "A" * 43}
    assert (await relay.ask("eth_chainId", **wrong)).status_code == 401
    assert await relay.good("eth_getTransactionCount", wallet.address, "pending") == "0x0"


@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas"])
async def test_a_revert_is_told_with_its_data(relay: Relay, method: str) -> None:
    refused = await relay.ask(method, {"to": REVERTS, "data": "0x"})
    problem = refused.json()
    assert (refused.status_code, problem["type"]) == (422, "urn:tradepost:problem:node-refused")
    assert (problem["code"], problem["data"], problem["retryable"]) == (3, ERROR, False)
    assert "revert" in problem["message"]


async def test_a_transaction_that_the_chain_does_not_take_is_refused(relay: Relay) -> None:
    headers = await relay.signed_in()
    poor = Wallet.create()
    refused = await relay.ask("eth_sendRawTransaction", relay.signed(poor), **headers)
    problem = refused.json()
    assert (refused.status_code, problem["data"]) == (422, None)
    assert "nsufficient funds" in problem["message"]
    wallet = relay.funded()
    assert (
        await relay.ask("eth_sendRawTransaction", relay.signed(wallet), **headers)
    ).status_code == 200
    relay.node.rpc("anvil_mine", "0x1")
    # Another transaction with the same nonce is not the one that was mined.
    other = await relay.ask("eth_sendRawTransaction", relay.signed(wallet, value=2), **headers)
    assert (other.status_code, "nonce" in other.json()["message"]) == (422, True)
    noise = await relay.ask("eth_sendRawTransaction", "0x" + "02" * 50, **headers)
    assert noise.status_code == 422


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("anvil_setBalance", ["0x" + "22" * 20, "0x1"]),
        ("evm_mine", []),
        ("eth_sendTransaction", [{"from": "0x" + "22" * 20}]),
        ("eth_sign", ["0x" + "22" * 20, "0x00"]),
        ("eth_accounts", []),
        ("eth_getLogs", [{}]),
        ("debug_traceCall", [{}, "latest", {}]),
        ("personal_unlockAccount", []),
        ("eth_call", [{"to": REVERTS}, "latest", {REVERTS: {"code": "0x00"}}]),
        ("eth_getBlockByNumber", ["latest", True]),
        ("ETH_CHAINID", []),
        ("eth_chainId ", []),
        ("eth_chainId", ["0x1"]),
        ("eth_getBalance", ["rosa"]),
    ],
)
async def test_nothing_else_reaches_the_node(relay: Relay, method: str, params: list[Any]) -> None:
    class Watched:
        async def ask(self, method: str, params: Any) -> Any:
            raise AssertionError(method)

    headers = await relay.signed_in()
    node, relay.app.state.node = relay.app.state.node, Watched()
    try:
        refused = await relay.ask(method, *params, **headers)
    finally:
        relay.app.state.node = node
    assert (refused.status_code, refused.json()["type"]) == (
        422,
        "urn:tradepost:problem:malformed-request",
    )


async def test_a_call_costs_what_it_costs_the_node(database_url: str, chain: DevChain) -> None:
    settings = worlds.settings(database_url, chain.url).model_copy(
        update={"limit_address": "6/3600 burst 100"}
    )
    app = build(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000"
        ) as api,
    ):

        async def left(method: str, *params: Any) -> int:
            answer = await api.post(PATH, json={"method": method, "params": params})
            assert answer.status_code == 200, answer.text
            return int(answer.headers["RateLimit"].split("r=")[1].split(";")[0])

        call = {"to": REVERTS, "data": "0x"}
        assert await left("eth_chainId") == 99
        assert await left("eth_call", call) == 94
        assert await left("eth_estimateGas", call) == 84
        for _ in range(8):
            await left("eth_estimateGas", call)
        beyond = await api.post(PATH, json={"method": "eth_call", "params": [call]})
        assert (beyond.status_code, beyond.json()["violated-policies"]) == (429, ["address"])


async def test_a_key_of_idempotency_is_not_asked_for_and_does_no_harm(relay: Relay) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first = await relay.ask("eth_chainId", **key)
    second = await relay.ask("eth_blockNumber", **key)
    assert (first.status_code, second.status_code) == (200, 200)
    assert "Idempotent-Replayed" not in second.headers

"""For each operation of the API a request that it answers well: who asks, where, and for what.

No fuzzer guesses a signature. Here players sign, trade and hand over what an operation needs, so
that the tests reach what lies behind all the refusals. Every request comes with players and things
of its own: a test may send it once, many times, or as somebody else first.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import uuid4

from tests.faults.arena import SEALED, Arena
from tests.faults.deals import Deal, Player, body_of
from tests.integration.push.device import Device
from tests.ways import RELAYED, Way
from tradepost.identity import service as identity
from tradepost.kernel.access import Role
from tradepost.kernel.clock import system_clock
from tradepost_client import Wallet, signin

#: An address of everybody's, so that no name is looked up; nothing is sent, without a worker.
HOOK = "https://93.184.215.14/hook"
PASSPHRASE = "lantern orbit velvet quarry"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that is going to be answered well; `None` as `player` is anybody."""

    player: Player | None = None
    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    #: Who is on the other side of the trade that this is about.
    other: Player | None = None
    #: What nobody but those two is ever told.
    secrets: tuple[str, ...] = ()


Make = Callable[[Arena], Awaitable[Ask]]


# --- what requests are about -----------------------------------------------------------------


async def newcomer(arena: Arena, *, sells: bool = False) -> Player:
    """A player whom nobody else has to do with."""
    wallet = arena.stage.funded() if sells else Wallet.create()
    proof = await _proof(arena, wallet)
    # By bare requests: a client of his own for each of hundreds would take most of the time.
    session = await arena.http.post("/v1/sessions", json=proof)
    assert session.status_code == 201, session.text
    token = session.json()["token"]["token"]
    account_id = session.json()["account"]["id"]
    player = Player(arena, wallet, token, account_id, sells=sells)
    arena.guests.append(player)
    return player


async def traded(arena: Arena, way: Way | None = None) -> Deal:
    """A trade between two newcomers, of whom the seller made the offer."""
    asset = "ETH" if way is None else way.asset
    seller, buyer = await newcomer(arena, sells=True), await newcomer(arena)
    offer_id = await arena.publish(seller, asset)
    # Nobody takes an offer on a chain that was not looked at for a minute.
    await arena.follow()
    taken = await arena.take(buyer, offer_id, asset)
    assert taken.status_code == 201, taken.text
    return arena.deal(taken.json())


async def locked(arena: Arena) -> Deal:
    """The same, with the coins locked."""
    deal = await traded(arena)
    deal.lock()
    await arena.settle_down(1)
    return deal


async def paid(arena: Arena) -> Deal:
    """The same, and the buyer says that he paid."""
    deal = await locked(arena)
    await deal.do(deal.seller, "payment-details", {"sealed": SEALED})
    await deal.payment_sent()
    return deal


async def completed(arena: Arena) -> Deal:
    """The same, to its end."""
    deal = await paid(arena)
    await deal.release()
    await arena.settle_down()
    assert await deal.state() == "completed"
    return deal


async def made(player: Player, path: str, body: Any = None) -> Any:
    """What a POST of his answers, which has to be good."""
    answer = await player.post(path, body)
    assert answer.is_success, answer.text
    return answer.json()


async def _proof(arena: Arena, wallet: Wallet) -> dict[str, str]:
    nonce = (await arena.http.post("/v1/nonces")).json()["nonce"]
    url = str(arena.http.base_url).rstrip("/")
    message = signin.message(url, wallet.address, 31337, nonce, system_clock())
    return {"message": message, "signature": wallet.sign_text(message)}


# --- requests ---------------------------------------------------------------------------------


def _public(**asked: Any) -> Make:
    async def make(_: Arena) -> Ask:
        return Ask(**asked)

    return make


def _own(body: Any = None, **query: Any) -> Make:
    """Of a newcomer about himself."""

    async def make(arena: Arena) -> Ask:
        return Ask(await newcomer(arena), body=body, query=query)

    return make


def _account(name: str) -> dict[str, str]:
    return {"name": name, "passphrase": PASSPHRASE}


async def _create_account(_: Arena) -> Ask:
    return Ask(body=_account(f"rosa{uuid4().hex[:12]}"))


async def _create_session(arena: Arena) -> Ask:
    body = _account(f"rosa{uuid4().hex[:12]}")
    assert (await arena.http.post("/v1/accounts", json=body)).status_code == 201
    return Ask(body=body)


async def _add_wallet(arena: Arena) -> Ask:
    return Ask(await newcomer(arena), body=await _proof(arena, Wallet.create()))


async def _revoke_token(arena: Arena) -> Ask:
    player = await newcomer(arena)
    body = {"label": "bot", "scopes": ["offers:read"], "expires_in_s": 3600}
    token = await made(player, "/v1/tokens", body)
    return Ask(player, {"token_id": token["id"]}, secrets=(token["id"],))


async def _exchange_health(arena: Arena) -> Ask:
    player = await newcomer(arena)
    async with arena.stage.database.transaction() as tx:
        await identity.grant_role(tx, player.wallet.address, Role.OPERATOR)
    return Ask(player, secrets=("blocks_behind",))


def _backup(body: Any = None, *, changed: bool = False) -> Make:
    """About the encrypted wallet of a newcomer."""

    async def make(arena: Arena) -> Ask:
        player = await newcomer(arena)
        vault = json.dumps({"form": 1, "sealed": uuid4().hex})
        first = {"If-None-Match": "*"}
        kept = await arena.http.put(
            "/v1/account/backup", json={"vault": vault}, headers=player.headers() | first
        )
        assert kept.status_code == 200, kept.text
        headers = {"If-Match": '"1"'} if changed else {}
        return Ask(player, body=body, headers=headers, secrets=(vault,))

    return make


def _partner(*, trusted: bool) -> Make:
    async def make(arena: Arena) -> Ask:
        deal = await completed(arena)
        path = {"account_id": deal.seller.account_id}
        if trusted:
            put = await arena.http.put(
                f"/v1/my/partners/{deal.seller.account_id}", headers=deal.buyer.headers()
            )
            assert put.status_code == 204, put.text
        return Ask(deal.buyer, path)

    return make


async def _create_offer(arena: Arena) -> Ask:
    player = await newcomer(arena, sells=True)
    body = {
        "direction": "sell",
        "asset": "ETH",
        "currency": "EUR",
        "price": "2500",
        "min_amount": "1",
        "max_amount": "2",
        "total_amount": "3",
        "payment_methods": ["sepa"],
        "country": "DE",
        "wallet": player.wallet.address,
        "encryption_key": player.wallet.new_trade_key("contract").public,
    }
    return Ask(player, body=body)


def _offer(step: str = "", body: Any = None, **query: Any) -> Make:
    """About an offer of a newcomer; `step` is what was done with it before."""

    async def make(arena: Arena) -> Ask:
        player = await newcomer(arena, sells=True)
        offer_id = await arena.publish(player, "ETH")
        if step:
            await made(player, f"/v1/offers/{offer_id}/{step}")
        headers = {"If-Match": '"1"'} if body else {}
        return Ask(player, {"offer_id": offer_id}, query, body, headers)

    return make


def _listing(**query: Any) -> Make:
    """A list of the offers of a newcomer who has one, closed to everybody else."""

    async def make(arena: Arena) -> Ask:
        player = await newcomer(arena, sells=True)
        offer_id = await arena.publish(player, "ETH", visibility="link")
        return Ask(player, query=query, secrets=(offer_id,))

    return make


async def _search(arena: Arena) -> Ask:
    player = await newcomer(arena)
    thing = await made(player, "/v1/saved-searches", {"name": "Coins", "asset": "ETH"})
    return Ask(player, secrets=(thing["id"],))


async def _forget_search(arena: Arena) -> Ask:
    search = await _search(arena)
    return Ask(search.player, {"search_id": search.secrets[0]}, secrets=search.secrets)


def _payment_account(body: Any = None, *, listed: bool = False, changed: bool = False) -> Make:
    async def make(arena: Arena) -> Ask:
        player = await newcomer(arena)
        sealed = uuid4().hex * 8
        thing = await made(player, "/v1/payment-accounts", {"method": "sepa", "sealed": sealed})
        return Ask(
            player,
            {} if listed else {"account_id": thing["id"]},
            body=body,
            headers={"If-Match": '"1"'} if changed else {},
            secrets=(thing["id"], sealed),
        )

    return make


async def _take(arena: Arena) -> Ask:
    seller, buyer = await newcomer(arena, sells=True), await newcomer(arena)
    offer_id = await arena.publish(seller, "ETH")
    await arena.follow()
    return Ask(buyer, body=arena.taking(buyer, offer_id, "ETH"))


def _of_trade(deal: Deal, player: Player, body: Any = None, **query: Any) -> Ask:
    other = deal.buyer if player is deal.seller else deal.seller
    secrets = (deal.id, deal.escrow_id.hex(), deal.seller.account_id, deal.buyer.account_id)
    return Ask(player, {"trade_id": deal.id}, query, body, other=other, secrets=secrets)


def _trade(**query: Any) -> Make:
    async def make(arena: Arena) -> Ask:
        deal = await locked(arena)
        return _of_trade(deal, deal.buyer, **query)

    return make


def _trades(**query: Any) -> Make:
    async def make(arena: Arena) -> Ask:
        deal = await completed(arena)
        return Ask(deal.buyer, query=query, other=deal.seller, secrets=(deal.id,))

    return make


async def _lock(arena: Arena) -> Ask:
    (way,) = (way for way in RELAYED if way.name == "authorization")
    deal = await traded(arena, way)
    return _of_trade(deal, deal.seller, body_of(deal.signed_lock(way)))


async def _instructions(arena: Arena) -> Ask:
    deal = await locked(arena)
    return _of_trade(deal, deal.buyer, buyer_amount="0.1", valid_until=deal.until)


async def _details(arena: Arena) -> Ask:
    deal = await locked(arena)
    return _of_trade(deal, deal.seller, {"sealed": SEALED})


async def _payment_sent(arena: Arena) -> Ask:
    deal = await locked(arena)
    await deal.do(deal.seller, "payment-details", {"sealed": SEALED})
    return _of_trade(deal, deal.buyer, {"signature": deal.signature("Paid")})


async def _release(arena: Arena) -> Ask:
    deal = await paid(arena)
    return _of_trade(deal, deal.seller, {"signature": deal.signature("Release")})


async def _refund(arena: Arena) -> Ask:
    deal = await paid(arena)
    return _of_trade(deal, deal.buyer, {"signature": deal.signature("Refund")})


async def _cancel(arena: Arena) -> Ask:
    deal = await traded(arena)
    return _of_trade(deal, deal.seller, {})


async def _dispute(arena: Arena) -> Ask:
    deal = await paid(arena)
    return _of_trade(deal, deal.seller, {"reason": "not_paid"})


async def _settlement(arena: Arena) -> Ask:
    deal = await locked(arena)
    return _of_trade(deal, deal.seller, deal.settlement(deal.seller, 10**17))


def _confirmation(*, listed: bool = False, confirmed: bool = False) -> Make:
    """About a dispute that a program has asked the seller of a paid trade for."""

    async def make(arena: Arena) -> Ask:
        deal = await paid(arena)
        asked = await made(deal.seller, "/v1/confirmations", _asked(deal))
        return Ask(
            deal.seller,
            {} if listed else {"confirmation_id": asked["id"]},
            body={"digest": asked["digest"]} if confirmed else None,
            secrets=(asked["id"], asked["digest"], deal.id),
        )

    return make


async def _ask_confirmation(arena: Arena) -> Ask:
    deal = await paid(arena)
    # Either side may dispute: nobody is on the other one.
    return Ask(deal.seller, body=_asked(deal), secrets=(deal.id,))


def _asked(deal: Deal) -> dict[str, str]:
    return {"step": "dispute", "trade_id": deal.id, "reason": "not_paid"}


async def _known_query(arena: Arena) -> Ask:
    known = {"persistedQuery": {"version": 1, "sha256Hash": sha256(_QUERY.encode()).hexdigest()}}
    sent = await arena.http.post("/v1/graphql", json={"query": _QUERY, "extensions": known})
    assert sent.status_code == 200, sent.text
    return Ask(query={"extensions": json.dumps(known)})


async def _draw(arena: Arena) -> Ask:
    player = await newcomer(arena)
    return Ask(player, body={"wallet": player.wallet.address})


def _webhook(body: Any = None, *, listed: bool = False, changed: bool = False) -> Make:
    async def make(arena: Arena) -> Ask:
        player = await newcomer(arena)
        thing = await made(player, "/v1/webhooks", {"url": HOOK})
        return Ask(
            player,
            {} if listed else {"webhook_id": thing["id"]},
            body=body,
            headers={"If-Match": '"1"'} if changed else {},
            secrets=(thing["id"],),
        )

    return make


def _delivery(*, listed: bool = False) -> Make:
    async def make(arena: Arena) -> Ask:
        player = await newcomer(arena)
        hook = await made(player, "/v1/webhooks", {"url": HOOK})
        test = await made(player, f"/v1/webhooks/{hook['id']}/test")
        path = {"webhook_id": hook["id"]} | ({} if listed else {"delivery_id": test["id"]})
        return Ask(player, path, secrets=(hook["id"], test["id"]))

    return make


def _phone() -> dict[str, Any]:
    """A device, at a push service of everybody's; an exchange has each once."""
    return Device().subscription(f"https://93.184.215.14/push/{uuid4()}")


async def _subscribe(arena: Arena) -> Ask:
    return Ask(await newcomer(arena), body=_phone())


def _device(*, listed: bool = False) -> Make:
    async def make(arena: Arena) -> Ask:
        player = await newcomer(arena)
        thing = await made(player, "/v1/push/subscriptions", _phone())
        path = {} if listed else {"subscription_id": thing["id"]}
        return Ask(player, path, secrets=(thing["id"],))

    return make


_PAIR = {"asset": "ETH", "currency": "EUR"}
_QUERY = "query Fee { exchange { name feeBps } }"

#: A good request of every operation.
ASKS: dict[str, Make] = {
    "GET /livez": _public(),
    "GET /readyz": _public(),
    "GET /v1/time": _public(),
    "GET /v1/exchange": _public(),
    "GET /v1/problems": _public(),
    "GET /v1/problems/{name}": _public(path={"name": "busy"}),
    "POST /v1/nonces": _public(),
    "POST /v1/accounts": _create_account,
    "POST /v1/sessions": _create_session,
    "DELETE /v1/sessions/current": _own(),
    "GET /v1/admin/health": _exchange_health,
    "GET /v1/account": _own(),
    "POST /v1/account/wallets": _add_wallet,
    "GET /v1/account/backup": _backup(),
    "PUT /v1/account/backup": _backup({"vault": '{"form":1}'}, changed=True),
    "DELETE /v1/account/backup": _backup(changed=True),
    "GET /v1/tokens": _own(),
    "POST /v1/tokens": _own({"label": "bot", "scopes": ["offers:read"], "expires_in_s": 3600}),
    "DELETE /v1/tokens/{token_id}": _revoke_token,
    "GET /v1/account/events": _own(limit=10),
    "POST /v1/stream/tickets": _own(),
    "GET /v1/my/partners": _own(),
    "PUT /v1/my/partners/{account_id}": _partner(trusted=False),
    "DELETE /v1/my/partners/{account_id}": _partner(trusted=True),
    "GET /v1/offers": _public(query={"direction": "sell", "asset": "ETH", "limit": 10}),
    "GET /v1/offers/facets": _public(query={"direction": "sell", "currency": "EUR"}),
    "POST /v1/offers": _create_offer,
    "GET /v1/offers/{offer_id}": _offer(),
    "PATCH /v1/offers/{offer_id}": _offer(body={"terms": "Be quick."}),
    "POST /v1/offers/{offer_id}/pause": _offer(),
    "POST /v1/offers/{offer_id}/resume": _offer("pause"),
    "POST /v1/offers/{offer_id}/close": _offer(),
    "GET /v1/offers/{offer_id}/quote": _offer(amount="0.5"),
    "GET /v1/my/offers": _listing(limit=10),
    "GET /v1/my/partners/offers": _own(limit=10),
    "POST /v1/saved-searches": _own({"name": "Coins", "asset": "ETH"}),
    "GET /v1/saved-searches": _search,
    "DELETE /v1/saved-searches/{search_id}": _forget_search,
    "GET /v1/payment-methods": _public(query={"currency": "EUR", "limit": 10}),
    "GET /v1/payment-methods/registry": _public(),
    "GET /v1/payment-methods/{code}": _public(path={"code": "sepa"}),
    "POST /v1/payment-accounts": _own({"method": "sepa", "sealed": SEALED}),
    "GET /v1/payment-accounts": _payment_account(listed=True),
    "GET /v1/payment-accounts/{account_id}": _payment_account(),
    "PUT /v1/payment-accounts/{account_id}": _payment_account({"sealed": SEALED}, changed=True),
    "DELETE /v1/payment-accounts/{account_id}": _payment_account(changed=True),
    "GET /v1/prices": _public(query={"asset": "ETH", "limit": 10}),
    "GET /v1/prices/{asset}/{currency}": _public(path=_PAIR),
    "GET /v1/prices/{asset}/{currency}/history": _public(path=_PAIR),
    "POST /v1/trades": _take,
    "GET /v1/trades": _trades(limit=10),
    "GET /v1/trades/export": _trades(format="csv"),
    "GET /v1/trades/{trade_id}": _trade(),
    "GET /v1/trades/{trade_id}/instructions": _instructions,
    "GET /v1/trades/{trade_id}/history": _trade(),
    "POST /v1/trades/{trade_id}/lock": _lock,
    "POST /v1/trades/{trade_id}/payment-details": _details,
    "POST /v1/trades/{trade_id}/payment-sent": _payment_sent,
    "POST /v1/trades/{trade_id}/release": _release,
    "POST /v1/trades/{trade_id}/refund": _refund,
    "POST /v1/trades/{trade_id}/cancel": _cancel,
    "POST /v1/trades/{trade_id}/dispute": _dispute,
    "POST /v1/trades/{trade_id}/settlement": _settlement,
    "POST /v1/chain/calls": _public(body={"method": "eth_chainId", "params": []}),
    "POST /v1/confirmations": _ask_confirmation,
    "GET /v1/confirmations": _confirmation(listed=True),
    "GET /v1/confirmations/{confirmation_id}": _confirmation(),
    "POST /v1/confirmations/{confirmation_id}/confirm": _confirmation(confirmed=True),
    "POST /v1/confirmations/{confirmation_id}/refuse": _confirmation(),
    "GET /v1/markets": _public(query={"limit": 10}),
    "GET /v1/markets/{asset}/{currency}": _public(path=_PAIR),
    "GET /v1/markets/{asset}/{currency}/depth": _public(path=_PAIR),
    "GET /v1/markets/{asset}/{currency}/methods": _public(path=_PAIR),
    "GET /v1/markets/{asset}/{currency}/trades": _public(path=_PAIR, query={"limit": 10}),
    "GET /v1/markets/{asset}/{currency}/candles": _public(path=_PAIR, query={"interval": "1h"}),
    "POST /v1/webhooks": _own({"url": HOOK, "events": ["trade.*"]}),
    "GET /v1/webhooks": _webhook(listed=True),
    "GET /v1/webhooks/{webhook_id}": _webhook(),
    "PATCH /v1/webhooks/{webhook_id}": _webhook({"description": "A shop"}, changed=True),
    "DELETE /v1/webhooks/{webhook_id}": _webhook(),
    "POST /v1/webhooks/{webhook_id}/secret": _webhook({"overlap_s": 60}),
    "POST /v1/webhooks/{webhook_id}/test": _webhook(),
    "GET /v1/webhooks/{webhook_id}/deliveries": _delivery(listed=True),
    "GET /v1/webhooks/{webhook_id}/deliveries/{delivery_id}": _delivery(),
    "POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay": _delivery(),
    "GET /v1/push/key": _public(),
    "POST /v1/push/subscriptions": _subscribe,
    "GET /v1/push/subscriptions": _device(listed=True),
    "DELETE /v1/push/subscriptions/{subscription_id}": _device(),
    "POST /v1/graphql": _public(body={"query": _QUERY}),
    "GET /v1/graphql": _known_query,
    "POST /v1/sandbox/faucet": _draw,
    "GET /v1/sandbox/clock": _public(),
}

"""Signatures that are not what they have to be: replayed, bent, of another kind or wallet."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.faults import wallets
from tests.faults.arena import SEALED, Arena
from tests.faults.deals import CHAIN_ID, Deal, Player, body_of
from tests.faults.liar import Liar
from tests.stage import CONTRACT, TOKEN
from tests.ways import ways_of
from tradepost_client.signin import message as sign_in_message
from tradepost_contracts.terms import InstructionKind, instruction_digest, settlement_digest

pytestmark = pytest.mark.slow

_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
#: Each step that is signed: what has to be signed, and by whom.
STEPS: dict[str, tuple[InstructionKind, str]] = {
    "payment-sent": ("Paid", "buyer"),
    "release": ("Release", "seller"),
    "refund": ("Refund", "buyer"),
    "cancel": ("Cancel", "seller"),
}
_TEMPLATE = "/v1/trades/{{trade_id}}/{step}"


def _bent(signature: str) -> Iterator[str]:
    """The same signature in forms that must not pass for it."""
    raw = bytes.fromhex(signature[2:])
    r, s, v = raw[:32], int.from_bytes(raw[32:64], "big"), raw[64]
    twin = r + (_ORDER - s).to_bytes(32, "big") + bytes([55 - v])
    for bent in (
        twin,
        raw[:64],
        raw[:64] + bytes([v - 27]),
        raw[:64] + bytes([55 - v]),
        raw[:64] + b"\xff",
        raw + b"\0",
        bytes(65),
        b"\xff" * 65,
        bytes(64) + b"\x1b",
        r + bytes(32) + b"\x1b",
        _ORDER.to_bytes(32, "big") * 2 + b"\x1b",
        b"\x5a" * 4096,
        b"\0",
    ):
        yield "0x" + bent.hex()


def _foreign(deal: Deal, other: Deal, kind: InstructionKind, signer: Player) -> Iterator[str]:
    """Good signatures for something else, or by somebody else."""

    def sign(name: InstructionKind, escrow: bytes, chain: int, contract: str) -> str:
        return signer.wallet.sign_digest(instruction_digest(name, escrow, chain, contract))

    yield sign(kind, other.escrow_id, CHAIN_ID, CONTRACT)
    yield sign(kind, deal.escrow_id, 1, CONTRACT)
    yield sign(kind, deal.escrow_id, CHAIN_ID, TOKEN)
    names: tuple[InstructionKind, ...] = ("Release", "Paid", "Refund", "Cancel")
    for name in names:
        if name != kind:
            yield sign(name, deal.escrow_id, CHAIN_ID, CONTRACT)
    yield signer.wallet.sign_digest(
        settlement_digest(deal.escrow_id, 0, deal.until, CHAIN_ID, CONTRACT)
    )
    yield signer.wallet.sign_digest(deal.escrow_id)
    yield signer.wallet.sign_text("0x" + deal.escrow_id.hex())
    for player in deal.arena.players:
        if player is not signer:
            yield deal.signature(kind, player)


async def _two(arena: Arena, counts: Counter[str]) -> tuple[Liar, Deal, Deal]:
    """Two locked trades whose payment is overdue: every step is open in each."""
    deal, other = await arena.open("ETH"), await arena.open("ETH")
    deal.lock()
    other.lock()
    await arena.settle_down(1)
    await arena.pass_time(1_000)
    liar = Liar(arena, counts, arena.stage.app.openapi()["paths"])
    await liar.begin()
    return liar, deal, other


async def test_a_signature_is_good_for_one_thing(arena: Arena, counts: Counter[str]) -> None:
    liar, deal, other = await _two(arena, counts)
    for step, (kind, side) in STEPS.items():
        signer = deal.seller if side == "seller" else deal.buyer
        good = deal.signature(kind)
        for signature in (*_foreign(deal, other, kind, signer), *_bent(good)):
            await _refused(liar, deal, signer, step, {"signature": signature}, {403})
        for junk in ("", "0x", "0x0", good[2:], good + "0", good.upper(), "0x" + "zz" * 65):
            await _refused(liar, deal, signer, step, {"signature": junk}, {422})
        # The good one, brought by everybody else.
        for player in arena.players:
            if player is not signer:
                body = {"signature": good}
                await _refused(liar, deal, player, step, body, {403, 404, 409})
        await liar.nothing_changed()
    # After all these lies the truth is still taken.
    await deal.payment_sent()
    await deal.release()
    await arena.settle_down()
    assert await deal.state() == "completed"
    await arena.check()


async def test_a_share_is_what_was_signed(arena: Arena, counts: Counter[str]) -> None:
    liar, deal, other = await _two(arena, counts)
    signed = deal.share(deal.buyer, 10**17)

    def body(signature: str, amount: str = "0.1", until: object = deal.until) -> dict[str, object]:
        return {"buyer_amount": amount, "valid_until": until, "signature": signature}

    async def refused(body: dict[str, object], statuses: set[int]) -> None:
        await _refused(liar, deal, deal.buyer, "settlement", body, statuses)

    for amount in ("0.2", "0", "0.5", "0.100000000000000001"):
        await refused(body(signed, amount), {403})
    for amount in ("0.500000000000000001", "9" * 20, "340282366920938463463.374607431768211455"):
        await refused(body(signed, amount), {400})
    for amount in ("-0.1", "1e-1", "0.1000000000000000001", "NaN", "", "9" * 41):
        await refused(body(signed, amount), {422})
    for signature in (other.share(deal.buyer, 10**17), *_bent(signed)):
        await refused(body(signature), {403})
    # Another time than was signed; one that is over; one too far away; none at all.
    now = (await deal.shown())["viewer"]["chain_now"]
    over = int(datetime.fromisoformat(now).timestamp())
    for until in (deal.until - 1, deal.until + 1):
        await refused(body(signed, until=until), {403})
    for until in (0, 1, over):
        await refused(body(deal.share(deal.buyer, 10**17, until), until=until), {409})
    far = deal.until + 30 * 86_400
    for until in (far, 2**40 - 1):
        await refused(body(deal.share(deal.buyer, 10**17, until), until=until), {400})
    for wrong in (-1, 2**40, 2**256, "soon", 1.5, None):
        await refused(body(signed, until=wrong), {422})
    # The other side's hand, and the arbitrator's before there is a dispute.
    await _refused(liar, deal, deal.seller, "settlement", body(signed), {403})
    early = body(deal.share(arena.arbitrator, 10**17))
    await _refused(liar, deal, arena.arbitrator, "settlement", early, {404})
    await liar.nothing_changed()
    # Two different sums are no agreement, nor are two different times.
    await deal.settle(deal.buyer, 10**17)
    await deal.settle(deal.seller, 2 * 10**17)
    await deal.settle(deal.seller, 10**17, deal.until - 1)
    await arena.settle_down()
    assert await deal.state() == "escrowed"


async def test_every_step_has_its_time(arena: Arena, counts: Counter[str]) -> None:
    """In every state, whatever `allowed_actions` does not name is refused and changes nothing."""
    liar = Liar(arena, counts, arena.stage.app.openapi()["paths"])
    deals = await _in_every_state(arena)
    await liar.begin()
    actions = {"send_payment_details": "payment-details", "settle": "settlement"}
    for state, deal in deals.items():
        assert await deal.state() == state
        for player in (deal.seller, deal.buyer, arena.stranger, arena.arbitrator):
            shown = await arena.http.get(f"/v1/trades/{deal.id}", headers=player.headers())
            allowed = set()
            if shown.status_code == 200:
                for action in shown.json()["viewer"]["allowed_actions"]:
                    allowed.add(actions.get(action, action.replace("_", "-")))
            for step, body in _bodies(deal).items():
                if step not in allowed:
                    await _refused(liar, deal, player, step, body, {404, 409})
        await liar.nothing_changed()


async def _in_every_state(arena: Arena) -> dict[str, Deal]:
    names = ("awaiting_escrow", "cancelled", "escrowed", "payment_sent", "disputed", "completed")
    later = ("refunded", "resolved", "releasing", "refunding", "splitting")
    deals = {name: await arena.open() for name in (*names, *later)}
    await deals["cancelled"].do(arena.seller, "cancel", {})
    with arena.one_block():
        for name, deal in deals.items():
            if name not in {"awaiting_escrow", "cancelled"}:
                deal.lock()
    await arena.settle_down(1)
    for name in ("payment_sent", "disputed", "completed", "releasing"):
        await deals[name].payment_sent()
    await deals["disputed"].do(arena.buyer, "dispute", {"reason": "paid_not_released"})
    for _ in range(2):
        prefixes = ("completed", "refunded", "resolved")
        for name in prefixes if _ == 0 else ("releasing", "refunding", "splitting"):
            deal = deals[name]
            if name in {"completed", "releasing"}:
                await deal.release()
            elif name in {"refunded", "refunding"}:
                await deal.refund()
            else:
                await deal.settle(deal.seller, 1)
                await deal.settle(deal.buyer, 1)
        if _ == 0:
            await arena.settle_down()
    return deals


def _bodies(deal: Deal) -> dict[str, Any]:
    """A body for each step that would be good if its time had come."""
    return {
        **{step: {"signature": deal.signature(kind)} for step, (kind, _) in STEPS.items()},
        "lock": body_of(deal.signed_lock(ways_of(deal.asset, signed=True)[0])),
        "payment-details": {"sealed": SEALED},
        "dispute": {"reason": "other"},
        "settlement": deal.settlement(deal.seller, 10**17),
    }


async def test_a_contract_wallet_that_does_not_say_yes(arena: Arena, counts: Counter[str]) -> None:
    """A seller whose wallet answers anything but yes; his key is still there for the truth."""
    liar = Liar(arena, counts, arena.stage.app.openapi()["paths"])
    deals = {name: await arena.open() for name in wallets.NO}
    with arena.one_block():
        for deal in deals.values():
            deal.lock()
    await arena.settle_down(1)
    await liar.begin()
    for name, deal in deals.items():
        arena.stage.node.rpc("anvil_setCode", deal.seller.wallet.address, wallets.NO[name])
        junk = {"signature": "0x" + "5a" * 65}
        # One that fails otherwise than by a revert cannot be told from a node that fails.
        await _refused(liar, deal, deal.seller, "release", junk, {403, 503})
        await liar.nothing_changed()
        await deal.release()
        await liar.begin()
    await arena.settle_down()
    assert {await deal.state() for deal in deals.values()} == {"completed"}
    await arena.check()


async def test_a_contract_wallet_that_takes_its_word_back(
    arena: Arena, counts: Counter[str]
) -> None:
    """It said yes to the exchange and refuses the contract: others' trades go on, and his too."""
    for afterwards in ("says no", "reverts", "fails", "burns all gas"):
        deal, other = await arena.open(), await arena.open()
        deal.lock()
        other.lock()
        await arena.settle_down(1)
        await deal.payment_sent()
        arena.stage.node.rpc("anvil_setCode", deal.seller.wallet.address, wallets.YES)
        await deal.do(deal.seller, "release", {"signature": "0x" + "5a" * 65})
        arena.stage.node.rpc("anvil_setCode", deal.seller.wallet.address, wallets.NO[afterwards])
        await other.refund()
        await arena.settle_down()
        # Its own coins do not reach a wallet that fails; nobody else is held up by it.
        assert await other.state() == "refunded"
        assert await deal.state() == "releasing"
        # What he signed does not come: the buyer need not wait for ever.
        await deal.do(deal.buyer, "dispute", {"reason": "paid_not_released"})
        for player in (deal.buyer, arena.arbitrator):
            await deal.settle(player, deal.terms.amount)
        await arena.settle_down()
        assert await deal.state() == "resolved"
        await arena.check()
        counts["lies"] += 1
        arena.stage.node.rpc("anvil_setCode", deal.seller.wallet.address, "0x")


async def test_a_sign_in_is_good_once(arena: Arena, counts: Counter[str]) -> None:
    liar = Liar(arena, counts, arena.stage.app.openapi()["paths"])
    player = arena.stranger
    now = datetime.fromisoformat((await player.get("/v1/time"))["now"])

    async def proof(chain_id: int = CHAIN_ID, url: str = "", signer: Player = player) -> Any:
        nonce = (await arena.http.post("/v1/nonces")).json()["nonce"]
        text = sign_in_message(
            url or arena.stage.settings.public_url, player.wallet.address, chain_id, nonce, now
        )
        return {"message": text, "signature": signer.wallet.sign_text(text)}

    body = await proof()
    assert (await arena.http.post("/v1/sessions", json=body)).status_code == 201
    await liar.begin()
    for _ in range(3):
        await liar.refused("POST", "/v1/sessions", "/v1/sessions", json=body)
    headers = player.headers()
    await liar.refused(
        "POST", "/v1/account/wallets", "/v1/account/wallets", json=body, headers=headers
    )
    for wrong in (
        await proof(chain_id=1),
        await proof(url="https://tradepost.example"),
        await proof(signer=arena.seller),
        (await proof()) | {"message": (await proof())["message"]},
    ):
        await liar.refused("POST", "/v1/sessions", "/v1/sessions", json=wrong)
    for bent in _bent((await proof())["signature"]):
        wrong = await proof()
        await liar.refused("POST", "/v1/sessions", "/v1/sessions", json=wrong | {"signature": bent})
    await liar.nothing_changed()


async def _refused(
    liar: Liar, deal: Deal, player: Player, step: str, body: Any, statuses: set[int]
) -> None:
    path, template = f"/v1/trades/{deal.id}/{step}", _TEMPLATE.format(step=step)
    headers = player.headers()
    await liar.refused("POST", path, template, statuses, json=body, headers=headers)

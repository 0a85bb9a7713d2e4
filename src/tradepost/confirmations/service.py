"""Confirmations' face: a program asks, the owner answers, and what he confirms is done once.

What is done goes through the same commands as when the owner does it himself, in the transaction
in which his answer is noted: either both happen, or neither.
"""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from tradepost.confirmations import store
from tradepost.confirmations.model import (
    LIFE,
    MAX_PENDING,
    SCOPES,
    TRANSITIONS,
    Answer,
    Confirmation,
    ConfirmationAnswered,
    ConfirmationDecided,
    ConfirmationDigestWrong,
    ConfirmationExpired,
    ConfirmationIncomplete,
    ConfirmationOutdated,
    ConfirmationRequested,
    ConfirmationState,
    Need,
    Opening,
    Proof,
    Step,
    TooManyConfirmations,
)
from tradepost.escrow.model import Party
from tradepost.identity import service as identity
from tradepost.kernel.access import Caller, ScopeMissing
from tradepost.kernel.database import Transaction
from tradepost.kernel.errors import NotFound
from tradepost.kernel.ids import new_id
from tradepost.kernel.money import Price
from tradepost.kernel.pricing import Direction
from tradepost.kernel.signatures import ContractSignatures
from tradepost.offers import service as offers
from tradepost.offers.model import OwnOffer, worse
from tradepost.trades import service as trades
from tradepost.trades import taking
from tradepost.trades.model import (
    Action,
    ActionNotAllowed,
    DisputeReason,
    MethodNotOffered,
    PriceMoved,
    TradeState,
)
from tradepost.trades.service import TradeView

# --- a program asks ------------------------------------------------------------------------


async def ask_to_open(tx: Transaction, caller: Caller, opening: Opening) -> Confirmation:
    """Asks the owner to open a trade. Nothing is reserved, and no price is held by it.

    What the owner is shown is what it comes to at worst, at `price_limit`. The offer's terms and
    windows are part of it. Raises the offer's problems, `PriceMoved`, `MethodNotOffered`,
    `TooManyConfirmations`.
    """
    offer = await offers.seen_by(tx, caller.account_id, opening.offer_id, opening.link)
    if offer.maker_id == caller.account_id:
        raise OwnOffer
    if opening.payment_method not in offer.payment_methods:
        raise MethodNotOffered(payment_methods=list(offer.payment_methods))
    if opening.hold is None:
        price = (await offers.quoted(tx, offer)).price
    else:
        price = offers.held(tx, offer, opening.hold)
    limit = Decimal(opening.price_limit)
    if worse(offer.direction, price.value, limit):
        raise PriceMoved(price=f"{price.value:f}")
    worst = Price(offer.asset, offer.currency, limit)
    asked = {"amount": opening.amount, "fiat_amount": opening.fiat_amount}
    coins, money = offers.quote(offer, worst, **asked)
    maker = (await identity.public_accounts(tx, [offer.maker_id]))[offer.maker_id].name
    buys = offer.direction is Direction.SELL
    by_coins = opening.amount is not None
    code, currency = offer.asset.code, offer.currency.code
    summary = (
        f"{'Buy' if buys else 'Sell'}"
        f" {'' if by_coins else 'at least ' if buys else 'at most '}{coins} {code}"
        f" {'from' if buys else 'to'} {maker or 'a maker without a name'}"
        f" for {('at most ' if buys else 'at least ') if by_coins else ''}{money} {currency},"
        f" by {opening.payment_method}, at {opening.price_limit} {currency} for one {code}"
        f" {'or less' if buys else 'or more'}."
    )
    parameters = {
        "offer_id": str(offer.id),
        "side": "buyer" if buys else "seller",
        "asset": code,
        "currency": currency,
        **{name: value for name, value in asked.items() if value is not None},
        "price_limit": opening.price_limit,
        "payment_method": opening.payment_method,
        "terms": offer.terms,
        "funding_window_s": str(offer.funding_window_s),
        "payment_window_s": str(offer.payment_window_s),
        **_said(hold=opening.hold, link=opening.link, country=opening.country),
    }
    needs = (Need.WALLET, Need.ENCRYPTION_KEY)
    return await _ask(tx, caller, Step.OPEN_TRADE, parameters, summary, needs)


async def ask_for_step(
    tx: Transaction, caller: Caller, step: Step, trade_id: UUID, reason: DisputeReason | None
) -> Confirmation:
    """Asks the owner to take a step in one of his trades that he can take now.

    Raises `NotFound`, `ActionNotAllowed`, `TooManyConfirmations`.
    """
    seen = await trades.get(tx, caller, trade_id)
    trade, viewer = seen.trade, seen.viewer
    if Action(step) not in viewer.allowed:
        raise ActionNotAllowed(
            state=trade.state, role=viewer.party, allowed_actions=list(viewer.allowed)
        )
    coins = f"{trade.amount} {trade.amount.asset.code}"
    money = f"{trade.fiat_amount} {trade.fiat_amount.asset.code} by {trade.payment_method}"
    what = {
        Step.PAYMENT_SENT: f"Say that you have paid {money} for {coins}.",
        Step.RELEASE: f"Give {coins} to the buyer: you have got {money}. It cannot be undone.",
        Step.REFUND: f"Give {coins} back to the seller: you do not pay. It cannot be undone.",
        Step.CANCEL: f"Cancel the trade about {coins} for {money}.",
        Step.DISPUTE: f"Call the arbitrator about {coins} for {money}: {reason}.",
    }[step]
    parameters = {
        "trade_id": str(trade_id),
        "side": str(viewer.party),
        "asset": trade.amount.asset.code,
        "amount": str(trade.amount),
        "currency": trade.fiat_amount.asset.code,
        "fiat_amount": str(trade.fiat_amount),
        "payment_method": trade.payment_method,
        **_said(reason=reason),
    }
    return await _ask(tx, caller, step, parameters, what, _needs(step, seen))


def _needs(step: Step, seen: TradeView) -> tuple[Need, ...]:
    """What the owner's wallet signs. A seller who leaves before the lock has nothing to sign."""
    early = seen.trade.state is TradeState.AWAITING_ESCROW and seen.viewer.party is Party.SELLER
    unsigned = step is Step.DISPUTE or (step is Step.CANCEL and early)
    return () if unsigned else (Need.SIGNATURE,)


def _said(**members: str | None) -> dict[str, str]:
    return {name: value for name, value in members.items() if value is not None}


async def _ask(
    tx: Transaction,
    caller: Caller,
    step: Step,
    parameters: Mapping[str, str],
    summary: str,
    needs: tuple[Need, ...],
) -> Confirmation:
    """The same thing asked for twice waits once: a program that asks again changes nothing."""
    await store.take_turns(tx, caller.account_id)
    waiting = await store.pending(tx, caller.account_id)
    for one in waiting:
        if (one.step, one.parameters) == (step, parameters):
            return one
    if len(waiting) >= MAX_PENDING:
        raise TooManyConfirmations
    asked = Confirmation(
        id=new_id(),
        account_id=caller.account_id,
        token_id=caller.token_id,
        step=step,
        parameters=parameters,
        summary=summary,
        needs=needs,
        state=ConfirmationState.PENDING,
        trade_id=None,
        created_at=tx.now,
        expires_at=tx.now + LIFE,
        decided_at=None,
    )
    await store.add(tx, asked)
    await tx.publish(ConfirmationRequested(str(asked.id), step), [caller.account_id])
    return asked


# --- looking -------------------------------------------------------------------------------


async def get(tx: Transaction, account_id: UUID, confirmation_id: UUID) -> Confirmation:
    """One of the account's; raises `NotFound`."""
    found = await store.get(tx, account_id, confirmation_id)
    if found is None:
        raise NotFound
    return found


async def page(
    tx: Transaction, account_id: UUID, before: UUID | None, limit: int
) -> list[Confirmation]:
    """Those of the account, the newest first."""
    return await store.page(tx, account_id, before, limit)


async def forget(tx: Transaction) -> None:
    """Deletes those that ended long ago."""
    await store.forget(tx)


# --- the owner answers ---------------------------------------------------------------------


async def confirm(
    tx: Transaction,
    caller: Caller,
    confirmation_id: UUID,
    digest: str,
    proof: Proof,
    wallets: ContractSignatures,
) -> Confirmation:
    """Does what was asked for, and notes the answer with it: once, whoever else confirms.

    Where it cannot be done it raises why, and the confirmation still waits. Raises `NotFound`,
    `ConfirmationAnswered`, `ConfirmationExpired`, `ConfirmationDigestWrong`, `ScopeMissing`,
    `ConfirmationIncomplete`, `ConfirmationOutdated`, and as the step itself.
    """
    asked = await _decide(tx, caller, confirmation_id, Answer.CONFIRM)
    if asked.digest != digest:
        raise ConfirmationDigestWrong
    scope = SCOPES[asked.step]
    if scope not in caller.scopes:
        raise ScopeMissing(f"The scope is {scope}.", scope=scope)
    if asked.step is Step.OPEN_TRADE:
        done = await _open(tx, caller, asked, proof)
    else:
        done = await _step(tx, caller, asked, proof, wallets)
    await store.note_trade(tx, asked.id, done.trade.id)
    return await get(tx, caller.account_id, asked.id)


async def refuse(tx: Transaction, caller: Caller, confirmation_id: UUID) -> Confirmation:
    """Nothing is done; raises `NotFound`, `ConfirmationAnswered`, `ConfirmationExpired`."""
    return await _decide(tx, caller, confirmation_id, Answer.REFUSE)


async def _decide(
    tx: Transaction, caller: Caller, confirmation_id: UUID, answer: Answer
) -> Confirmation:
    to = TRANSITIONS[ConfirmationState.PENDING, answer]
    decided = await store.decide(tx, caller.account_id, confirmation_id, to)
    if decided is None:
        found = await get(tx, caller.account_id, confirmation_id)
        state = found.state_at(tx.now)
        if state is ConfirmationState.EXPIRED:
            raise ConfirmationExpired
        raise ConfirmationAnswered(state=state)
    await tx.publish(ConfirmationDecided(str(decided.id), to), [caller.account_id])
    return decided


async def _open(tx: Transaction, caller: Caller, asked: Confirmation, proof: Proof) -> TradeView:
    said = asked.parameters
    if proof.wallet is None or proof.encryption_key is None:
        raise ConfirmationIncomplete(needs=list(asked.needs))
    seen = await taking.take_offer(
        tx,
        caller,
        taking.Taking(
            offer_id=UUID(said["offer_id"]),
            amount=said.get("amount"),
            fiat_amount=said.get("fiat_amount"),
            price_limit=Decimal(said["price_limit"]),
            payment_method=said["payment_method"],
            wallet=proof.wallet,
            encryption_key=proof.encryption_key,
            key_signature=proof.key_signature,
            hold=said.get("hold"),
            link=said.get("link"),
            country=said.get("country"),
        ),
    )
    # The price is bound by the limit; this is what else the owner has seen of the offer.
    offer = await offers.get(tx, seen.trade.offer_id)
    now = {
        "side": str(seen.viewer.party),
        "asset": offer.asset.code,
        "currency": offer.currency.code,
        "terms": seen.trade.terms,
        "funding_window_s": str(offer.funding_window_s),
        "payment_window_s": str(seen.escrow.terms.payment_window),
    }
    if changed := [name for name, value in now.items() if said[name] != value]:
        raise ConfirmationOutdated(changed=changed)
    return seen


async def _step(
    tx: Transaction,
    caller: Caller,
    asked: Confirmation,
    proof: Proof,
    wallets: ContractSignatures,
) -> TradeView:
    trade_id, signature = UUID(asked.parameters["trade_id"]), proof.signature
    if asked.step is Step.DISPUTE:
        reason = DisputeReason(asked.parameters["reason"])
        return await trades.open_dispute(tx, caller, trade_id, reason)
    if asked.step is Step.CANCEL:
        return await trades.cancel(tx, caller, trade_id, signature, wallets)
    if signature is None:
        raise ConfirmationIncomplete(needs=list(asked.needs))
    if asked.step is Step.PAYMENT_SENT:
        return await trades.say_payment_sent(tx, caller, trade_id, signature, wallets)
    if asked.step is Step.RELEASE:
        return await trades.release(tx, caller, trade_id, signature, wallets)
    assert asked.step is Step.REFUND
    return await trades.refund(tx, caller, trade_id, signature, wallets)

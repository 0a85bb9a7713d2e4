"""A trader: his wallet, the exchange and the chain, brought together so that nothing is believed.

Every step first holds the trade that the exchange shows against what was agreed (`verify`), then
asks the trader's own node where coins are concerned, and only then signs.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from decimal import Decimal
from time import monotonic
from typing import Any, Unpack

from tradepost_client import keysigning, settlements, signin, verify
from tradepost_client._async.accounts import AsyncAccounts
from tradepost_client._async.chain import AsyncChain
from tradepost_client._async.client import AsyncClient
from tradepost_client._async.escrow import AsyncEscrow
from tradepost_client._async.locks import AsyncLocks
from tradepost_client.agreement import (
    Agreement,
    KnownTrade,
    as_maker,
    as_shown,
    as_taker,
    confirmations,
)
from tradepost_client.amounts import to_minor
from tradepost_client.errors import NotYourStep, OfferChanged, SealBroken, Unfinished
from tradepost_client.evm import Receipt, Reporter
from tradepost_client.markets import OfferQuote
from tradepost_client.models import Account, Exchange, Offer, Side, SignedIn, Trade
from tradepost_client.notebook import Notebook
from tradepost_client.offers import NewOffer, body, check_offer, expected, faults
from tradepost_client.sealing import Envelope, seal, unseal
from tradepost_client.wallet import TradeKey, Wallet, maker_context, taker_context
from tradepost_contracts.terms import InstructionKind, instruction_digest

#: States in which nothing is left to be done.
FINAL_STATES = frozenset({"completed", "expired", "cancelled", "refunded", "resolved"})


class AsyncTrader:
    """A wallet's dealings on one exchange.

    Every method raises the errors of `Client` and `Chain`; those that sign raise a subclass of
    `VerificationFailed` where the exchange's word does not hold, and then have signed nothing.
    """

    def __init__(
        self,
        client: AsyncClient,
        chain: AsyncChain,
        wallet: Wallet,
        notebook: Notebook | None = None,
        *,
        confirmations: int | None = None,
    ) -> None:
        """Puts a trader together.

        Args:
            client: The exchange.
            chain: The trader's own node.
            wallet: His wallet.
            notebook: Where agreements are kept; in memory if None.
            confirmations: How deep a lock has to be; by default what the exchange says, but at
                least six outside of development chains.
        """
        self.client = client
        self.chain = chain
        self.wallet = wallet
        self.escrow = AsyncEscrow(chain, wallet)
        self.locks = AsyncLocks(client, chain, wallet)
        self.accounts = AsyncAccounts(client, wallet)
        self.notebook = notebook or Notebook()
        self._confirmations = confirmations

    # --- the account -----------------------------------------------------------------------

    async def sign_in(
        self, *, scopes: Sequence[str] | None = None, expires_in_s: int | None = None
    ) -> SignedIn:
        """Signs in by the wallet (EIP-4361); an unknown wallet opens an account."""
        message, signature = await self._proof()
        return await self.client.sign_in_by_wallet(
            message, signature, scopes=scopes, expires_in_s=expires_in_s
        )

    async def prove_wallet(self) -> Account:
        """Adds the wallet to the account that is signed in, if it is not there yet."""
        account = await self.client.account()
        if self.wallet.address.lower() in {known.lower() for known in account.wallets}:
            return account
        return await self.client.add_wallet(*await self._proof())

    async def _proof(self) -> tuple[str, str]:
        exchange = await self.client.exchange()
        nonce = await self.client.create_nonce()
        message = signin.message(
            self.client.url,
            self.wallet.address,
            exchange.chain.chain_id,
            nonce.nonce,
            await self.client.time(),
        )
        return message, self.wallet.sign_text(message)

    # --- offers ----------------------------------------------------------------------------

    async def publish_offer(self, *, once: str | None = None, **said: Unpack[NewOffer]) -> Offer:
        """Publishes an offer with this wallet and a new key, and keeps what was agreed to.

        Args:
            once: An idempotency key over restarts: the same offer is published once under it.
            said: What the offer says, see `NewOffer`.

        Raises:
            ValueError: What it says does not agree.
            OfferChanged: The exchange published something else; the offer is closed again.
        """
        for name, words in faults(said):
            raise ValueError(f"{name}: {words}")
        exchange = await self._checked_exchange()
        await self.prove_wallet()
        context = maker_context(said["direction"], said["asset"], said["currency"])
        key = self.wallet.new_trade_key(context, once)
        wanted = body(said) | {
            "wallet": self.wallet.address,
            "encryption_key": key.public,
            "key_signature": keysigning.sign(key.public, self.wallet),
        }
        offer = await self.client.create_offer(wanted, key=once)
        try:
            check_offer(offer, expected(wanted))
            agreement = self._as_maker(offer, exchange, key.public)
        except Exception:
            await self.client.close_offer(offer.id)
            raise
        self.notebook.keep_offer(agreement)
        return offer

    async def edit_offer(self, offer_id: str, changes: Mapping[str, Any]) -> Offer:
        """Changes an own offer; `changes` has members of the API's body, amounts as strings."""
        exchange = await self._checked_exchange()
        seen = await self.client.offer(offer_id)
        offer = await self.client.edit_offer(offer_id, seen.version, changes)
        check_offer(offer, changes)
        known = self.notebook.offer(offer_id)
        context = maker_context(offer.direction, offer.asset, offer.currency)
        key = self.wallet.find_trade_key(context, offer.encryption_key or "")
        if known is not None and known.encryption_key != key.public:
            raise OfferChanged("Its encryption key is not the one that it was published with.")
        self.notebook.keep_offer(self._as_maker(offer, exchange, key.public))
        return offer

    def _as_maker(self, offer: Offer, exchange: Exchange, key: str) -> Agreement:
        depth = self._depth(exchange)
        return as_maker(offer, exchange, self.wallet.address, key, depth)

    # --- taking ----------------------------------------------------------------------------

    async def quote(
        self,
        offer: Offer,
        *,
        amount: Decimal | None = None,
        fiat_amount: Decimal | None = None,
        price_limit: Decimal | None = None,
        link: str | None = None,
    ) -> OfferQuote:
        """What an amount of an offer costs, held against the offer as it was seen; see `take`."""
        exchange = await self.client.exchange()
        quote = await self.client.quote_offer(
            offer.id, amount=amount, fiat_amount=fiat_amount, link=link
        )
        verify.check_quote(quote, offer, exchange, (amount, fiat_amount), price_limit)
        return quote

    async def take(
        self,
        offer: Offer,
        *,
        method: str,
        amount: Decimal | None = None,
        fiat_amount: Decimal | None = None,
        price_limit: Decimal | None = None,
        quote: OfferQuote | None = None,
        link: str | None = None,
        country: str | None = None,
    ) -> Trade:
        """Takes an offer as it was seen, for an amount of the coin or a sum of money.

        It asks for a quote first, and takes at the price that the quote holds.

        Args:
            offer: As the trader saw it; what has changed since is refused.
            method: The payment method's code.
            amount: In whole coins; or
            fiat_amount: in whole units of the currency.
            price_limit: The worst price. By default the offer's where that is fixed, and the
                quote's where it follows the market.
            quote: One of `quote` that the trader has seen; it is not asked for again.
            link: Opens an offer that is shown by its link.
            country: Where the trader says that he is, for an offer that asks.

        Raises:
            ValueError: Not exactly one amount is given.
            VerificationFailed: The quote or the trade that came of it is not what was asked for.
                Nothing was locked; the trade runs out unless it is cancelled.
        """
        exchange = await self._checked_exchange()
        asked = (amount, fiat_amount)
        if quote is None:
            quote = await self.client.quote_offer(
                offer.id, amount=amount, fiat_amount=fiat_amount, link=link
            )
        verify.check_quote(quote, offer, exchange, asked, price_limit)
        await self.prove_wallet()
        key = self.wallet.new_trade_key(taker_context(offer.id))
        depth = self._depth(exchange)
        agreement = as_taker(offer, exchange, quote, method, self.wallet.address, key.public, depth)
        taking = {
            "offer_id": offer.id,
            "amount": amount,
            "fiat_amount": fiat_amount,
            "price_limit": quote.price,
            "hold": quote.hold,
            "payment_method": method,
            "link": link,
            "country": country,
            "wallet": self.wallet.address,
            "encryption_key": key.public,
            "key_signature": keysigning.sign(key.public, self.wallet),
        }
        trade = await self.client.take_offer(body(taking))
        self.notebook.keep_trade(verify.check_trade(trade, agreement))
        return trade

    # --- a trade ---------------------------------------------------------------------------

    async def trade(self, trade_id: str) -> Trade:
        """A trade of ours, held against what was agreed; raises `VerificationFailed`."""
        return (await self._seen(trade_id))[0]

    async def known(self, trade_id: str) -> KnownTrade:
        """The trade as it was verified, from the notebook or, the first time, the exchange.

        It needs no exchange once the trade is in the notebook.
        """
        return self.notebook.trade(trade_id) or (await self._seen(trade_id))[1]

    async def lock(
        self,
        trade_id: str,
        report: Reporter | None = None,
        *,
        wait: bool = True,
        relayed: bool = False,
    ) -> tuple[Receipt, ...]:
        """The seller locks the coins (`Escrow.lock`), or only signs that (`Locks.relay`)."""
        trade, known = await self._seen(trade_id)
        _check_side(known, "seller")
        if relayed and await self.locks.relay(trade, known, wait=wait):
            return ()
        return await self.escrow.lock(known, report, wait=wait)

    async def send_payment_details(self, trade_id: str, fields: Mapping[str, str]) -> Trade:
        """The seller signs and seals what the buyer has to know in order to pay.

        Raises `KeyNotSigned` where the key to seal to may be somebody else's than the buyer's.
        """
        trade, known = await self._seen(trade_id)
        _check_side(known, "seller")
        await self.escrow.check_buyers_key(known, trade.buyer.key_signature)
        key = self.trade_key(known)
        sealed = seal(_envelope(trade, known), fields, key, self.wallet)
        return await self.client.send_payment_details(trade_id, sealed)

    async def open_payment_details(self, trade_id: str) -> dict[str, str]:
        """Opens the payment details, signed by the wallet that locked the coins.

        The buyer gets them only once his own node shows the coins locked as deep as agreed: whoever
        pays on the exchange's word alone may have paid for nothing.

        Raises:
            SealBroken: There are none yet, or they are not the seller's.
            NotLocked: The chain does not hold the coins.
            NotConfirmed: The lock is not deep enough yet.
        """
        trade, known = await self._seen(trade_id)
        if trade.sealed_payment_details is None:
            raise SealBroken("The seller has not sent any yet.")
        buys = known.agreement.side == "buyer"
        if buys:
            await self.escrow.check_payable(known)
        return unseal(
            trade.sealed_payment_details,
            _envelope(trade, known),
            self.trade_key(known),
            known.seller_key if buys else known.buyer_key,
            known.terms.seller,
        )

    async def payment_sent(self, trade_id: str) -> Trade:
        """The buyer signs that he has paid: the seller can no longer take the coins back alone.

        It asks no node, since a buyer who has paid must not be kept from saying so.
        """
        _, known = await self._seen(trade_id)
        _check_side(known, "buyer")
        return await self.client.payment_sent(trade_id, self.instruct("Paid", known))

    async def release(self, trade_id: str) -> Trade:
        """The seller signs the coins over to the buyer, after a look at the chain."""
        _, known = await self._seen(trade_id)
        _check_side(known, "seller")
        await self.escrow.check_open(known)
        return await self.client.release(trade_id, self.instruct("Release", known))

    async def refund(self, trade_id: str) -> Trade:
        """The buyer signs the coins back to the seller, after a look at the chain."""
        _, known = await self._seen(trade_id)
        _check_side(known, "buyer")
        await self.escrow.check_open(known)
        return await self.client.refund(trade_id, self.instruct("Refund", known))

    async def cancel(self, trade_id: str) -> Trade:
        """Leaves a trade before the lock; or, as the seller after the deadline, asks for the coins.

        A buyer signs the refund of a lock that may be on its way; a seller who has locked signs
        the request that starts the challenge window.
        """
        trade, known = await self._seen(trade_id)
        signature = None
        if known.agreement.side == "buyer":
            signature = self.instruct("Refund", known)
        elif trade.state != "awaiting_escrow":
            signature = self.instruct("Cancel", known)
        return await self.client.cancel(trade_id, signature)

    async def dispute(self, trade_id: str, reason: str) -> Trade:
        """Calls the arbitrator."""
        return await self.client.dispute(trade_id, reason)

    async def settle(
        self, trade_id: str, buyer_amount: Decimal, *, open_s: int = settlements.OPEN_S
    ) -> Trade:
        """Signs how much of the coin (whole units) the buyer gets; two of three have to.

        The wallet signs as the side it is on, or as the arbitrator whom the terms name. It joins
        the offer for this share that is open longest, or makes one for `open_s` seconds.

        Raises:
            ValueError: The amount is finer than the coin, or more than the trade's.
        """
        shown = await self.client.trade(trade_id)
        if shown.viewer.role == "arbitrator":
            chain_id = await self.chain.chain_id()
            wallet = self.wallet.address
            terms = verify.check_for_arbitrator(shown, trade_id, wallet, chain_id)
            contract = shown.escrow.contract
            verify.check_contract(await self.chain.code(contract), contract)
            # The exchange tells the decimals; the amount in the terms tells whether it is right.
            decimals = (await self.client.exchange()).asset(shown.asset).decimals
            if to_minor(shown.amount, decimals) != terms.amount:
                raise OfferChanged("The amount shown is not the amount in the escrow's terms.")
        else:
            shown, known = await self._seen(trade_id)
            await self.escrow.check_open(known)
            terms, decimals = known.terms.terms(), known.agreement.decimals
            chain_id, contract = known.agreement.chain_id, known.agreement.contract
        now = (await self.chain.head()).time
        until = settlements.valid_until(shown, buyer_amount, now, open_s)
        share = to_minor(buyer_amount, decimals), until
        digest = settlements.digest(terms, share, chain_id, contract)
        signature = self.wallet.sign_digest(digest)
        return await self.client.settle(trade_id, buyer_amount, until, signature)

    async def watch(self, trade_id: str, *, interval_s: float = 1.0) -> AsyncIterator[Trade]:
        """The trade now, and again whenever it has changed, until it is in a final state.

        Each is verified; `FINAL_STATES` are the last ones.
        """
        before: object = None
        while True:
            trade = await self.trade(trade_id)
            now = (
                trade.state,
                trade.escrow.state,
                trade.escrow.confirmations < trade.escrow.confirmations_needed
                and trade.escrow.confirmations,
                trade.sealed_payment_details,
                trade.settlements,
                trade.viewer.allowed_actions,
                trade.escrow.cancel_at,
            )
            if now != before:
                before = now
                yield trade
            if trade.state in FINAL_STATES:
                return
            await asyncio.sleep(interval_s)

    async def until(
        self,
        trade_id: str,
        states: Collection[str],
        *,
        interval_s: float = 0.5,
        timeout_s: float = 900.0,
        seen: Callable[[Trade], None] | None = None,
    ) -> Trade:
        """Waits until the trade is in one of `states`.

        Raises:
            Unfinished: The time is over, or the trade ended in another state.
        """
        ends = monotonic() + timeout_s
        while True:
            trade = await self.trade(trade_id)
            if seen is not None:
                seen(trade)
            if trade.state in states:
                return trade
            if trade.state in FINAL_STATES or monotonic() > ends:
                raise Unfinished(f"The trade is {trade.state}.")
            await asyncio.sleep(interval_s)

    def trade_key(self, known: KnownTrade) -> TradeKey:
        """The own key of a trade, derived anew from the wallet; raises `KeyNotOurs`."""
        agreement = known.agreement
        own = known.buyer_key if agreement.side == "buyer" else known.seller_key
        direction = "buy" if agreement.side == "buyer" else "sell"
        contexts = (
            taker_context(agreement.offer_id),
            maker_context(direction, agreement.asset, agreement.currency),
        )
        context = contexts[agreement.is_makers]
        return self.wallet.find_trade_key(context, own)

    # --- inside ----------------------------------------------------------------------------

    async def _checked_exchange(self) -> Exchange:
        exchange = await self.client.exchange()
        verify.check_chain(await self.chain.chain_id(), exchange.chain.chain_id)
        contract = exchange.chain.escrow_address
        verify.check_contract(await self.chain.code(contract), contract)
        return exchange

    def _depth(self, exchange: Exchange) -> int:
        chain = exchange.chain
        return confirmations(chain.confirmations, chain.chain_id, self._confirmations)

    async def _seen(self, trade_id: str) -> tuple[Trade, KnownTrade]:
        trade = await self.client.trade(trade_id)
        known = self.notebook.trade(trade_id)
        if known is not None:
            verify.check_unchanged(trade, known)
            return trade, known
        agreement = self.notebook.offer(trade.offer_id)
        if agreement is None:
            agreement = await self._agreement_as_shown(trade)
        known = verify.check_trade(trade, agreement, trade_id)
        self.notebook.keep_trade(known)
        return trade, known

    async def _agreement_as_shown(self, trade: Trade) -> Agreement:
        if trade.viewer.role == "arbitrator":
            raise NotYourStep("You are not one of this trade's traders.")
        exchange = await self._checked_exchange()
        own = trade.buyer if trade.viewer.role == "buyer" else trade.seller
        address, depth = self.wallet.address, self._depth(exchange)
        agreement = as_shown(trade, exchange, address, own.encryption_key, depth)
        if trade.maker == trade.viewer.role:
            agreement = agreement.model_copy(update={"words": None})
        known = verify.check_trade(trade, agreement)
        # Raises where the exchange names a key that this wallet cannot have made.
        self.trade_key(known)
        return agreement

    def instruct(self, kind: InstructionKind, known: KnownTrade) -> str:
        """The wallet's signature of an instruction to a verified trade's escrow."""
        agreement = known.agreement
        escrow = bytes.fromhex(known.escrow_id.removeprefix("0x"))
        digest = instruction_digest(kind, escrow, agreement.chain_id, agreement.contract)
        return self.wallet.sign_digest(digest)


def _check_side(known: KnownTrade, side: Side) -> None:
    if known.agreement.side != side:
        raise NotYourStep(f"This is the {side}'s step; you are the {known.agreement.side}.")


def _envelope(trade: Trade, known: KnownTrade) -> Envelope:
    return Envelope(
        trade_id=known.id,
        escrow_id=known.escrow_id,
        method=trade.payment_method,
        seller_key=known.seller_key,
        buyer_key=known.buyer_key,
    )

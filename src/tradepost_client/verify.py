"""What the client checks by itself before it signs, locks or pays: an exchange may lie.

Everything here is pure. `check_trade` holds every later word of the exchange against the
`Agreement` that the trader made when he published or took an offer, so that an exchange that
changes its word is found out, and recomputes the escrow's id. The other functions take what the
trader's own node says. Each failure is a subclass of `VerificationFailed`.
"""

from decimal import Decimal

from tradepost_client import errors
from tradepost_client.agreement import Agreement, KnownTrade, told
from tradepost_client.amounts import fiat_follows, from_minor, to_minor
from tradepost_client.markets import OfferQuote
from tradepost_client.models import EscrowTerms, Exchange, Offer, Party, Side, Trade
from tradepost_contracts import artifacts, deploy
from tradepost_contracts.state import State, Status
from tradepost_contracts.terms import Terms, escrow_id, refusal


def check_quote(
    quote: OfferQuote,
    offer: Offer,
    exchange: Exchange,
    asked: tuple[Decimal | None, Decimal | None],
    price_limit: Decimal | None,
) -> None:
    """Holds a quote against what was asked for, and against itself.

    Args:
        quote: What the exchange says.
        offer: As the taker saw it.
        exchange: As he sees it.
        asked: The amount of the coin, or the sum of money; the other is None.
        price_limit: The worst price; without one that of an offer at a fixed price, as it was
            seen. A floating price without a limit is what the quote says.

    Raises:
        ValueError: Not exactly one amount is asked for.
        AmountChanged: The quote is for another amount of the coin.
        FiatChanged: It is for another sum of money, or the sum does not follow from the price.
        PriceChanged: Its price is worse than the limit.
        OfferChanged: The exchange does not tell what the coin or the currency is.
    """
    amount, fiat = asked
    if (amount is None) == (fiat is None):
        raise ValueError("State either an amount of the coin or a sum of money.")
    if amount is not None and quote.amount != amount:
        raise errors.AmountChanged(f"You asked for {amount}, the quote is for {quote.amount}.")
    if fiat is not None and quote.fiat_amount != fiat:
        raise errors.FiatChanged(f"You asked for {fiat}, the quote is for {quote.fiat_amount}.")
    limit = price_limit
    if limit is None and offer.pricing == "fixed":
        limit = offer.price
    _check_price(quote.price, limit, "buyer" if offer.direction == "sell" else "seller")
    asset, currency = told(exchange, offer.asset, offer.currency)
    if not fiat_follows(
        quote.amount, quote.fiat_amount, quote.price, asset.decimals, currency.decimals
    ):
        raise errors.FiatChanged(
            f"{quote.amount} at {quote.price} is not {quote.fiat_amount} {currency.code}."
        )


def check_trade(trade: Trade, agreement: Agreement, asked_for: str | None = None) -> KnownTrade:
    """Holds a trade against what was agreed.

    Args:
        trade: As the exchange shows it.
        agreement: What the trader agreed to.
        asked_for: The id of the trade that was asked for; None right after taking.

    Returns:
        The trade as it may be kept, with the escrow's id recomputed.

    Raises:
        VerificationFailed: A subclass tells what the exchange has changed.
    """
    if asked_for is not None and trade.id != asked_for:
        raise errors.OtherTrade(f"It was {asked_for}, it showed {trade.id}.")
    if trade.offer_id != agreement.offer_id or trade.asset != agreement.asset:
        raise errors.OfferChanged(f"It shows {trade.asset} of offer {trade.offer_id}.")
    if trade.viewer.role != agreement.side:
        raise errors.RoleChanged(f"You are the {agreement.side}, not the {trade.viewer.role}.")
    terms = _terms(trade.escrow.terms)
    _check_place(trade, agreement, terms)
    _check_parties(trade, agreement, terms)
    _check_amounts(trade, agreement, terms)
    _check_rules(trade, agreement, terms)
    found = _check_id(trade, terms)
    return KnownTrade(
        id=trade.id,
        agreement=agreement,
        terms=EscrowTerms(**{name: getattr(terms, name) for name in EscrowTerms.model_fields}),
        escrow_id=found,
        buyer_key=trade.buyer.encryption_key,
        seller_key=trade.seller.encryption_key,
    )


def check_unchanged(trade: Trade, known: KnownTrade) -> None:
    """Holds a trade against what was verified of it before; raises `VerificationFailed`."""
    now = check_trade(trade, known.agreement, known.id)
    if now.terms != known.terms or now.escrow_id != known.escrow_id:
        raise errors.TermsChanged(f"The escrow was {known.escrow_id}, it is {now.escrow_id}.")
    if (now.buyer_key, now.seller_key) != (known.buyer_key, known.seller_key):
        raise errors.CounterpartyChanged("It shows another encryption key than before.")


def check_for_arbitrator(trade: Trade, asked_for: str, wallet: str, chain_id: int) -> Terms:
    """What an arbitrator, who agreed to nothing, can check before he signs a ruling.

    The escrow's id is the digest of the terms shown, they name him, they are of the chain, and they
    hold the amount that is shown. Raises `VerificationFailed`.
    """
    if trade.id != asked_for:
        raise errors.OtherTrade(f"It was {asked_for}, it showed {trade.id}.")
    terms = _terms(trade.escrow.terms)
    if trade.escrow.chain_id != chain_id:
        raise errors.WrongChain(f"The node is on {chain_id}, the trade on {trade.escrow.chain_id}.")
    if terms.arbitrator.lower() != wallet.lower():
        raise errors.ArbitratorChanged(f"The terms name {terms.arbitrator}.")
    _check_id(trade, terms)
    return terms


def _terms(shown: EscrowTerms) -> Terms:
    try:
        terms = shown.terms()
    except ValueError as error:
        raise errors.TermsMalformed(str(error)) from None
    reason = refusal(terms)
    if reason is not None:
        raise errors.TermsMalformed(reason)
    return terms


def _same(first: str, second: str) -> bool:
    return first.lower() == second.lower()


def _check_place(trade: Trade, agreement: Agreement, terms: Terms) -> None:
    if trade.escrow.chain_id != agreement.chain_id:
        raise errors.WrongChain(f"You agreed to chain {agreement.chain_id}.")
    if not _same(trade.escrow.contract, agreement.contract):
        raise errors.ContractChanged(f"It was {agreement.contract}, it is {trade.escrow.contract}.")
    if not _same(terms.token, agreement.token):
        raise errors.TokenChanged(f"It was {agreement.token}, it is {terms.token}.")


def _check_parties(trade: Trade, agreement: Agreement, terms: Terms) -> None:
    sides: dict[Side, tuple[Party, str]] = {
        "buyer": (trade.buyer, terms.buyer),
        "seller": (trade.seller, terms.seller),
    }
    own, in_terms = sides.pop(agreement.side)
    if not _same(in_terms, agreement.wallet):
        raise errors.OwnWalletMissing(f"It was {agreement.wallet}, it is {in_terms}.")
    if own.encryption_key != agreement.encryption_key:
        raise errors.KeyNotOurs(f"It was {agreement.encryption_key}, it is {own.encryption_key}.")
    for side, (other, other_in_terms) in sides.items():
        if not _same(other.wallet, other_in_terms):
            raise errors.CounterpartyChanged(
                f"The {side} is {other.wallet}, but the escrow's terms name {other_in_terms}."
            )
        if other.encryption_key == agreement.encryption_key:
            raise errors.CounterpartyChanged(f"It shows your own key as the {side}'s.")
    if not _same(terms.arbitrator, agreement.arbitrator):
        raise errors.ArbitratorChanged(f"It was {agreement.arbitrator}, it is {terms.arbitrator}.")


def _check_price(price: Decimal, worst: Decimal | None, side: Side) -> None:
    if worst is None:
        return
    if price > worst if side == "buyer" else price < worst:
        raise errors.PriceChanged(f"It is {price}, the limit is {worst}.")


def _check_amounts(trade: Trade, agreement: Agreement, terms: Terms) -> None:
    if from_minor(terms.amount, agreement.decimals) != trade.amount:
        raise errors.AmountChanged(
            f"The trade is about {trade.amount} {trade.asset}, but the escrow would hold"
            f" {from_minor(terms.amount, agreement.decimals)}."
        )
    in_coins = agreement.amount_unit == "asset"
    bounded = trade.amount if in_coins else trade.fiat_amount
    if not agreement.min_amount <= bounded <= agreement.max_amount:
        kind = errors.AmountChanged if in_coins else errors.FiatChanged
        raise kind(f"{bounded} is not within {agreement.min_amount} and {agreement.max_amount}.")
    _check_price(trade.price, agreement.worst_price, agreement.side)
    if trade.currency != agreement.currency:
        raise errors.FiatChanged(f"It is in {trade.currency}, not in {agreement.currency}.")
    if agreement.fiat_amount is not None and trade.fiat_amount != agreement.fiat_amount:
        raise errors.FiatChanged(f"It was {agreement.fiat_amount}, it is {trade.fiat_amount}.")
    if not fiat_follows(
        trade.amount,
        trade.fiat_amount,
        trade.price,
        agreement.decimals,
        agreement.currency_decimals,
        # What a division leaves is the maker's: he insists on it, a taker need not.
        agreement.side if agreement.is_makers else None,
    ):
        raise errors.FiatChanged(
            f"{trade.amount} at {trade.price} is not {trade.fiat_amount} {trade.currency}."
        )
    highest_fee = terms.amount * agreement.fee_bps // 10_000
    if terms.fee > highest_fee or to_minor_or_none(trade.fee, agreement.decimals) != terms.fee:
        raise errors.FeeChanged(
            f"It is {from_minor(terms.fee, agreement.decimals)} {trade.asset}, at most"
            f" {from_minor(highest_fee, agreement.decimals)} was agreed."
        )
    if terms.fee and not _same(terms.fee_recipient, agreement.fee_recipient):
        raise errors.FeeChanged(f"It goes to {terms.fee_recipient}.")


def to_minor_or_none(amount: Decimal, decimals: int) -> int | None:
    """As `to_minor`, but None where the amount has no exact number of smallest units."""
    try:
        return to_minor(amount, decimals)
    except ValueError:
        return None


def _check_rules(trade: Trade, agreement: Agreement, terms: Terms) -> None:
    if terms.payment_window != agreement.payment_window:
        raise errors.WindowsChanged(
            f"The payment window was {agreement.payment_window} s, it is {terms.payment_window} s."
        )
    if terms.challenge_window != agreement.challenge_window:
        raise errors.WindowsChanged(
            f"The challenge window was {agreement.challenge_window} s, it is"
            f" {terms.challenge_window} s."
        )
    if trade.payment_method not in agreement.payment_methods:
        raise errors.MethodChanged(f"It is {trade.payment_method}.")
    if agreement.words is not None and (trade.terms or "") != agreement.words:
        raise errors.WordsChanged


def _check_id(trade: Trade, terms: Terms) -> str:
    found = "0x" + escrow_id(terms, trade.escrow.chain_id, trade.escrow.contract).hex()
    if found != trade.escrow.id:
        raise errors.EscrowIdWrong(f"It is {found}, the exchange says {trade.escrow.id}.")
    return found


def check_chain(node_chain_id: int, agreed_chain_id: int) -> None:
    """The trader's node is on the chain that was agreed; raises `WrongChain`."""
    if node_chain_id != agreed_chain_id:
        raise errors.WrongChain(f"The node is on {node_chain_id}, the trade on {agreed_chain_id}.")


def check_contract(code: bytes, address: str) -> None:
    """`code` at `address` is the escrow contract's, byte for byte; raises `WrongContract`."""
    if not deploy.runtime_code_matches(artifacts.ESCROW, code):
        raise errors.WrongContract(
            f"{address} has {'other' if code else 'no'} code. Coins that go there may be lost."
        )


def check_token_decimals(decimals: int, stated: int) -> None:
    """The coin counts in the decimals that the exchange states; raises `TokenChanged`.

    With wrong ones "100" would lock another amount than a hundred.
    """
    if decimals != stated:
        raise errors.TokenChanged(f"The coin has {decimals} decimals, the exchange says {stated}.")


def check_fundable(terms: Terms, chain_time: int) -> None:
    """The lock may still come; raises `FundingTooLate`."""
    if chain_time > terms.fund_by:
        raise errors.FundingTooLate(
            f"The chain's time is {chain_time}, the deadline was {terms.fund_by}."
        )


def check_open(state: State) -> None:
    """The escrow holds the coins now; raises `NotLocked`.

    One that ended has the status `none` in the end, once the seller's lane is used again.
    """
    if not state.is_open:
        raise errors.NotLocked(f"The escrow's status is {state.status.name.lower()}.")


def check_payable(now: State, deep: State, depth: int) -> None:
    """A buyer can pay: the coins are held now, and were already `depth` blocks deep.

    Raises:
        NotLocked: The coins are not held, or the seller has asked for them back.
        NotConfirmed: They are held, but a reorganisation could still undo it.
    """
    check_open(now)
    if now.status is Status.CANCEL_REQUESTED:
        raise errors.NotLocked("The seller has asked for the coins back: do not pay.")
    # An escrow is locked once only. The times differ where the node changed branches in between.
    same = now.locked_at is None or now.locked_at == deep.locked_at
    if not (deep.is_open and same):
        raise errors.NotConfirmed(f"It has fewer than {depth} confirmations.")

"""What a party signs to share the coins of a trade, and until when. Everything is pure."""

from decimal import Decimal

from tradepost_client.models import Trade
from tradepost_contracts.terms import Terms, escrow_id, settlement_digest

#: How long an offer is open if nothing else is said, in seconds of the chain.
OPEN_S = 7 * 86_400
#: A signature that is given cannot be taken back: none is given for longer.
LONGEST_OPEN_S = 30 * 86_400
#: An offer that ends sooner is not joined: the chain may take it too late.
SHORTEST_REST_S = 600


def valid_until(trade: Trade, buyer_amount: Decimal, chain_time: int, open_s: int) -> int:
    """The last chain time (Unix seconds) to sign: that of an offer for this share, or of a new one.

    Of several offers it is the latest, his own among them: so two who offer the same share at the
    same moment come together when they sign again, and to sign twice is to sign the same.

    Args:
        trade: As the exchange shows it. A lie about its offers makes a signature that meets no
            other, for no longer than 30 days.
        buyer_amount: The buyer's share, in whole coins.
        chain_time: As the trader's own node tells it.
        open_s: How long a new offer is open.

    Raises:
        ValueError: An offer cannot be open for as long, or for as short.
    """
    if not SHORTEST_REST_S < open_s < LONGEST_OPEN_S:
        raise ValueError(
            f"An offer is open for more than {SHORTEST_REST_S} and less than {LONGEST_OPEN_S} s."
        )
    rests = (
        offer.valid_until - chain_time
        for offer in trade.settlements
        if offer.buyer_amount == buyer_amount
    )
    joined = [rest for rest in rests if SHORTEST_REST_S < rest <= LONGEST_OPEN_S]
    return chain_time + max(joined, default=open_s)


def digest(terms: Terms, share: tuple[int, int], chain_id: int, contract: str) -> bytes:
    """What is signed for a share: the buyer's sum in smallest units, and its last chain time.

    Raises:
        ValueError: The buyer would get more than the escrow's amount.
    """
    if share[0] > terms.amount:
        raise ValueError("The buyer cannot get more than the trade's amount.")
    return settlement_digest(escrow_id(terms, chain_id, contract), *share, chain_id, contract)

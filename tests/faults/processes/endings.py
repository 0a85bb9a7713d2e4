"""Every way a trade is played here; those of the second list need the chain's clock to jump."""

from decimal import Decimal

from tests.faults.processes.players import Ending, Play
from tests.faults.processes.world import CHALLENGE_WINDOW_S

#: Longer than the time to lock and the time to pay.
_PAST_PAYMENT_S = 15 * 86_400
_NOTHING, _HALF, _ALL = Decimal(0), Decimal("0.5"), Decimal(1)


async def _released(play: Play) -> None:
    await play.lock()
    await play.pay()
    await play.release()


async def _released_early(play: Play) -> None:
    await play.lock()
    await play.release()


async def _refunded(play: Play) -> None:
    await play.lock()
    await _refund(play)


async def _refunded_after_payment(play: Play) -> None:
    await play.lock()
    await play.pay()
    await _refund(play)


async def _refund(play: Play) -> None:
    await play.move(play.buyer, "refund", play.buyer.refund, "refunding", "refunded")


async def _shared_by_both(play: Play) -> None:
    await play.lock()
    await play.settle(play.buyer, play.amount / 2, "buyer")
    await play.settle(play.seller, play.amount / 2, "seller")


async def _ruled(play: Play) -> None:
    """The buyer calls the arbitrator, who favours him; the buyer brings the second signature."""
    await play.lock()
    await play.pay()
    await play.step(
        play.buyer,
        "dispute",
        lambda: play.buyer.dispute(play.id, "paid_not_released"),
        lambda shown: shown.state == "disputed",
    )
    await play.settle(play.arbitrator, play.amount, "arbitrator")
    await play.settle(play.buyer, play.amount, "buyer")


async def _cancelled_by_buyer(play: Play) -> None:
    await play.move(play.buyer, "cancel", play.buyer.cancel, "cancelled")


async def _cancelled_by_seller(play: Play) -> None:
    await play.move(play.seller, "cancel", play.seller.cancel, "cancelled")


async def _expired(play: Play) -> None:
    await play.clock.pass_time(_PAST_PAYMENT_S)
    await play.clock.pass_time(CHALLENGE_WINDOW_S + 1)


async def _cancelled_late(play: Play) -> None:
    """The buyer does not pay; after the challenge window the coins go back."""
    await play.lock()
    await play.clock.pass_time(_PAST_PAYMENT_S)
    await _ask_back(play)
    await play.clock.pass_time(CHALLENGE_WINDOW_S + 1)


async def _paid_in_the_challenge(play: Play) -> None:
    """The buyer is late, but answers the request to cancel in time."""
    await play.lock()
    await play.hand_over_details()
    await play.clock.pass_time(_PAST_PAYMENT_S)
    await _ask_back(play)
    await play.say_paid()
    await play.until(lambda shown: shown.escrow.paid_on_chain)
    await play.clock.pass_time(CHALLENGE_WINDOW_S + 1)
    await play.release()


async def _ask_back(play: Play) -> None:
    await play.move(play.seller, "cancel", play.seller.cancel, "refunding")
    await play.until(lambda shown: shown.escrow.cancel_at is not None)


ENDINGS = (
    Ending("released", _released, "completed", "released", _ALL),
    Ending("released early", _released_early, "completed", "released", _ALL),
    Ending("refunded", _refunded, "refunded", "refunded", _NOTHING),
    Ending("refunded after payment", _refunded_after_payment, "refunded", "refunded", _NOTHING),
    Ending("shared by both", _shared_by_both, "resolved", "split", _HALF),
    Ending("ruled", _ruled, "resolved", "split", _ALL),
    Ending("cancelled by buyer", _cancelled_by_buyer, "cancelled", "none", _NOTHING),
    Ending("cancelled by seller", _cancelled_by_seller, "cancelled", "none", _NOTHING),
)
LATE_ENDINGS = (
    Ending("expired", _expired, "expired", "none", _NOTHING),
    Ending("cancelled late", _cancelled_late, "refunded", "refunded", _NOTHING),
    Ending("paid in the challenge", _paid_in_the_challenge, "completed", "released", _ALL),
)

"""Which steps of a trade the market hears of."""

from tradepost.insights.service import is_news
from tradepost.trades.model import TRANSITIONS, TradeState


def test_each_step_to_and_from_a_completed_trade_is_news() -> None:
    for (state, event), to in TRANSITIONS.items():
        if TradeState.COMPLETED in (state, to):
            assert is_news(to, event)


def test_most_steps_are_none() -> None:
    heard = [step for step, to in TRANSITIONS.items() if is_news(to, step[1])]
    assert len(heard) < len(TRANSITIONS)
    assert not is_news(TradeState.PAYMENT_SENT, "payment_sent")

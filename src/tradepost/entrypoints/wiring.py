"""Which room listens to which: events go up, and only here are both ends named."""

from tradepost.deposits import jobs as deposits
from tradepost.escrow.model import BalanceChanged, EscrowChanged
from tradepost.insights import jobs as insights
from tradepost.trades import jobs as trades
from tradepost.trades.model import TradeCompletionChanged

#: An event's type, and the tasks that get its id.
SUBSCRIPTIONS = {
    EscrowChanged.type(): (trades.FOLLOW_ESCROW,),
    BalanceChanged.type(): (deposits.FOLLOW_BALANCE,),
    TradeCompletionChanged.type(): (insights.FOLLOW_TRADE,),
}

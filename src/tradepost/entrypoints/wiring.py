"""Which room listens to which: events go up, and only here are both ends named."""

from tradepost.escrow.model import EscrowChanged
from tradepost.trades import jobs as trades

#: An event's type, and the tasks that get its id.
SUBSCRIPTIONS = {EscrowChanged.type(): (trades.FOLLOW_ESCROW,)}

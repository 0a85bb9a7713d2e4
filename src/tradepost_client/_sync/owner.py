"""An owner's yes to what a program asks of him, by his wallet."""

from tradepost_client import keysigning
from tradepost_client._sync.trader import Trader
from tradepost_client.agreement import KnownTrade
from tradepost_client.confirmations import Confirmation, check_opened, check_step
from tradepost_client.models import Trade
from tradepost_client.wallet import taker_context
from tradepost_contracts.terms import InstructionKind


class Owner:
    """Confirms with a trader's wallet, after the checks that go before a step of his own."""

    def __init__(self, trader: Trader) -> None:
        self.trader = trader

    def confirm(self, asked: Confirmation) -> Trade:
        """Has done what was asked for, and is what the owner has seen; the trade after it.

        Raises:
            ConfirmationDiffers: The exchange's word does not hold. Nothing was signed; of a trade
                that was opened nothing is locked, and it runs out unless it is cancelled.
        """
        digest = asked.checked_digest()
        if asked.step == "open_trade":
            return self._open(asked, digest)
        trader, client = self.trader, self.trader.client
        trade_id = asked.parameters.get("trade_id", "")
        trade = trader.trade(trade_id)
        check_step(asked, trade)
        kind = _instruction(asked, trade)
        signature = None
        if kind is not None:
            known = trader.known(trade_id)
            self._look(asked, known)
            signature = trader.instruct(kind, known)
        client.confirm(asked.id, digest, signature=signature)
        return trader.trade(trade_id)

    def _open(self, asked: Confirmation, digest: str) -> Trade:
        trader, client = self.trader, self.trader.client
        trader.prove_wallet()
        key = trader.wallet.new_trade_key(taker_context(asked.parameters["offer_id"]))
        done = client.confirm(
            asked.id,
            digest,
            wallet=trader.wallet.address,
            encryption_key=key.public,
            key_signature=keysigning.sign(key.public, trader.wallet),
        )
        exchange = client.exchange()
        # It is read anew, and its keys, terms and contract are verified as those of any trade.
        trade = trader.trade(done.trade_id or "")
        check_opened(asked, trade, exchange.currency(trade.currency).decimals)
        return trade

    def _look(self, asked: Confirmation, known: KnownTrade) -> None:
        # Who has paid must not be kept from saying so by a node.
        if asked.step in ("release", "refund"):
            self.trader.escrow.check_open(known)


def _instruction(asked: Confirmation, trade: Trade) -> InstructionKind | None:
    """What the wallet signs; as `Trader.cancel` for a cancel."""
    kinds: dict[str, InstructionKind] = {
        "payment_sent": "Paid",
        "release": "Release",
        "refund": "Refund",
    }
    if asked.step != "cancel":
        return kinds.get(asked.step)
    if trade.viewer.role == "buyer":
        return "Refund"
    return None if trade.state == "awaiting_escrow" else "Cancel"

"""What a program asks its owner to confirm, and what the owner holds against it.

The exchange's answers follow the rules of `models`.
"""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Literal

from tradepost_client.errors import ConfirmationDiffers
from tradepost_client.models import Id, Key, Model, Time, Trade

Step = Literal["open_trade", "payment_sent", "release", "refund", "cancel", "dispute"]

#: What an agent's token has: reading, and asking. With more it could act without asking.
AGENT_SCOPES: Final = ("offers:read", "trades:read", "confirmations:read", "confirmations:ask")
#: What a trade and a confirmation of one of its steps both say.
_SAME: Final = ("asset", "amount", "currency", "fiat_amount", "payment_method")


class Confirmation(Model):
    """What was asked for: `parameters` are all that decides what happens.

    `summary` is the exchange's wording of it, and `terms` among the parameters the maker's.
    """

    id: Id
    step: Step
    summary: str
    parameters: Mapping[str, str]
    digest: Key
    needs: tuple[str, ...]
    state: Literal["pending", "confirmed", "refused", "expired"]
    token_id: Id
    trade_id: Id | None
    created_at: Time
    expires_at: Time
    decided_at: Time | None

    def checked_digest(self) -> str:
        """The digest of what is shown here; raises `ConfirmationDiffers`."""
        said = [self.id, self.step, dict(self.parameters)]
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).hexdigest()
        if digest != self.digest:
            raise ConfirmationDiffers("Its digest is not that of its parameters.")
        return digest


def check_step(asked: Confirmation, trade: Trade) -> None:
    """Holds a trade against the step that was asked for in it; raises `ConfirmationDiffers`."""
    said = asked.parameters
    if trade.id != said.get("trade_id") or trade.viewer.role != said.get("side"):
        raise ConfirmationDiffers("It is about another trade, or the other side of this one.")
    for name in _SAME:
        _same(name, said.get(name), getattr(trade, name))


def check_opened(asked: Confirmation, trade: Trade, currency_decimals: int) -> None:
    """Holds a new trade against what was confirmed; raises `ConfirmationDiffers`.

    A sum is rounded in the maker's favour, by less than one unit of the currency.
    """
    said = asked.parameters
    for name in ("offer_id", "asset", "currency", "payment_method", "terms"):
        _same(name, said.get(name), getattr(trade, name) or "")
    _same("side", said.get("side"), trade.viewer.role)
    for name in ("amount", "fiat_amount"):
        if name in said:
            _same(name, said[name], getattr(trade, name))
    _same("payment_window_s", said.get("payment_window_s"), str(trade.escrow.terms.payment_window))
    limit, unit = Decimal(said["price_limit"]), Decimal(1).scaleb(-currency_decimals)
    if trade.viewer.role == "buyer":
        within = trade.price <= limit and trade.fiat_amount < trade.amount * limit + unit
    else:
        within = trade.price >= limit and trade.fiat_amount > trade.amount * limit - unit
    if not within:
        raise ConfirmationDiffers(f"It costs more, or brings less, than at {limit}.")


def _same(name: str, said: str | None, found: str | Decimal) -> None:
    equal = said is not None and (
        Decimal(said) == found if isinstance(found, Decimal) else said == found
    )
    if not equal:
        raise ConfirmationDiffers(f"What was confirmed has another {name}.")

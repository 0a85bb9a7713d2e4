"""Whether the contract holds what it owes to those whom this exchange knows.

The contract serves strangers too: they deposit, and open escrows, without a word to any exchange.
So the rule is no equality. At every block, what it holds of a coin is at least what is locked in
our escrows and what we know of balances. If it is less, coins are missing. If it is more, that is
strangers' coins, and no fault.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tradepost.escrow import service as escrows
from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.model import ChainNotReady
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings
from tradepost_contracts.terms import ZERO_ADDRESS


@dataclass(frozen=True, slots=True)
class Reserve:
    """What the contract holds of an asset and owes of it at one block, in minor units."""

    asset: str
    decimals: int
    owed: int
    held: int

    @property
    def missing(self) -> int:
        """What it does not hold of what it owes."""
        return max(0, self.owed - self.held)


async def reserves(database: Database, chain: Chain, settings: Settings) -> Sequence[Reserve]:
    """A reserve for each asset, read at the block to which the database follows the chain.

    Raises `ChainNotReady` before the first block, without an answer, and where the node does not
    know that block, as for a moment while the chain takes one back.
    """
    async with database.transaction() as tx:
        owed = await escrows.owed(tx)
    if owed is None:
        raise ChainNotReady
    found = []
    for asset in settings.assets:
        token = (asset.token or ZERO_ADDRESS).lower()
        held = await chain.holding(owed.contract, token, owed.block_hash)
        if held is None:
            raise ChainNotReady
        found.append(Reserve(asset.code, asset.decimals, owed.tokens.get(token, 0), held))
    return found

"""Brings balances from escrow to offers, which know nothing of each other."""

from tradepost.escrow import service as escrows
from tradepost.escrow.model import Balance
from tradepost.kernel.database import Transaction
from tradepost.offers import service as offers
from tradepost.offers.model import Deposit


async def follow(tx: Transaction, token: str, account: str) -> None:
    """An account's balance of a token is another: offers that it backs are told what it is now."""
    balance = await escrows.balance(tx, token, account)
    if balance is None:
        # The chain forgot it meanwhile, and is asked again.
        return
    for asset_code in escrows.assets_of(tx.settings, token):
        await _tell(tx, asset_code, balance)


async def ask(tx: Transaction, limit: int) -> None:
    """Has escrow follow wallets of makers of which offers know nothing yet."""
    for wallet, asset_code in await offers.unread_deposits(tx, limit):
        balance = await escrows.follow_balance(tx, asset_code, wallet)
        if balance is not None:
            await _tell(tx, asset_code, balance)


async def _tell(tx: Transaction, asset_code: str, balance: Balance) -> None:
    deposit = Deposit(balance.amount, balance.block_number)
    await offers.deposit_read(tx, balance.holder.account, asset_code, deposit)

"""The sandbox's commands: coins for an account, and time for everybody.

Both are for development chains alone. The routes are not there elsewhere; that the followed chain
is one is looked at again by each command, and what the faucet signs is for that chain alone.
"""

import asyncio
from typing import Final

from eth_abi.abi import encode
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from tradepost.escrow import service as escrows
from tradepost.escrow.evm.deploy import DEVELOPMENT_CHAIN
from tradepost.escrow.model import ChainNotReady
from tradepost.identity import service as identity
from tradepost.kernel import clock
from tradepost.kernel.access import Caller
from tradepost.kernel.database import Transaction
from tradepost.kernel.errors import NotFound
from tradepost.kernel.ids import new_id
from tradepost.kernel.money import Amount, Asset
from tradepost.offers.model import WalletNotProven
from tradepost.sandbox import store
from tradepost.sandbox.model import (
    COINS,
    DRAWS,
    DRAWS_WITHIN,
    FAUCET_KEY,
    MOST_AHEAD_S,
    MOST_DRAWS,
    TOKENS,
    ClockTooFar,
    Draw,
    FaucetEmpty,
    FaucetResting,
    Gift,
    Moved,
    SandboxClockMoved,
)
from tradepost.sandbox.node import DevelopmentNode
from tradepost_contracts import artifacts
from tradepost_contracts import deploy as contracts

#: Brings what was drawn; see `jobs`.
SEND_GIFTS: Final = "sandbox.send_gifts"
#: More than a transfer to any wallet, or a mint, needs.
_GAS: Final = 150_000
#: Times the fee of the moment: a gift that is brought again later is good at that time's price.
_FEE_MARGIN: Final = 20
_MINT: Final = keccak(text="mint(address,uint256)")[:4]
#: How long the watcher may take to see the chain's new time.
_FOLLOWED_WITHIN_S: Final = 10.0
_LOOK_S: Final = 0.05
_SENT_AT_ONCE: Final = 100
#: Accounts that are told of a move; a sandbox has few.
_MOST_TOLD: Final = 1_000


# --- the faucet ------------------------------------------------------------------------------


async def draw(tx: Transaction, node: DevelopmentNode, caller: Caller, wallet: str) -> Draw:
    """Gives the caller's `wallet` the chain's coin and each token for trial, by the next job.

    Raises `NotFound` on any chain that is not a development one, `WalletNotProven`,
    `FaucetResting`, `FaucetEmpty` and `ChainNotReady`.
    """
    await _check_chain(tx)
    if wallet.lower() not in caller.wallets:
        raise WalletNotProven
    await store.take_turn(tx)
    if await store.count_draws(tx) >= MOST_DRAWS:
        raise FaucetEmpty
    before = await store.draws_since(tx, caller.account_id, tx.now - DRAWS_WITHIN)
    if len(before) >= DRAWS:
        raise FaucetResting(again_at=(before[-DRAWS] + DRAWS_WITHIN).isoformat())
    faucet: LocalAccount = Account.from_key(FAUCET_KEY)
    # Somebody may have used the account by hand; and what was drawn may not be sent yet.
    nonce = max(await store.next_nonce(tx), await node.nonce(faucet.address))
    max_fee, tip = await node.fees()
    gifts = []
    for place, (amount, to, value, data) in enumerate(_calls(tx, to_checksum_address(wallet))):
        signed = faucet.sign_transaction(
            {
                "type": 2,
                "chainId": DEVELOPMENT_CHAIN,
                "nonce": nonce + place,
                "to": to_checksum_address(to),
                "value": value,
                "data": data,
                "gas": _GAS,
                "maxFeePerGas": _FEE_MARGIN * max_fee,
                "maxPriorityFeePerGas": tip,
            }
        )
        gifts.append(Gift(amount, nonce + place, bytes(signed.hash), bytes(signed.raw_transaction)))
    draw_id = new_id()
    await store.add_draw(tx, draw_id, caller.account_id, gifts)
    await tx.defer(SEND_GIFTS, lock=SEND_GIFTS, draw_id=str(draw_id))
    left = DRAWS - len(before) - 1
    return Draw(draw_id, to_checksum_address(wallet), tuple(gifts), left)


def _calls(tx: Transaction, wallet: str) -> list[tuple[Amount, str, int, bytes]]:
    """What is given, each with its transaction's receiver, value in wei and data."""
    test_token = contracts.address(artifacts.DEV_TOKEN).lower()
    found = []
    for setting in tx.settings.assets:
        asset = Asset(setting.code, setting.decimals)
        if setting.token is None:
            amount = Amount(asset, COINS * 10**asset.decimals)
            found.append((amount, wallet, amount.minor, b""))
        elif setting.token.lower() == test_token:
            amount = Amount(asset, TOKENS * 10**asset.decimals)
            data = _MINT + encode(["address", "uint256"], [wallet, amount.minor])
            found.append((amount, setting.token, 0, data))
    return found


async def unsent(tx: Transaction, node: DevelopmentNode) -> list[bytes]:
    """The gifts' transactions that the chain does not have, or has lost, in their order."""
    address = Account.from_key(FAUCET_KEY).address
    return await store.raw_from(tx, await node.nonce(address), _SENT_AT_ONCE)


# --- the clock -------------------------------------------------------------------------------


async def advance(tx: Transaction, node: DevelopmentNode, by_s: int) -> Moved:
    """Moves the chain's time and the exchange's ahead, and tells all who are signed in.

    The chain goes first, to a moment and not by a distance: where this dies half way, the same
    request again, or the next one, brings both to the same time. The exchange follows once its
    watcher has seen that moment, so that nobody reads the new time beside the old chain.

    Raises `NotFound` on any chain that is not a development one, `ClockTooFar`, and
    `ChainNotReady` where the chain is not followed.
    """
    await _check_chain(tx)
    ahead_s = await clock.ahead(tx.connection, hold=True) + by_s
    if ahead_s > MOST_AHEAD_S:
        raise ClockTooFar(most_ahead_s=MOST_AHEAD_S)
    time = int(clock.moved_to(ahead_s).timestamp())
    # What has to be confirmed at the new time is, with these.
    await node.move_to(time, tx.settings.confirmations + 1)
    await _followed(tx, time)
    await clock.move(tx.connection, ahead_s)
    moved = Moved(clock.moved_to(ahead_s), ahead_s)
    await escrows.heard(tx, moved.now)
    await tx.publish(SandboxClockMoved(ahead_s), await identity.signed_in(tx, _MOST_TOLD))
    return moved


async def moved(tx: Transaction) -> Moved:
    """The sandbox's time; raises `NotFound` on any chain that is not a development one."""
    await _check_chain(tx)
    return Moved(tx.now, await clock.ahead(tx.connection))


async def _followed(tx: Transaction, time: int) -> None:
    try:
        async with asyncio.timeout(_FOLLOWED_WITHIN_S):
            while (await escrows.chain(tx)).confirmed_time < time:  # noqa: ASYNC110 - rows call nobody back
                await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        raise ChainNotReady from None


async def _check_chain(tx: Transaction) -> None:
    if await escrows.chain_id(tx) != DEVELOPMENT_CHAIN:
        raise NotFound

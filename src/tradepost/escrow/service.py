"""The escrow's face: open one, see it, and have signatures brought to the chain.

Nothing here talks to a node. What is to be brought is stored as an intent with the change that
wants it; the relayer (`escrow/evm/relay.py`) sends it, and the watcher tells what came of it.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from eth_utils.address import to_checksum_address

from tradepost.escrow import balances, intents, lanes, store
from tradepost.escrow.evm import wallet
from tradepost.escrow.model import (
    AssetUnknown,
    Balance,
    ChainNotReady,
    ChainView,
    Escrow,
    EscrowImpossible,
    Holder,
    IntentKind,
    LockWayUnsupported,
    Opening,
    Outlook,
    Owed,
    Party,
    Reading,
    SignatureInvalid,
    SignedLock,
    SignedSettlement,
)
from tradepost.kernel.database import Transaction
from tradepost.kernel.errors import NotFound
from tradepost.kernel.money import Asset
from tradepost.kernel.settings import AssetSetting, Settings
from tradepost.kernel.signatures import ContractSignatures, signed_by_key
from tradepost_contracts import terms as typed
from tradepost_contracts.means import LockWay, Means, to_sign

#: A node that has been silent for longer is not asked to hold new coins.
_CHAIN_SILENT_S = 60
#: A new lane's number is random: exchanges that serve the same seller know nothing of each other.
_LANE_BITS = 48


class LockMeans(Protocol):
    """Asks the chain by which ways the seller of an escrow can lock."""

    async def of_seller(self, escrow: Escrow) -> Means:
        """What he has, and what his token takes; raises a retryable problem without an answer."""
        ...


def asset(settings: Settings, code: str) -> Asset:
    """The configured asset with this code; raises `AssetUnknown`."""
    setting = _asset_setting(settings, code)
    return Asset(setting.code, setting.decimals)


def _asset_setting(settings: Settings, code: str) -> AssetSetting:
    for setting in settings.assets:
        if setting.code == code:
            return setting
    raise AssetUnknown(f"The assets are {', '.join(item.code for item in settings.assets)}.")


async def chain(tx: Transaction) -> ChainView:
    """How far the chain is followed; raises `ChainNotReady` before the first block."""
    view = await store.chain_view(tx)
    if view is None:
        raise ChainNotReady
    return view


async def chain_id(tx: Transaction) -> int:
    """The number of the chain this exchange is on (EIP-155); raises as `chain`."""
    return (await chain(tx)).chain_id


async def chain_time(tx: Transaction) -> int:
    """The newest block's time (unix s); 0 before the first, when nothing is over yet."""
    view = await store.chain_view(tx)
    return 0 if view is None else view.head_time


async def recent_chain(tx: Transaction) -> ChainView:
    """As `chain`, but raises `ChainNotReady` too where the node has been silent for a while."""
    view = await chain(tx)
    if tx.now - view.seen_at > timedelta(seconds=_CHAIN_SILENT_S):
        raise ChainNotReady
    return view


async def heard(tx: Transaction, at: datetime) -> None:
    """Notes that the node answered at `at`, where the time itself was moved there."""
    await store.touch_chain(tx, at)


async def count_late(tx: Transaction, age: timedelta) -> int:
    """How many settlements should have been on the chain for longer than `age`."""
    return await intents.count_late(tx, age)


async def outlook(tx: Transaction) -> Outlook:
    """What is to be brought to the chain, and for how long already."""
    return await intents.outlook(tx)


async def owed(tx: Transaction) -> Owed | None:
    """What the contract has to hold at the followed head; None before the first block."""
    return await store.owed(tx)


async def next_nonce(tx: Transaction, sender: str) -> int | None:
    """The nonce that the relayer's account takes next; None before its first."""
    return await store.next_nonce(tx, sender)


def assets_of(settings: Settings, token: str) -> list[str]:
    """The codes of the assets that this token, or the zero address, is."""
    return [
        setting.code
        for setting in settings.assets
        if (setting.token or typed.ZERO_ADDRESS).lower() == token.lower()
    ]


async def balance(tx: Transaction, token: str, account: str) -> Balance | None:
    """What an account has in the contract outside of escrows, at a confirmed block.

    It stays what it is until the transaction ends. None where it is not known now.
    """
    return await balances.held(tx, Holder.of(token, account))


async def follow_balance(tx: Transaction, asset_code: str, account: str) -> Balance | None:
    """As `balance`; one that is not known is read soon, and again whenever it changes.

    Raises `AssetUnknown`.
    """
    token = _asset_setting(tx.settings, asset_code).token or typed.ZERO_ADDRESS
    known = await balance(tx, token, account)
    if known is None:
        await balances.touch(tx, [(Holder.of(token, account), 0)])
    return known


async def open_escrow(tx: Transaction, opening: Opening) -> Escrow:
    """Fixes the terms under which the seller can lock `opening.amount` for the buyer.

    Nothing is locked by it. The time by which he must lock is counted from the chain's own clock.
    The escrow is the only one in its lane until it has ended, or can be locked no more. Raises
    `ChainNotReady` where the node has been silent, since that clock would be wrong, and
    `EscrowImpossible` for terms that the contract would refuse.
    """
    view = await recent_chain(tx)
    settings = tx.settings
    amount = opening.amount.minor
    terms = typed.Terms(
        seller=to_checksum_address(opening.seller),
        buyer=to_checksum_address(opening.buyer),
        arbitrator=to_checksum_address(settings.arbitrator),
        token=to_checksum_address(
            _asset_setting(settings, opening.amount.asset.code).token or typed.ZERO_ADDRESS
        ),
        amount=amount,
        # Rounded down: the traders gain the fraction.
        fee=amount * settings.fee_bps // 10_000,
        fee_recipient=to_checksum_address(settings.fee_recipient or typed.ZERO_ADDRESS),
        fund_by=view.head_time + opening.funding_window_s,
        payment_window=opening.payment_window_s,
        challenge_window=settings.challenge_window_s,
        lane=0,
    )
    reason = typed.refusal(terms)
    if reason is not None:
        raise EscrowImpossible(reason)
    taken = await lanes.take(tx, view, terms.seller, terms.token)
    while True:
        lane, lapses = taken or (secrets.randbits(_LANE_BITS), 0)
        in_lane = replace(terms, lane=lane)
        escrow = Escrow(
            id=typed.escrow_id(in_lane, view.chain_id, view.contract),
            chain_id=view.chain_id,
            contract=view.contract,
            asset=opening.amount.asset.code,
            terms=in_lane,
            reading=Reading(),
            created_at=tx.now,
        )
        if await store.add_escrow(tx, escrow, lapses):
            return escrow
        assert taken is None, "a lane that was taken is held by nobody else"


async def get(tx: Transaction, escrow_id: bytes) -> Escrow:
    """One escrow; raises `NotFound`."""
    escrow = await store.escrow(tx, escrow_id)
    if escrow is None:
        raise NotFound
    return escrow


async def watched(tx: Transaction, escrow_id: bytes) -> tuple[Escrow, ChainView]:
    """An escrow beside how far its chain is followed; raises `ChainNotReady`."""
    found = await store.watched(tx, escrow_id)
    if found is None:
        raise ChainNotReady
    return found


def instructions(escrow: Escrow, party: Party) -> wallet.Instructions:
    """What this party's wallet is asked to sign or send."""
    return wallet.instructions(escrow, party)


async def lock_instructions(escrow: Escrow, means: LockMeans) -> list[wallet.LockInstructions]:
    """What the seller signs so that the exchange locks for him; none while no node answers."""
    try:
        return wallet.locks(escrow, await means.of_seller(escrow))
    except ChainNotReady:
        return []


def settlement_instructions(
    escrow: Escrow, shares: Iterable[tuple[int, int]]
) -> list[dict[str, Any]]:
    """What a wallet signs for each share: the buyer's sum (minor units), the last chain time."""
    return wallet.settlements(escrow, shares)


async def get_many(tx: Transaction, ids: Sequence[bytes]) -> dict[bytes, Escrow]:
    """Those of `ids` that exist."""
    return await store.escrows(tx, ids)


async def check_release(escrow: Escrow, signature: bytes, wallets: ContractSignatures) -> None:
    """Raises `SignatureInvalid` unless the seller signed the release of this escrow."""
    await _check(escrow, "Release", Party.SELLER, signature, wallets)


async def check_refund(escrow: Escrow, signature: bytes, wallets: ContractSignatures) -> None:
    """Raises `SignatureInvalid` unless the buyer signed the refund of this escrow."""
    await _check(escrow, "Refund", Party.BUYER, signature, wallets)


async def check_paid(escrow: Escrow, signature: bytes, wallets: ContractSignatures) -> None:
    """Raises `SignatureInvalid` unless the buyer signed that he has paid."""
    await _check(escrow, "Paid", Party.BUYER, signature, wallets)


async def check_cancel(escrow: Escrow, signature: bytes, wallets: ContractSignatures) -> None:
    """Raises `SignatureInvalid` unless the seller signed that he wants the coins back."""
    await _check(escrow, "Cancel", Party.SELLER, signature, wallets)


async def check_lock(
    escrow: Escrow, lock: SignedLock, wallets: ContractSignatures, means: LockMeans
) -> None:
    """Raises `SignatureInvalid` unless the seller signed this lock, `LockWayUnsupported`.

    Whether he has the coins, and allowed them, is found out when it is tried. So is whether a
    permit is good, since another may have brought it before.
    """
    terms = escrow.terms
    if terms.token == typed.ZERO_ADDRESS and lock.way is not LockWay.DEPOSIT:
        raise LockWayUnsupported("The chain's own coin is locked out of a balance, or by yourself.")
    token = None
    if lock.way is LockWay.AUTHORIZATION:
        token = (await means.of_seller(escrow)).token
        if token is None:
            raise LockWayUnsupported(
                "The token does not tell for which domain it takes signatures."
            )
    # A permit's own signature is not looked at, so its nonce does not matter here.
    way = LockWay.ALLOWANCE if lock.way is LockWay.PERMIT else lock.way
    asked = to_sign(
        way,
        terms,
        escrow.chain_id,
        escrow.contract,
        token=token,
        permit2_nonce=lock.nonce,
    )
    await _check_digest(terms.seller, asked["signature"].digest(), lock.signature, wallets)


async def lock(tx: Transaction, escrow: Escrow, signed: SignedLock) -> bool:
    """Has the seller's signed lock, checked before, brought to the chain until its `fund_by`.

    It takes the place of one that waits; False where a transaction carries that already.
    """
    if not await intents.withdraw_lock(tx, escrow.id, "another was signed"):
        return False
    await intents.add_lock(tx, escrow.id, signed)
    return True


async def withdraw_lock(tx: Transaction, escrow: Escrow) -> bool:
    """Does not bring a signed lock any more; False where a transaction carries it already.

    Such a transaction may still come; should it fail, the lock is not tried again.
    """
    return await intents.withdraw_lock(tx, escrow.id, "withdrawn")


async def lock_again(tx: Transaction, escrow: Escrow) -> None:
    """Has a signed lock that was on the chain, and is not any more, brought to it again."""
    await intents.reopen_lock(tx, escrow.id)


async def release(tx: Transaction, escrow: Escrow, signature: bytes) -> None:
    """Has the seller's signed release, checked before, brought to the chain."""
    await intents.add(tx, escrow.id, IntentKind.RELEASE, signature, None, 0)


async def refund(tx: Transaction, escrow: Escrow, signature: bytes) -> None:
    """Has the buyer's signed refund, checked before, brought to the chain."""
    await intents.add(tx, escrow.id, IntentKind.REFUND, signature, None, 0)


async def request_cancel(tx: Transaction, escrow: Escrow, signature: bytes) -> None:
    """Has the seller's signed request, checked before, brought to the chain.

    The contract refuses it before the payment deadline; until then it waits.
    """
    not_before = (escrow.payment_deadline() or 0) + 1
    await intents.add(tx, escrow.id, IntentKind.REQUEST_CANCEL, signature, None, not_before)


async def answer_cancel(tx: Transaction, escrow: Escrow, paid_signature: bytes | None) -> None:
    """Meets a request of the seller to have the coins back that is on the chain.

    With the buyer's word that he paid, that word is brought within the challenge window; without
    it the coins go back to the seller once the window has passed.
    """
    cancel_at = escrow.reading.cancel_at
    if cancel_at is None:
        return
    if paid_signature is not None:
        await intents.add(tx, escrow.id, IntentKind.MARK_PAID, paid_signature, None, 0)
    else:
        await intents.add(tx, escrow.id, IntentKind.FINISH_CANCEL, None, None, cancel_at + 1)


async def check_settlement(
    escrow: Escrow,
    party: Party,
    share: tuple[int, int],
    signature: bytes,
    wallets: ContractSignatures,
) -> None:
    """Raises `SignatureInvalid` unless `party` signed this share.

    It is the buyer's sum (minor units) and the last chain time (unix s) at which it can be had.
    """
    digest = typed.settlement_digest(escrow.id, *share, escrow.chain_id, escrow.contract)
    await _check_digest(party.wallet(escrow.terms), digest, signature, wallets)


async def settle(tx: Transaction, escrow: Escrow, settlement: SignedSettlement) -> None:
    """Has a settlement that two parties signed, checked before, brought to the chain.

    Another one of this escrow that is not on its way yet is given up for it.
    """
    await intents.supersede_settlements(tx, escrow.id, settlement)
    await intents.add(tx, escrow.id, IntentKind.SETTLE, None, settlement, 0)


async def _check(
    escrow: Escrow,
    kind: typed.InstructionKind,
    party: Party,
    signature: bytes,
    wallets: ContractSignatures,
) -> None:
    digest = typed.instruction_digest(kind, escrow.id, escrow.chain_id, escrow.contract)
    await _check_digest(party.wallet(escrow.terms), digest, signature, wallets)


async def _check_digest(
    signer: str, digest: bytes, signature: bytes, wallets: ContractSignatures
) -> None:
    # As the contract does: a key's own signature first, then the word of a contract wallet.
    if signed_by_key(signer, digest, signature):
        return
    if not await wallets.is_valid(signer, digest, signature):
        raise SignatureInvalid(f"It has to be signed by {signer}.")

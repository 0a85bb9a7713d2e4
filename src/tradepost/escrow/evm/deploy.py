"""Puts the contract on a chain, and makes sure that what stands there is the contract.

The address follows from the code (CREATE2), so the same version has the same address on every
chain, anybody can put it there, and a development chain that lost its state gets it back where
it was.
"""

import asyncio
import logging
from dataclasses import dataclass

from eth_account import Account

from tradepost.escrow import balances, store
from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.evm.watch import reread
from tradepost.escrow.model import ChainReplaced, ContractMismatch
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings
from tradepost_contracts import artifacts
from tradepost_contracts import deploy as contracts

logger = logging.getLogger(__name__)

#: Chains whose coins are worth nothing: here a lost state is mended, elsewhere it is refused.
DEVELOPMENT_CHAIN = 31337
_WAIT_S = 120


@dataclass(frozen=True, slots=True)
class Deployment:
    """What `deploy` found or did."""

    chain_id: int
    address: str
    created: bool
    chain_was_lost: bool


async def deploy(database: Database, chain: Chain, settings: Settings) -> Deployment:
    """Records the contract of this chain, and puts it there first if it is missing.

    The relayer's account pays. Where the development chain has lost its state, all that was read
    from it is dropped: the chain's word counts. Raises `ChainReplaced` for any other chain that
    is not the recorded one, and `ContractMismatch` where other code stands at the address, or
    where trades are still open under the contract of another version.
    """
    chain_id = await chain.chain_id()
    lost = await _forget_if_lost(database, chain, chain_id)
    address = settings.escrow_address or contracts.address(artifacts.ESCROW)
    created = not await chain.code(address)
    if created:
        if settings.escrow_address is not None:
            raise ContractMismatch(f"There is no contract at {address}.")
        await _create(chain, settings, chain_id, artifacts.ESCROW)
    if chain_id == DEVELOPMENT_CHAIN:
        token = contracts.address(artifacts.DEV_TOKEN)
        wanted = {(asset.token or "").lower() for asset in settings.assets}
        if token.lower() in wanted and not await chain.code(token):
            await _create(chain, settings, chain_id, artifacts.DEV_TOKEN)
    await _check_code(chain, address)
    await _record(database, chain, chain_id, address)
    return Deployment(chain_id, address, created, lost)


async def _record(database: Database, chain: Chain, chain_id: int, address: str) -> None:
    genesis, head = await chain.block(0), await chain.head()
    assert genesis is not None, "every chain has a first block"
    async with database.transaction() as tx:
        row = await store.chain_row(tx, lock=True)
        if row is not None and row["contract"] == address:
            return
        if row is not None and await store.count_open(tx):
            raise ContractMismatch(
                f"Escrows are open at {row['contract']}: set TRADEPOST_ESCROW_ADDRESS to it until"
                " they are settled."
            )
        # No escrow of ours can be older than this exchange's use of the contract.
        await store.record_contract(tx, chain_id, address, genesis.hash, head.number)
        # What was read was in another contract.
        await balances.forget_above(tx, -1)


async def check_chain(database: Database, chain: Chain) -> None:
    """Raises `ChainReplaced` or `ContractMismatch` unless the node is the recorded one."""
    async with database.transaction() as tx:
        row = await store.chain_row(tx)
    if row is None:
        raise ContractMismatch("No contract is recorded: run `tradepost deploy`.")
    genesis = await chain.block(0)
    if await chain.chain_id() != row["chain_id"] or (
        genesis is not None and genesis.hash != row["genesis_hash"]
    ):
        raise ChainReplaced("The node follows another chain than the recorded one.")
    await _check_code(chain, row["contract"])


async def _forget_if_lost(database: Database, chain: Chain, chain_id: int) -> bool:
    async with database.transaction() as tx:
        row = await store.chain_row(tx, lock=True)
        if row is None:
            return False
        genesis = await chain.block(0)
        if (
            row["chain_id"] == chain_id
            and genesis is not None
            and genesis.hash == row["genesis_hash"]
            and await chain.code(row["contract"])
        ):
            return False
        if not chain_id == row["chain_id"] == DEVELOPMENT_CHAIN:
            raise ChainReplaced("The node follows another chain than the recorded one.")
        await store.forget_chain(tx)
        await balances.forget_above(tx, -1)
        for escrow_id in await store.escrow_ids(tx):
            await reread(tx, escrow_id, 0)
        return True


async def _check_code(chain: Chain, address: str) -> None:
    code = await chain.code(address)
    if not contracts.runtime_code_matches(artifacts.ESCROW, code):
        raise ContractMismatch(f"The code at {address} is not this version's contract.")


async def _create(
    chain: Chain, settings: Settings, chain_id: int, artifact: artifacts.Artifact
) -> None:
    account = Account.from_key(settings.relayer_key.get_secret_value())
    if not await chain.code(contracts.DEPLOYER):
        raise ContractMismatch(
            f"This chain lacks the deterministic deployer at {contracts.DEPLOYER}."
        )
    data = contracts.calldata(artifact)
    max_fee, tip = await chain.fees()
    signed = account.sign_transaction(
        {
            "type": 2,
            "chainId": chain_id,
            "nonce": await chain.nonce(account.address),
            "to": contracts.DEPLOYER,
            "value": 0,
            "data": data,
            "gas": await chain.estimate(account.address, contracts.DEPLOYER, data) * 12 // 10,
            "maxFeePerGas": max_fee,
            "maxPriorityFeePerGas": tip,
        }
    )
    await chain.send(bytes(signed.raw_transaction))
    async with asyncio.timeout(_WAIT_S):
        while (receipt := await chain.receipt(bytes(signed.hash))) is None:  # noqa: ASYNC110 - a node calls nobody back
            await asyncio.sleep(settings.poll_interval_s)
    if not receipt["status"]:
        raise ContractMismatch(f"{artifact.name} could not be created.")
    logger.info("%s is at %s", artifact.name, contracts.address(artifact))

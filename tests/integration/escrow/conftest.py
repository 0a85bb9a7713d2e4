"""An escrow's server side over a real chain, without the rooms above it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from secrets import token_hex
from typing import Any
from uuid import UUID

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from tests import worlds
from tradepost.entrypoints.dev.chain import MNEMONIC, DevChain
from tradepost.escrow import intents, service
from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.evm.deploy import deploy
from tradepost.escrow.evm.relay import Relayer
from tradepost.escrow.evm.watch import follow_once
from tradepost.escrow.model import Escrow, Intent, IntentState, Opening
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings
from tradepost_contracts import artifacts, calls
from tradepost_contracts import deploy as contracts
from tradepost_contracts.terms import InstructionKind, Terms, instruction_digest


def account(index: int) -> LocalAccount:
    """An account of the development chain, with coins."""
    Account.enable_unaudited_hdwallet_features()
    path = f"m/44'/60'/0'/0/{index}"
    found: LocalAccount = Account.from_mnemonic(MNEMONIC, account_path=path)
    return found


SELLER, BUYER = account(1), account(2)


@dataclass
class EscrowWorld:
    """A database, a node, the watcher and the relayer, each moved by hand."""

    node: DevChain
    chain: Chain
    database: Database
    settings: Settings
    relayer: Relayer
    contract: str = contracts.address(artifacts.ESCROW)

    async def catch_up(self) -> None:
        """Follows the chain to its head."""
        while await follow_once(self.database, self.chain):
            pass

    async def mine(self, count: int = 1) -> None:
        """Lets blocks pass, and follows them."""
        self.node.rpc("anvil_mine", hex(count))
        await self.catch_up()

    def reorganise(self, depth: int) -> None:
        """Puts empty blocks in place of the newest `depth`."""
        # Of another miner: anvil takes a block that comes out the same for the old one.
        self.node.rpc("anvil_setCoinbase", "0x" + token_hex(20))
        self.node.rpc("anvil_reorg", depth, [])

    async def open(
        self, amount: str = "1", payment_window_s: int = 3_600, buyer: str = BUYER.address
    ) -> Escrow:
        """Opens an escrow in the native coin."""
        await self.catch_up()
        async with self.database.transaction() as tx:
            asset = service.asset(self.settings, "ETH")
            return await service.open_escrow(
                tx,
                Opening(
                    asset.amount(amount),
                    SELLER.address,
                    buyer,
                    1_800,
                    payment_window_s,
                ),
            )

    async def send(self, sender: LocalAccount, data: bytes, value: int = 0) -> str:
        """Sends a call to the contract; returns the transaction's hash."""
        transaction = {
            "from": sender.address,
            "to": self.contract,
            "data": "0x" + data.hex(),
            "value": hex(value),
        }
        sent: str = self.node.rpc("eth_sendTransaction", transaction)
        return sent

    async def receipt(self, tx_hash: str) -> Any:
        """What became of a transaction: the node answers a sender before it has mined."""
        async with asyncio.timeout(10):
            while (found := self.node.rpc("eth_getTransactionReceipt", tx_hash)) is None:  # noqa: ASYNC110 - a node calls nobody back
                await asyncio.sleep(0.01)
        return found

    async def lock(self, terms: Terms) -> str:
        """The seller locks the coins."""
        return await self.send(SELLER, calls.lock(terms), terms.locked_amount)

    async def locked(self, count: int, buyer: str = BUYER.address) -> list[Escrow]:
        """Escrows that are locked, deep enough."""
        opened = [await self.open("0.01", buyer=buyer) for _ in range(count)]
        for escrow in opened:
            await self.lock(escrow.terms)
        await self.mine(self.settings.confirmations)
        return opened

    async def release(self, *escrows: Escrow) -> None:
        """The seller signs the coins over to the buyer, for the relayer to bring it."""
        for escrow in escrows:
            async with self.database.transaction() as tx:
                await service.release(tx, escrow, sign(SELLER, "Release", escrow))

    async def carried(self) -> list[tuple[int, list[UUID]]]:
        """Each stored transaction's nonce, with the intents that it carries, oldest first."""
        async with self.database.transaction() as tx:
            rows = await tx.all(
                """
                SELECT nonce, array_agg(intent_id ORDER BY place) AS intents
                FROM escrow_transactions JOIN escrow_carried USING (hash)
                GROUP BY hash, nonce, max_fee ORDER BY nonce, max_fee
                """
            )
        return [(row["nonce"], row["intents"]) for row in rows]

    async def get(self, escrow: Escrow) -> Escrow:
        """The escrow as the database has it."""
        async with self.database.transaction() as tx:
            return await service.get(tx, escrow.id)

    async def intents(self) -> list[Intent]:
        """All intents, oldest first."""
        async with self.database.transaction() as tx:
            rows = await tx.all("SELECT * FROM escrow_intents ORDER BY created_at")
            return [intents._intent(row) for row in rows]

    async def until_done(self) -> None:
        """Relays and mines until no intent is open any more."""
        for _ in range(40):
            await self.relayer.round()
            await self.mine()
            states = {intent.state for intent in await self.intents()}
            if not states & {IntentState.WAITING, IntentState.SENT}:
                return
        raise AssertionError(await self.intents())


def sign(signer: LocalAccount, kind: InstructionKind, escrow: Escrow) -> bytes:
    """A party's signature of an instruction."""
    digest = instruction_digest(kind, escrow.id, escrow.chain_id, escrow.contract)
    return bytes(signer.unsafe_sign_hash(Hash32(digest)).signature)


@pytest.fixture
async def world(database_url: str, chain: DevChain) -> AsyncIterator[EscrowWorld]:
    """A deployed contract on a chain of its own."""
    settings = worlds.settings(database_url, chain.url)
    client = Chain(chain.url)
    async with Database(settings, system_clock, {}) as database:
        await deploy(database, client, settings)
        relayer = Relayer(database, client, settings)
        built = EscrowWorld(chain, client, database, settings, relayer)
        await built.catch_up()
        yield built
    await client.close()

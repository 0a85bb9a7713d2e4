"""The chain's node, in the few questions the escrow asks of it."""

import asyncio
import re
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

from aiohttp import ClientError, ClientTimeout
from eth_abi.abi import encode
from eth_typing import BlockIdentifier, ChecksumAddress
from eth_utils.address import to_checksum_address
from hexbytes import HexBytes
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.exceptions import (
    BlockNotFound,
    ContractLogicError,
    TransactionNotFound,
    Web3Exception,
    Web3RPCError,
)
from web3.types import LogReceipt, RPCEndpoint, TxParams, TxReceipt

from tradepost.escrow.evm import reasons
from tradepost.escrow.model import Block, ChainNotReady, Escrow
from tradepost_contracts.calls import token_balance
from tradepost_contracts.means import Means, questions, read
from tradepost_contracts.terms import ZERO_ADDRESS

_TIMEOUT_S = 10
#: How much of what a node says about a failure is kept.
_REASON = 300
_WORD = re.compile(r"0x[0-9a-fA-F]{64}")
_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
_EIP1271_MAGIC = bytes.fromhex("1626ba7e")

Answer = TypeVar("Answer")


class Refused(Exception):
    """The contract would refuse this call; the message is its reason."""


class Rejected(Exception):
    """The node will not take this transaction; the message is its reason."""


class Chain:
    """One node, over JSON-RPC. Each method raises `ChainNotReady` where it does not answer."""

    def __init__(self, rpc_url: str) -> None:
        self._provider = AsyncHTTPProvider(
            rpc_url, request_kwargs={"timeout": ClientTimeout(total=_TIMEOUT_S)}
        )
        self._eth = AsyncWeb3(self._provider).eth

    async def close(self) -> None:
        """Gives the connections back."""
        await self._provider.disconnect()

    async def chain_id(self) -> int:
        """The chain's number (EIP-155)."""
        return await answered(self._eth.chain_id)

    async def head(self) -> Block:
        """The newest block."""
        block = await self._block("latest")
        assert block is not None, "a node has a newest block"
        return block

    async def block(self, number: int) -> Block | None:
        """The block with this number on the node's present branch, if it has one."""
        return await self._block(number)

    async def _block(self, which: BlockIdentifier) -> Block | None:
        try:
            data = await answered(self._eth.get_block(which))
        except BlockNotFound:
            return None
        return Block(
            data["number"], bytes(data["hash"]), bytes(data["parentHash"]), data["timestamp"]
        )

    async def logs(self, contract: str, first: int, last: int) -> list[LogReceipt]:
        """What the contract logged in blocks `first` to `last`, in order."""
        return await answered(
            self._eth.get_logs({"address": _address(contract), "fromBlock": first, "toBlock": last})
        )

    async def code(self, address: str) -> bytes:
        """The code at an address; empty where there is none."""
        return bytes(await answered(self._eth.get_code(_address(address))))

    async def numbers(
        self, contract: str, questions: Sequence[bytes], block_hash: bytes
    ) -> list[int | None]:
        """What the contract answers to each view that gives one number, as it was at that block.

        All go in one request. None where the node has no such answer: it may have dropped the
        block, or its state.
        """
        at = {"blockHash": "0x" + block_hash.hex(), "requireCanonical": True}
        answers = await answered(
            self._provider.make_batch_request(
                [
                    (
                        RPCEndpoint("eth_call"),
                        [{"to": _address(contract), "data": "0x" + question.hex()}, at],
                    )
                    for question in questions
                ]
            )
        )
        # One that refuses the whole batch gives a single error.
        if not isinstance(answers, list) or len(answers) != len(questions):
            return [None] * len(questions)
        return [_number(answer) for answer in answers]

    async def estimate(self, sender: str, to: str, data: bytes) -> int:
        """The gas a transaction would need; raises `Refused` where it would revert."""
        transaction: TxParams = {
            "from": _address(sender),
            "to": _address(to),
            "data": HexBytes(data),
        }
        try:
            return await answered(self._eth.estimate_gas(transaction))
        except (ContractLogicError, Web3RPCError) as error:
            # Not only a revert: a contract wallet can burn all gas, or fail in any other way.
            raise Refused(_reason(error)) from None

    async def call(self, to: str, data: bytes, sender: str = ZERO_ADDRESS) -> bytes:
        """What a call would answer now; raises `Refused` where it would fail."""
        transaction: TxParams = {
            "from": _address(sender),
            "to": _address(to),
            "data": HexBytes(data),
        }
        try:
            return bytes(await answered(self._eth.call(transaction)))
        except (ContractLogicError, Web3RPCError) as error:
            raise Refused(_reason(error)) from None

    async def of_seller(self, escrow: Escrow) -> Means:
        """By which ways the seller of an escrow can lock at present."""
        terms = escrow.terms
        asked = questions(terms, escrow.id, escrow.contract)
        answers = await asyncio.gather(
            *(self.call(one.to, one.data) for one in asked.values()), return_exceptions=True
        )
        told: dict[str, bytes | None] = {}
        for name, answer in zip(asked, answers, strict=True):
            if isinstance(answer, BaseException) and not isinstance(answer, Refused):
                raise answer
            told[name] = None if isinstance(answer, Refused) else answer
        return read(told, terms, escrow.chain_id)

    async def fees(self) -> tuple[int, int]:
        """The fee a transaction may cost at most, and its tip, in wei per unit of gas."""
        head, tip = await asyncio.gather(
            answered(self._eth.get_block("latest")), answered(self._eth.max_priority_fee)
        )
        # The base fee can double in six full blocks; what is not used is not paid.
        return 2 * int(head["baseFeePerGas"]) + int(tip), int(tip)

    async def block_gas(self) -> int:
        """How much gas a block can have at present."""
        head = await answered(self._eth.get_block("latest"))
        return int(head["gasLimit"])

    async def nonce(self, sender: str) -> int:
        """How many transactions of `sender` the newest block knows."""
        return await answered(self._eth.get_transaction_count(_address(sender), "latest"))

    async def balance(self, address: str) -> int:
        """Native coins of an address, in wei."""
        return await answered(self._eth.get_balance(_address(address)))

    async def holding(self, contract: str, token: str, block_hash: bytes) -> int | None:
        """What a contract has of a token, or of the native coin, at that block (minor units).

        None where the node has no such answer, as `numbers`.
        """
        if token != ZERO_ADDRESS:
            return (await self.numbers(token, [token_balance(contract)], block_hash))[0]
        at = {"blockHash": "0x" + block_hash.hex(), "requireCanonical": True}
        answer = await answered(
            self._provider.make_request(RPCEndpoint("eth_getBalance"), [_address(contract), at])
        )
        result = answer.get("result")
        quantity = isinstance(result, str) and _QUANTITY.fullmatch(result)
        return int(str(result), 16) if quantity else None

    async def send(self, raw: bytes) -> None:
        """Broadcasts a signed transaction; one that the node knows already is no error.

        Raises `Rejected` where the node will not take it.
        """
        try:
            await answered(self._eth.send_raw_transaction(HexBytes(raw)))
        except Web3Exception as error:
            if not any(word in str(error).lower() for word in ("already known", "already import")):
                raise Rejected(str(error)) from None

    async def receipt(self, tx_hash: bytes) -> TxReceipt | None:
        """Where a transaction was mined, if it was."""
        try:
            return await answered(self._eth.get_transaction_receipt(HexBytes(tx_hash)))
        except TransactionNotFound:
            return None

    async def is_valid(self, address: str, digest: bytes, signature: bytes) -> bool:
        """True if the contract wallet at `address` takes the signature as its own (EIP-1271).

        A wallet that fails otherwise than by a revert, by burning all gas for one, cannot be told
        from a node that fails: both are `ChainNotReady`.
        """
        if not await self.code(address):
            return False
        data = _EIP1271_MAGIC + encode(["bytes32", "bytes"], [digest, signature])
        try:
            answer = await answered(
                self._eth.call({"to": _address(address), "data": HexBytes(data)})
            )
        except ContractLogicError:
            return False
        except Web3RPCError as error:
            raise ChainNotReady from error
        return answer[:32] == _EIP1271_MAGIC.ljust(32, b"\0")


def _reason(error: Exception) -> str:
    data = getattr(error, "data", None)
    if isinstance(data, str) and data.startswith("0x"):
        return reasons.told(bytes.fromhex(data[2:]))
    return str(error)[:_REASON]


def _number(answer: Any) -> int | None:
    result = answer.get("result") if isinstance(answer, dict) else None
    if not isinstance(result, str) or not _WORD.fullmatch(result):
        return None
    return int(result, 16)


def _address(text: str) -> ChecksumAddress:
    return to_checksum_address(text)


async def answered(question: Awaitable[Answer]) -> Answer:
    """What a node answers; raises `ChainNotReady` where it does not."""
    try:
        return await question
    except (ClientError, TimeoutError, ConnectionError, OSError) as error:
        raise ChainNotReady from error

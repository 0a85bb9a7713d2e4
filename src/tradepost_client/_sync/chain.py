"""A small client of an EVM node, and the sending of a wallet's own transactions."""

import time
from time import monotonic
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from tradepost_client.errors import (
    CallReverted,
    ChainRefused,
    ChainUnreachable,
    FundsMissing,
    TransactionReplaced,
    TransactionReverted,
    Unfinished,
)
from tradepost_client.evm import (
    Block,
    BlockTag,
    Progress,
    Receipt,
    Reporter,
    Sent,
    eip1271_agrees,
    eip1271_query,
    octets,
    quantity,
    refusal,
)
from tradepost_client.policy import Retries, is_loopback
from tradepost_client.wallet import Wallet


class Chain:
    """Speaks JSON-RPC with the trader's own node.

    The node is the trader's word on the chain: an exchange's node would confirm the exchange's
    lies. Every method raises `ChainUnreachable` where the node does not answer, and `ChainRefused`
    where it refuses.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_s: float = 15.0,
        poll_s: float = 1.0,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("The node's address is not one of HTTP.")
        self._url = url
        #: For messages: the path and the user may hold a key.
        self._host = parts.hostname
        self._poll_s = poll_s
        self._retries = retries or Retries()
        #: What was sent and may not be on the chain for good, by sender and nonce.
        self._sent: dict[tuple[str, int], Sent] = {}
        self._http = httpx.Client(
            timeout=timeout_s, transport=transport, trust_env=not is_loopback(url)
        )

    @property
    def poll_s(self) -> float:
        """How long to wait between two looks at the chain."""
        return self._poll_s

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._host})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    # --- reading ---------------------------------------------------------------------------

    def chain_id(self) -> int:
        """The chain's id."""
        return quantity(self._ask("eth_chainId"))

    def head(self) -> Block:
        """The newest block."""
        block = self._ask("eth_getBlockByNumber", "latest", False)
        if not isinstance(block, dict):
            raise ChainUnreachable("The node has no block.")
        return Block(
            quantity(block.get("number")),
            quantity(block.get("timestamp")),
            quantity(block.get("baseFeePerGas", "0x0")),
        )

    def code(self, address: str) -> bytes:
        """The code at `address`; empty where there is none."""
        return octets(self._ask("eth_getCode", address, "latest"))

    def balance(self, address: str) -> int:
        """The native coin that `address` has, in wei."""
        return quantity(self._ask("eth_getBalance", address, "latest"))

    def nonce(self, address: str, block: BlockTag = "pending") -> int:
        """The number of the next transaction of `address`."""
        return quantity(self._ask("eth_getTransactionCount", address, _tag(block)))

    def call(self, to: str, data: bytes, block: BlockTag = "latest") -> bytes:
        """What the contract at `to` answers to `data`; `CallReverted` where it refuses."""
        request = {"to": to, "data": "0x" + data.hex()}
        return octets(self._ask("eth_call", request, _tag(block)))

    def wallet_agrees(self, address: str, digest: bytes, signature: bytes) -> bool:
        """True if a contract wallet at `address` takes the signature as its own (EIP-1271).

        A wallet that reverts has not agreed; one that fails otherwise raises `ChainRefused`.
        """
        if not self.code(address):
            return False
        try:
            return eip1271_agrees(self.call(address, eip1271_query(digest, signature)))
        except CallReverted:
            return False

    def receipt(self, tx_hash: str) -> Receipt | None:
        """What became of a transaction; None while it is in no block."""
        found = self._ask("eth_getTransactionReceipt", tx_hash)
        if not isinstance(found, dict) or found.get("blockNumber") is None:
            return None
        gas_used = quantity(found.get("gasUsed"))
        return Receipt(
            tx_hash=tx_hash,
            sender=to_checksum_address(str(found.get("from"))),
            block_number=quantity(found["blockNumber"]),
            succeeded=quantity(found.get("status")) == 1,
            gas_used=gas_used,
            fee=gas_used * quantity(found.get("effectiveGasPrice")),
        )

    # --- sending ---------------------------------------------------------------------------

    def estimate(self, sender: str, to: str, data: bytes, value: int) -> int:
        """The gas a transaction needs; `CallReverted` where the contract would refuse it."""
        request = {
            "from": sender,
            "to": to,
            "data": "0x" + data.hex(),
            "value": hex(value),
        }
        return quantity(self._ask("eth_estimateGas", request))

    def transact(self, wallet: Wallet, to: str, data: bytes = b"", value: int = 0) -> Sent:
        """Signs a transaction (EIP-1559) of `wallet` and hands it to the node.

        Raises:
            CallReverted: The contract would refuse it; nothing was signed.
            FundsMissing: The wallet cannot pay the value and the gas; nothing was signed.
        """
        # What is refused when the gas is estimated would cost gas and change nothing.
        gas = self.estimate(wallet.address, to, data, value)
        head = self.head()
        tip = quantity(self._ask("eth_maxPriorityFeePerGas"))
        # Twice the base fee outlasts five full blocks; what is not used is not paid.
        price = 2 * head.base_fee + tip
        limit = gas + gas // 4
        have = self.balance(wallet.address)
        if have < value + limit * price:
            raise FundsMissing(
                f"{wallet.address} has {have} wei, and may need {value + limit * price} with gas."
            )
        nonce = self.nonce(wallet.address)
        raw = wallet.sign_transaction(
            {
                "type": 2,
                "chainId": self.chain_id(),
                "nonce": nonce,
                "to": to,
                "value": value,
                "data": data,
                "gas": limit,
                "maxFeePerGas": price,
                "maxPriorityFeePerGas": tip,
            }
        )
        sent = Sent("0x" + keccak(raw).hex(), raw, wallet.address, nonce)
        self._sent[sent.sender, sent.nonce] = sent
        self._broadcast(sent)
        return sent

    def wait(
        self,
        sent: Sent,
        *,
        step: str,
        confirmations: int = 1,
        report: Reporter | None = None,
        timeout_s: float = 900.0,
    ) -> Receipt:
        """Waits until a transaction is `confirmations` blocks deep, its own block included.

        A reorganisation that takes it out of its block makes the count start again; a node that
        forgot it, or what the same wallet sent before it from here, gets that again.

        Args:
            sent: The transaction.
            step: What it is, for the reports.
            confirmations: How deep.
            report: Called whenever the number of confirmations has changed.
            timeout_s: How long to wait.

        Raises:
            TransactionReverted: It failed on the chain.
            TransactionReplaced: Another one of the wallet took its place.
            Unfinished: The time is over; the transaction may still come.
        """
        ends = monotonic() + timeout_s
        told = -1
        while True:
            receipt = self.receipt(sent.tx_hash)
            depth = 0
            if receipt is not None:
                depth = max(0, (self.head()).number - receipt.block_number + 1)
            if report is not None and depth != told:
                told = depth
                report(Progress(step, sent.tx_hash, min(depth, confirmations), confirmations))
            if receipt is not None and depth >= confirmations:
                if not receipt.succeeded:
                    raise TransactionReverted(f"The transaction {sent.tx_hash} failed.")
                return receipt
            if receipt is None:
                self._keep_alive(sent)
            if monotonic() > ends:
                raise Unfinished(f"{sent.tx_hash} has {depth} of {confirmations} confirmations.")
            time.sleep(self._poll_s)

    def arrived(self, tx_hash: str, *, timeout_s: float = 60.0) -> Receipt:
        """Waits until somebody else's transaction, such as a faucet's, is in a block.

        Raises:
            TransactionReverted: It failed on the chain.
            Unfinished: The time is over; the transaction may still come.
        """
        ends = monotonic() + timeout_s
        while (receipt := self.receipt(tx_hash)) is None:
            if monotonic() > ends:
                raise Unfinished(f"{tx_hash} is in no block yet.")
            time.sleep(self._poll_s)
        if not receipt.succeeded:
            raise TransactionReverted(f"The transaction {tx_hash} failed.")
        return receipt

    def _keep_alive(self, sent: Sent) -> None:
        used = self.nonce(sent.sender, "latest")
        if used > sent.nonce:
            if self.receipt(sent.tx_hash) is None:
                raise TransactionReplaced(f"Another transaction took the place of {sent.tx_hash}.")
            return
        # Without those before it no block can take it.
        before = [
            one
            for (sender, nonce), one in sorted(self._sent.items(), key=lambda item: item[0])
            if sender == sent.sender and used <= nonce < sent.nonce
        ]
        for one in (*before, sent):
            if self._ask("eth_getTransactionByHash", one.tx_hash) is None:
                self._broadcast(one)

    def _broadcast(self, sent: Sent) -> None:
        try:
            self._ask("eth_sendRawTransaction", "0x" + sent.raw.hex())
        except ChainRefused:
            # A repeated request finds its own transaction there: that is what was wanted.
            if self._ask("eth_getTransactionByHash", sent.tx_hash) is None:
                raise

    # --- the wire --------------------------------------------------------------------------

    def _ask(self, method: str, *params: Any) -> Any:
        # Each method used here may be repeated: a raw transaction is the same one every time.
        for failures in range(1, self._retries.tries):
            try:
                return self._ask_once(method, params)
            except ChainUnreachable:
                time.sleep(self._retries.pause_s(failures))
        return self._ask_once(method, params)

    def _ask_once(self, method: str, params: tuple[Any, ...]) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        try:
            response = self._http.post(self._url, json=body)
            content = response.json()
        except (httpx.TransportError, ValueError) as error:
            raise ChainUnreachable(
                f"The node at {self._host} does not answer ({type(error).__name__})."
            ) from None
        if isinstance(content, dict) and isinstance(content.get("error"), dict):
            raise refusal(content["error"])
        if not isinstance(content, dict) or "result" not in content:
            raise ChainUnreachable(f"The node at {self._host} answers {response.status_code}.")
        return content["result"]


def _tag(block: BlockTag) -> str:
    return hex(block) if isinstance(block, int) else block

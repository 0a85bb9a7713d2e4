"""A development chain with the escrow on it, and the people of a trade."""

from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode, encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from tradepost.entrypoints.dev.chain import rpc
from tradepost_contracts import calls, deploy, state
from tradepost_contracts.artifacts import DEV_TOKEN, ESCROW, Artifact
from tradepost_contracts.terms import ZERO_ADDRESS, Terms, escrow_id
from tradepost_contracts.typed_data import Domain, TypedData

CHAIN_ID = 31337
PRICE = 10**10
COIN = 10**18
#: Constant, and without a zero byte: the terms, their signatures and their gas never vary.
FUND_BY = 0xF1F1F1F1

# Keys made of words, so that every run has the same addresses and pays the same gas for them.
SELLER, BUYER, ARBITRATOR, FEES, RELAYER, DEPLOYER = (
    Account.from_key(keccak(text=f"tradepost test {role}"))
    for role in ("seller", "buyer", "arbitrator", "fee recipient", "relayer", "deployer")
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of a transaction."""

    succeeded: bool
    gas: int
    logs: list[dict[str, Any]]


class ContractChain:
    """Sends transactions to one node and waits for each."""

    def __init__(self, url: str) -> None:
        self.url = url
        for account in (SELLER, BUYER, ARBITRATOR, FEES, RELAYER, DEPLOYER):
            self.rpc("anvil_setBalance", account.address, hex(1_000 * COIN))
        self.escrow = self.create(ESCROW)
        self.token = self.create(DEV_TOKEN)

    def rpc(self, method: str, *params: object) -> Any:
        """Calls the node."""
        return rpc(self.url, method, *params)

    def create(self, artifact: Artifact) -> str:
        """Creates a contract by the deterministic deployer; gives its address."""
        assert self.send(DEPLOYER, deploy.DEPLOYER, deploy.calldata(artifact)).succeeded
        return deploy.address(artifact)

    def send(self, sender: LocalAccount, to: str, data: bytes, value: int = 0) -> Receipt:
        """Sends a signed transaction with plenty of gas and waits for its receipt."""
        nonce = int(self.rpc("eth_getTransactionCount", sender.address, "latest"), 16)
        signed = sender.sign_transaction(
            {
                "type": 2,
                "chainId": CHAIN_ID,
                "nonce": nonce,
                "to": to_checksum_address(to),
                "value": value,
                "data": data,
                "gas": 8_000_000,
                "maxFeePerGas": PRICE,
                "maxPriorityFeePerGas": 0,
            }
        )
        # EIP-7966: it answers once the transaction is mined, with the receipt.
        receipt = self.rpc("eth_sendRawTransactionSync", "0x" + signed.raw_transaction.hex())
        return Receipt(receipt["status"] == "0x1", int(receipt["gasUsed"], 16), receipt["logs"])

    def call(self, to: str, data: bytes) -> bytes:
        """Asks a view."""
        answer = self.rpc(
            "eth_call", {"to": to_checksum_address(to), "data": "0x" + data.hex()}, "latest"
        )
        return bytes.fromhex(answer[2:])

    def state(self, terms: Terms) -> state.State:
        """Where the escrow of these terms stands."""
        return state.decode(self.call(self.escrow, calls.state_of(terms)))

    def id(self, terms: Terms) -> bytes:
        """The escrow's id, as Python computes it."""
        return escrow_id(terms, CHAIN_ID, self.escrow)

    def held(self, token: str, account: str) -> int:
        """The balance of an account in the contract, in the smallest unit."""
        return int.from_bytes(self.call(self.escrow, calls.balance_of(token, account)))

    def terms(self, *, token: str, amount: int, fee: int = 0, number: int = 1) -> Terms:
        """Terms between the people above that can be locked until the year 2098."""
        return Terms(
            seller=SELLER.address,
            buyer=BUYER.address,
            arbitrator=ARBITRATOR.address,
            token=token,
            amount=amount,
            fee=fee,
            fee_recipient=FEES.address if fee else ZERO_ADDRESS,
            fund_by=FUND_BY,
            payment_window=1_800,
            challenge_window=3_600,
            # As an exchange numbers new lanes: six bytes, here without a zero among them.
            lane=int.from_bytes(b"\x77" * 4 + (number + 0x0101).to_bytes(2)),
        )

    def lock(self, terms: Terms) -> Receipt:
        """The seller locks; a token's approval has to be there."""
        value = terms.locked_amount if terms.token == ZERO_ADDRESS else 0
        return self.send(SELLER, self.escrow, calls.lock(terms), value)

    def token_call(self, sender: LocalAccount, name: str, types: list[str], *values: Any) -> None:
        """Calls a function of the token."""
        selector = keccak(text=f"{name}({','.join(types)})")[:4]
        assert self.send(sender, self.token, selector + encode(types, values)).succeeded

    def token_domain(self) -> Domain:
        """The token's domain, as its own view tells it (EIP-5267)."""
        types = ["bytes1", "string", "string", "uint256", "address", "bytes32", "uint256[]"]
        answer = self.call(self.token, keccak(text="eip712Domain()")[:4])
        fields, name, version, chain_id, contract, *_ = decode(types, answer)
        assert fields == b"\x0f", "the four fields that all dollar tokens have"
        return Domain(name, version, chain_id, to_checksum_address(contract))

    def time(self) -> int:
        """The newest block's."""
        return int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def balance(self, token: str, account: str) -> int:
        """What an account has, in the smallest unit."""
        if token == ZERO_ADDRESS:
            return int(self.rpc("eth_getBalance", account, "latest"), 16)
        data = keccak(text="balanceOf(address)")[:4] + encode(["address"], [account])
        return int.from_bytes(self.call(token, data))


def sign(account: LocalAccount, typed: TypedData | dict[str, Any]) -> bytes:
    """Signs as a wallet does: from the typed data it is shown, not from our digest."""
    typed_data = typed.shown() if isinstance(typed, TypedData) else typed
    return bytes(account.sign_message(encode_typed_data(full_message=typed_data)).signature)

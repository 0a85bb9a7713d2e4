"""Who plays on the stage for faults, and the trades they play: each step a bare request."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests import ways
from tests.stage import CONTRACT, DECIMALS, TOKEN, Asset
from tests.ways import Sent, Way
from tradepost_client import Wallet
from tradepost_client.models import SignedLock
from tradepost_contracts import calls
from tradepost_contracts.means import LockWay, to_sign
from tradepost_contracts.state import State, decode
from tradepost_contracts.terms import (
    InstructionKind,
    Terms,
    instruction_digest,
    settlement_digest,
)
from tradepost_contracts.typed_data import Domain

if TYPE_CHECKING:
    from tests.faults.arena import Arena

CHAIN_ID = 31337
#: What a player pays for gas; whoever pays more comes first in a block.
TIP = 10**9
HASTE = 10**10


@dataclass(slots=True)
class Player:
    """A wallet with an account and a token, and what it has ever sent."""

    arena: "Arena"
    wallet: Wallet
    token: str
    account_id: str
    #: Whether he gives coins for money; everybody else takes them.
    sells: bool = False
    #: The newest transaction of each of its nonces.
    sent: dict[int, str] = field(default_factory=dict)

    def headers(self, key: str | None = None) -> dict[str, str]:
        """What a POST of his carries."""
        return {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key or str(uuid4())}

    async def post(self, path: str, body: Any = None, key: str | None = None) -> httpx.Response:
        """A POST with his token."""
        return await self.arena.http.post(path, json=body, headers=self.headers(key))

    async def get(self, path: str) -> Any:
        """A GET with his token; what it answers, which has to be good."""
        response = await self.arena.http.get(path, headers=self.headers())
        assert response.status_code == 200, response.text
        return response.json()

    def transact(
        self,
        to: str,
        data: bytes = b"",
        value: int = 0,
        nonce: int | None = None,
        tip: int = TIP,
    ) -> str:
        """Sends a transaction of his; `nonce` may be one that another branch has used."""
        if nonce is None:
            nonce = self.nonce()
        raw = self.sign(to, data, value, nonce, tip)
        sent: str = self.arena.stage.node.rpc("eth_sendRawTransaction", raw)
        self.sent[nonce] = raw
        return sent

    def nonce(self) -> int:
        """The next one that the node would take of him."""
        node = self.arena.stage.node
        return int(node.rpc("eth_getTransactionCount", self.wallet.address, "pending"), 16)

    def sign(self, to: str, data: bytes, value: int, nonce: int, tip: int = TIP) -> str:
        """A signed transaction, for whoever wants it."""
        raw = self.wallet.sign_transaction(
            {
                "type": 2,
                "chainId": CHAIN_ID,
                "nonce": nonce,
                "to": to,
                "value": value,
                "data": data,
                # No estimate: a transaction that fails is a fault worth having.
                "gas": 1_000_000,
                "maxFeePerGas": 10**11,
                "maxPriorityFeePerGas": tip,
            }
        )
        return "0x" + raw.hex()


@dataclass(slots=True)
class Deal:
    """A trade in play."""

    arena: "Arena"
    id: str
    asset: Asset
    seller: Player
    buyer: Player
    terms: Terms
    escrow_id: bytes

    def signature(self, kind: InstructionKind, signer: Player | None = None) -> str:
        """The signature that this instruction needs, or another's of the same."""
        if signer is None:
            signer = self.seller if kind in {"Release", "Cancel"} else self.buyer
        digest = instruction_digest(kind, self.escrow_id, CHAIN_ID, CONTRACT)
        return signer.wallet.sign_digest(digest)

    def signed_lock(self, way: Way) -> SignedLock:
        """The seller's lock without a transaction of his, by a way that is `signed`."""
        assert way.signed is not None, "he signs none"
        nonce = secrets.randbits(256)
        asked = to_sign(
            way.signed,
            self.terms,
            CHAIN_ID,
            CONTRACT,
            token=Domain("Development Dollar", "1", CHAIN_ID, TOKEN),
            permit_nonce=int(self.arena.stage.call(TOKEN, _nonces(self.terms.seller)), 16),
            permit2_nonce=nonce,
        )
        signed = {name: self.seller.wallet.sign_digest(one.digest()) for name, one in asked.items()}
        numbered = way.signed is LockWay.PERMIT2
        return SignedLock(way=way.signed, nonce=str(nonce) if numbered else None, **signed)

    @property
    def until(self) -> int:
        """A last chain time of settlements that no test comes near."""
        return self.terms.fund_by + 20 * 86_400

    def share(self, signer: Player, minor: int, until: int | None = None) -> str:
        """A signature of a settlement that gives the buyer `minor` units."""
        share = minor, self.until if until is None else until
        return signer.wallet.sign_digest(
            settlement_digest(self.escrow_id, *share, CHAIN_ID, CONTRACT)
        )

    async def step(
        self, player: Player, step: str, body: Any = None, key: str | None = None
    ) -> httpx.Response:
        """A request about this trade."""
        return await player.post(f"/v1/trades/{self.id}/{step}", body, key)

    async def do(self, player: Player, step: str, body: Any = None) -> None:
        """As `step`, and it has to be taken."""
        response = await self.step(player, step, body)
        assert response.status_code == 200, response.text

    async def payment_sent(self) -> None:
        """The buyer says that he paid."""
        await self.do(self.buyer, "payment-sent", {"signature": self.signature("Paid")})

    async def release(self) -> None:
        """The seller signs the coins over."""
        await self.do(self.seller, "release", {"signature": self.signature("Release")})

    async def refund(self) -> None:
        """The buyer signs them back."""
        await self.do(self.buyer, "refund", {"signature": self.signature("Refund")})

    async def settle(self, player: Player, minor: int, until: int | None = None) -> None:
        """A party signs how to share."""
        await self.do(player, "settlement", self.settlement(player, minor, until))

    def settlement(self, player: Player, minor: int, until: int | None = None) -> dict[str, Any]:
        """What a party sends in order to give the buyer `minor` units."""
        whole = Decimal(minor).scaleb(-DECIMALS[self.asset])
        return {
            "buyer_amount": f"{whole:f}",
            "valid_until": self.until if until is None else until,
            "signature": self.share(player, minor, until),
        }

    def lock(self) -> None:
        """The seller locks the coins by himself."""
        way = ways.own(self.asset)
        self.send([*way.first(self.terms), *way.lock(self.terms)])

    async def lock_by(self, way: Way) -> None:
        """The seller locks them by any way: the exchange brings what he only signs."""
        self.send([*way.first(self.terms), *way.lock(self.terms)])
        if way.signed is not None:
            await self.hand_over(self.signed_lock(way))

    async def hand_over(self, signed: SignedLock) -> None:
        """The exchange takes a signed lock."""
        await self.do(self.seller, "lock", body_of(signed))

    def send(self, transactions: Iterable[Sent], tip: int = TIP) -> None:
        """The seller sends what a way needs."""
        for one in transactions:
            self.seller.transact(one.to, one.data, one.value, tip=tip)

    def bring(self, signed: SignedLock, tip: int = TIP) -> None:
        """A stranger has come by a signed lock, and brings it."""
        self.arena.stranger.transact(CONTRACT, ways.brought(self.terms, signed), tip=tip)

    async def shown(self) -> Any:
        """The trade as its buyer sees it."""
        return await self.buyer.get(f"/v1/trades/{self.id}")

    async def state(self) -> str:
        """Where it stands."""
        async with self.arena.stage.database.transaction() as tx:
            row = await tx.one("SELECT state FROM trades WHERE id = %s", [self.id])
        assert row is not None
        return str(row["state"])

    def on_chain(self) -> State:
        """Where its escrow stands, by the contract's own word."""
        answer = self.arena.stage.call(CONTRACT, calls.state_of(self.terms))
        return decode(bytes.fromhex(answer[2:]))


def body_of(signed: SignedLock) -> dict[str, Any]:
    """A signed lock as the API takes it."""
    return signed.model_dump(mode="json", exclude_none=True)


def _nonces(owner: str) -> bytes:
    return keccak(text="nonces(address)")[:4] + encode(["address"], [owner])

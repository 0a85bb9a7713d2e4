"""What the contract meets: tokens and recipients, honest and hostile, and what each of them has.

They do what the contracts of `contracts/test/Hostile.sol` do.
"""

from collections.abc import Callable, Hashable
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.escrow_machine.people import HALF_ORDER, authorization, ecrecover, permission

ZERO = "0x" + "00" * 20
UNLIMITED = 2**256 - 1
TOKENS = (
    "DevToken",
    "BlacklistToken",
    "FalseReturningToken",
    "FeeOnTransferToken",
    "HookToken",
    "LyingToken",
    "NonReturningToken",
)
#: Tokens that take no authorizations and no permits.
PLAIN_TOKENS = {"HookToken", "NonReturningToken"}
ACCEPT, REVERT, BURN_GAS, RETURN_BOMB, REENTER = range(5)


class World:
    """All cells: balances, accounts, lanes, moods; a journal takes changes back."""

    def __init__(self, contract: str) -> None:
        self.contract = contract
        self.now = 0
        #: What each contract is; an account that is not here has no code.
        self.codes: dict[str, str] = {contract: "escrow"}
        #: The key that each contract wallet asks.
        self.owners: dict[str, str] = {}
        self._cells: dict[tuple[Hashable, ...], Any] = {}
        self._journal: list[tuple[tuple[Hashable, ...], Any]] = []

    def get(self, *cell: Hashable) -> Any:
        return self._cells.get(cell, 0)

    def put(self, value: Any, *cell: Hashable) -> None:
        self._journal.append((cell, self._cells.get(cell, 0)))
        self._cells[cell] = value

    def add(self, value: int, *cell: Hashable) -> None:
        self.put(self.get(*cell) + value, *cell)

    def mark(self) -> int:
        return len(self._journal)

    def take_back(self, mark: int) -> None:
        while len(self._journal) > mark:
            cell, value = self._journal.pop()
            self._cells[cell] = value

    def changed(self) -> dict[tuple[Hashable, ...], Any]:
        """The cells that were written since the last `keep`, with what they held then."""
        return dict(reversed(self._journal))

    def keep(self) -> None:
        """Forgets how to take back: the step is over."""
        self._journal.clear()

    def is_token(self, account: str) -> bool:
        return self.codes.get(account) in TOKENS

    def balance(self, token: str, account: str) -> int:
        return int(self.get("balance", token, account))

    def move(self, token: str, source: str, to: str, amount: int) -> None:
        self.add(-amount, "balance", token, source)
        self.add(amount, "balance", token, to)

    def move_native(self, source: str, to: str, amount: int) -> None:
        if amount:
            self.move(ZERO, source, to, amount)

    def wallet_takes(self, signer: str, what: bytes, signature: bytes) -> bool:
        owner = self.owners.get(signer)
        return owner is not None and ecrecover(what, signature[:65]) == owner


def _error(text: str, *values: Any) -> bytes:
    types = text[text.index("(") + 1 : -1].split(",") if values else []
    return keccak(text=text)[:4] + encode(types, values)


class Reverts(Exception):
    """A token reverts, with these bytes."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data = data


def _signer(what: bytes, signature: bytes) -> str:
    """Who signed, as OpenZeppelin's recovery of 65 bytes tells it."""
    s = signature[32:64]
    if int.from_bytes(s) > HALF_ORDER:
        raise Reverts(_error("ECDSAInvalidSignatureS(bytes32)", s))
    signer = ecrecover(what, signature)
    if signer is None:
        raise Reverts(_error("ECDSAInvalidSignature()"))
    return signer


class Recipients:
    """Moves coins as each token and each recipient does it."""

    def __init__(self, world: World, inner: Callable[[Any], bool]) -> None:
        self._world = world
        self._inner = inner

    def send(self, token: str, to: str, amount: int) -> bool:
        """Whether a payout of the contract arrived; nothing has changed where it did not."""
        world = self._world
        mark = world.mark()
        if token == ZERO:
            arrived = self._send_native(to, amount)
        else:
            try:
                arrived = self._transfer(token, world.contract, to, amount)
            except Reverts:
                arrived = False
        if not arrived:
            world.take_back(mark)
        return arrived

    def authorized(
        self, token: str, source: str, amount: int, valid_before: int, nonce: bytes, by: bytes
    ) -> None:
        """Lets the contract take tokens by an authorization of EIP-3009.

        Raises:
            Reverts: The token does, with these bytes.
        """
        world = self._world
        self._has_extensions(token)
        what = authorization(token, world.contract, source, amount, valid_before, nonce)
        if len(by) == 65:
            good = _signer(what, by) == source
        else:
            good = world.wallet_takes(source, what, by)
        if not good:
            raise Reverts(_error("ERC3009InvalidSignature()"))
        if not 0 < world.now < valid_before:
            text = "ERC3009InvalidAuthorizationTime(uint256,uint256)"
            raise Reverts(_error(text, 0, valid_before))
        if world.get("used", token, source, nonce):
            text = "ERC3009UsedAuthorization(address,bytes32)"
            raise Reverts(_error(text, source, nonce))
        world.put(1, "used", token, source, nonce)
        self._transfer(token, source, world.contract, amount, is_pull=True)

    def permitted(self, token: str, owner: str, value: int, deadline: int, by: bytes) -> None:
        """Brings a permit of EIP-2612 for the contract.

        Raises:
            Reverts: The token does, with these bytes.
        """
        world = self._world
        self._has_extensions(token)
        if world.now > deadline:
            raise Reverts(_error("ERC2612ExpiredSignature(uint256)", deadline))
        nonce: int = world.get("nonce", token, owner)
        signer = _signer(permission(token, world.contract, owner, value, nonce, deadline), by)
        if signer != owner:
            raise Reverts(_error("ERC2612InvalidSigner(address,address)", signer, owner))
        world.put(nonce + 1, "nonce", token, owner)
        world.put(value, "allowance", token, owner)

    def _has_extensions(self, token: str) -> None:
        if not self._world.is_token(token) or self._world.codes[token] in PLAIN_TOKENS:
            raise Reverts(b"")

    def pull(self, token: str, source: str, amount: int) -> bytes | None:
        """Lets the contract take tokens by its allowance.

        Returns:
            None, or the bytes that it reverts with: none where the token just says no.
        """
        world, kind = self._world, self._world.codes[token]
        if kind == "LyingToken":
            return None
        if kind == "FalseReturningToken" and world.get("refusing", token):
            return b""
        try:
            self._spend_allowance(token, source, amount)
            self._transfer(token, source, world.contract, amount, is_pull=True)
        except Reverts as refusal:
            return refusal.data
        return None

    def _send_native(self, to: str, amount: int) -> bool:
        world = self._world
        kind = world.codes.get(to)
        if kind not in {None, "Wallet1271", "HostileRecipient"}:
            return False
        world.move_native(world.contract, to, amount)
        if kind != "HostileRecipient":
            return True
        mood = world.get("mood", to)
        if mood == REENTER:
            self._inner(world.get("plan", to))
        return mood in {ACCEPT, REENTER}

    def _spend_allowance(self, token: str, source: str, amount: int) -> None:
        world = self._world
        allowed = world.get("allowance", token, source)
        if world.codes[token] == "NonReturningToken":
            if allowed < amount:
                raise Reverts(_error("Panic(uint256)", 0x11))
        elif allowed == UNLIMITED:
            return
        elif allowed < amount:
            raise Reverts(
                _error(
                    "ERC20InsufficientAllowance(address,uint256,uint256)",
                    world.contract,
                    allowed,
                    amount,
                )
            )
        world.put(allowed - amount, "allowance", token, source)

    def _transfer(
        self, token: str, source: str, to: str, amount: int, *, is_pull: bool = False
    ) -> bool:
        world, kind = self._world, self._world.codes[token]
        if kind == "FalseReturningToken" and not is_pull and world.get("refusing", token):
            return False
        if kind == "NonReturningToken":
            if world.balance(token, source) < amount:
                raise Reverts(_error("Panic(uint256)", 0x11))
        else:
            if to == ZERO:
                raise Reverts(_error("ERC20InvalidReceiver(address)", to))
            if kind == "BlacklistToken" and world.get("blacklisted", token, to):
                raise Reverts(_error("Blacklisted(address)", to))
            if kind == "HookToken" and (plan := world.get("plan", token)):
                world.put(0, "plan", token)
                self._inner(plan)
            has = world.balance(token, source)
            if has < amount:
                text = "ERC20InsufficientBalance(address,uint256,uint256)"
                raise Reverts(_error(text, source, has, amount))
        world.move(token, source, to, amount)
        if source == to == world.contract:
            world.add(
                amount - (amount // 100 if kind == "FeeOnTransferToken" else 0), "stray", token
            )
        if kind == "FeeOnTransferToken":
            world.add(-(amount // 100), "balance", token, to)
        return True

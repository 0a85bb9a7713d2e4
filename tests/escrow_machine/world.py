"""What the contract meets: tokens and recipients, honest and hostile, and what each of them has.

They do what the contracts of `contracts/test/Hostile.sol` do.
"""

from collections.abc import Callable, Hashable
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.escrow_machine.people import ecrecover

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
ACCEPT, REVERT, BURN_GAS, RETURN_BOMB, REENTER = range(5)


class World:
    """All cells: balances, credits, escrows' slots, moods; a journal takes changes back."""

    def __init__(self, contract: str) -> None:
        self.contract = contract
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

    def changed(self) -> set[tuple[Hashable, ...]]:
        """The cells that were written since the last `keep`."""
        return {cell for cell, _ in self._journal}

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
    types = text[text.index("(") + 1 : -1].split(",")
    return keccak(text=text)[:4] + encode(types, values)


class _Reverts(Exception):
    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data = data


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
            except _Reverts:
                arrived = False
        if not arrived:
            world.take_back(mark)
        return arrived

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
        except _Reverts as refusal:
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
                raise _Reverts(_error("Panic(uint256)", 0x11))
        elif allowed == UNLIMITED:
            return
        elif allowed < amount:
            raise _Reverts(
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
                raise _Reverts(_error("Panic(uint256)", 0x11))
        else:
            if to == ZERO:
                raise _Reverts(_error("ERC20InvalidReceiver(address)", to))
            if kind == "BlacklistToken" and world.get("blacklisted", token, to):
                raise _Reverts(_error("Blacklisted(address)", to))
            if kind == "HookToken" and (plan := world.get("plan", token)):
                world.put(0, "plan", token)
                self._inner(plan)
            has = world.balance(token, source)
            if has < amount:
                text = "ERC20InsufficientBalance(address,uint256,uint256)"
                raise _Reverts(_error(text, source, has, amount))
        world.move(token, source, to, amount)
        if kind == "FeeOnTransferToken":
            world.add(-(amount // 100), "balance", token, to)
        return True

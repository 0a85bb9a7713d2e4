"""The model and the contract side by side: each step is done to both, then they are compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from eth_utils.crypto import keccak

from tests.escrow_machine.accounts import Call, Refused
from tests.escrow_machine.chain import (
    GAS,
    Answer,
    Chain,
    Interface,
    element,
    hostile_contracts,
    slot_of,
    word,
)
from tests.escrow_machine.model import EMPTY, LOCKING, OPEN, Model
from tests.escrow_machine.people import Terms, address
from tests.escrow_machine.world import ACCEPT, REENTER, TOKENS, UNLIMITED, ZERO

NOW = 1_800_000_000
PEOPLE = tuple(address(number) for number in range(1, 9))
#: Who starts anything that nobody else has to start.
OPERATOR = "0x" + "0e" * 20

# Where the contract keeps its two mappings, and a token its balances, allowances and nonces.
ACCOUNTS, LANES = 0, 1
BALANCES, ALLOWANCES, USED, NONCES = 0, 1, 7, 8


class Differs(AssertionError):
    """The contract did not do what the model did."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step, with all that it needs: it can be done again on another stage."""

    perform: Callable[..., None]
    arguments: tuple[Any, ...]

    def __str__(self) -> str:
        return f"{self.perform.__name__}{self.arguments}"


class Stage:
    """A fresh chain with everything deployed, and the model of it."""

    def __init__(self) -> None:
        self.chain = Chain()
        self.model = Model(self.chain.interface, self.chain.escrow)
        self.world = self.model.world
        #: Terms that were locked, by the bits of their ids; and how often each outcome came.
        self.locked: list[Terms] = []
        self._known: dict[bytes, Terms] = {}
        #: What open escrows hold and what is in balances, for each coin.
        self._owed: dict[str, int] = {}
        self.outcomes: dict[str, int] = {}
        self._interfaces: dict[str, Interface] = {}
        self.tokens = {name: self._deploy(name) for name in TOKENS}
        self.recipients = [self._deploy("HostileRecipient") for _ in range(3)]
        self.wallets = [self._deploy("Wallet1271", word(PEOPLE[n])) for n in range(2)]
        self.world.owners = dict(zip(self.wallets, PEOPLE, strict=False))
        self.accounts = [*PEOPLE, *self.recipients, *self.wallets, self.chain.escrow]
        self._give()
        self.pass_time(NOW)

    def _deploy(self, name: str, arguments: bytes = b"") -> str:
        code, interface = hostile_contracts()[name]
        deployed = self.chain.deploy(code + arguments)
        self._interfaces[deployed] = interface
        self.world.codes[deployed] = name
        return deployed

    def _give(self) -> None:
        for account in [*PEOPLE, *self.recipients, *self.wallets]:
            if account in PEOPLE:
                self.chain.give(account, 10**30)
                self.world.put(10**30, "balance", ZERO, account)
            for token in self.tokens.values():
                self.at(token, "mint", account, 2**127)
                self.world.put(2**127, "balance", token, account)
                self.approve(token, account, UNLIMITED)
        self.world.keep()

    # --- what can be done ---------------------------------------------------------------------

    def play(self, call: Call, gas: int = 0) -> None:
        """Calls the contract. With less gas than usual it may fail, and then must change nothing.

        Raises:
            Differs: It did something else than the model.
        """
        self._learn(call)
        answer = self._call(call, gas or self._enough(call))
        if gas and not answer.success:
            self._count(call.function, "starved")
            return
        if call.function == "batch" and call.arguments[0] < GAS:
            # What failed had too little gas, or would have failed with enough too.
            self.model.starved = self.chain.interface.reasons(answer.logs)
        events = len(self.model.events)
        try:
            returned, expected = self.model.call(call), True
        except Refused as refused:
            returned, expected = refused.data, False
        if answer.success != expected or (
            answer.data != returned
            and not (expected and call.caller in self.recipients)  # their `run` returns nothing
        ):
            raise Differs(f"{answer.success} {answer.data.hex()}, not {expected} {returned.hex()}")
        told = [self.chain.interface.event(name, *values) for name, values in self.model.events]
        if answer.logs != told[events:]:
            raise Differs(f"events {answer.logs}, not {self.model.events[events:]}")
        self._count(call.function, "done" if expected else f"refused {returned[:4].hex()}")
        self._count_items(call)
        self.model.events.clear()
        for done in self.model.came_back:
            self._count("back", "done" if done else "refused")
        self.model.came_back.clear()
        self._compare_changed()
        self._compare_parties(call)

    def refuse(self, caller: str, data: bytes, value: int) -> None:
        """Sends what is no proper call at all: it has to fail."""
        answer = self.chain.call(caller, self.chain.escrow, data, value)
        if answer.success:
            raise Differs(f"{data.hex()} was taken")
        self._count("refuse", "refused")

    def pass_time(self, now: int) -> None:
        """Moves the chain's time."""
        self.world.now = now
        self.chain.set_time(now)

    def be(self, recipient: str, mood: int) -> None:
        """Changes how a hostile recipient takes coins."""
        self.at(recipient, "be", mood)
        self.world.put(mood, "mood", recipient)

    def plan(self, contract: str, call: Call | None) -> None:
        """Has a hook token or a recipient make a call while it is being paid, or none."""
        data = b"" if call is None else self.encode(call)
        if contract in self.recipients:
            self.at(contract, "reenterWith", self.chain.escrow, data)
            self.be(contract, REENTER if call else ACCEPT)
        else:
            self.at(contract, "callDuringTransfer", self.chain.escrow if call else ZERO, data)
        self.world.put(call or 0, "plan", contract)
        self.world.keep()
        if call is not None:
            self._learn(call)

    def refusing(self, yes: bool) -> None:
        """Has the token that returns false do so."""
        token = self.tokens["FalseReturningToken"]
        self.at(token, "refuse", yes)
        self.world.put(yes, "refusing", token)

    def blacklist(self, account: str, yes: bool) -> None:
        """Has a token refuse an account."""
        token = self.tokens["BlacklistToken"]
        self.at(token, "blacklist", account, yes)
        self.world.put(yes, "blacklisted", token, account)

    def approve(self, token: str, account: str, amount: int) -> None:
        """Sets what the contract may take."""
        self.chain.put_slot(token, _nested(account, self.chain.escrow, ALLOWANCES), amount)
        self.world.put(amount, "allowance", token, account)

    # --- how ----------------------------------------------------------------------------------

    def encode(self, call: Call) -> bytes:
        """The calldata of a call."""
        return self.chain.interface.call(call.function, *self._plain(call.arguments))

    def _plain(self, value: Any) -> Any:
        if isinstance(value, Terms):
            return value.words()
        if isinstance(value, Call):
            return self.encode(value)
        if isinstance(value, (tuple, list)):
            return [self._plain(one) for one in value]
        return value

    def _enough(self, call: Call) -> int:
        """Gas with which nothing fails for want of it."""
        if call.function == "batch":
            gas_each, items = call.arguments
            return int(GAS + len(items) * (gas_each * 1.1 + 100_000))
        return GAS * (2 if call.function == "releaseAll" else 1)

    def at(self, contract: str, function: str, *values: Any, caller: str = OPERATOR) -> None:
        """Calls one of the contracts around the escrow, which has to succeed."""
        data = self._interfaces[contract].call(function, *values)
        if caller in self.recipients:
            contract, data = caller, self._interfaces[caller].call("run", contract, data)
            caller = OPERATOR
        answer = self.chain.call(caller, contract, data)
        assert answer.success, (function, values, answer)

    def _call(self, call: Call, gas: int) -> Answer:
        caller, to, data = call.caller, self.chain.escrow, self.encode(call)
        if caller in self.recipients:
            data = self._interfaces[caller].call("run", to, data)
            caller, to = OPERATOR, caller
        return self.chain.call(caller, to, data, call.value, gas)

    def _count(self, function: str, outcome: str) -> None:
        name = f"{function} {outcome}"
        self.outcomes[name] = self.outcomes.get(name, 0) + 1

    def _count_items(self, call: Call) -> None:
        if call.function not in {"batch", "releaseAll"}:
            return
        failed = sum(name == "CallFailed" for name, _ in self.model.events)
        every = len(call.arguments[1 if call.function == "batch" else 0])
        for outcome, count in (("done", every - failed), ("refused", failed)):
            name = f"{call.function}.item {outcome}"
            self.outcomes[name] = self.outcomes.get(name, 0) + count

    def _learn(self, call: Call) -> None:
        """Keeps the terms of an escrow that may be locked, also within a batch or a hook."""
        for item in call.arguments[1] if call.function == "batch" else ():
            if isinstance(item, Call):
                self._learn(item)
        if call.function in LOCKING:
            self._known.setdefault(call.arguments[0].id(self.chain.escrow)[:26], call.arguments[0])

    # --- the comparison -----------------------------------------------------------------------

    def _compare_changed(self) -> None:
        coins = set()
        for cell, before in self.world.changed().items():
            self._compare(cell)
            if cell[0] == "lane":
                self._note((before or EMPTY).id_bits, (self.world.get(*cell) or EMPTY).id_bits)
            for value, sign in ((before, -1), (self.world.get(*cell), 1)):
                coin, owed = self._owes(cell, value)
                self._owed[coin] = self._owed.get(coin, 0) + sign * owed
                coins.add(coin)
        self.world.keep()
        for coin in coins - {""}:
            self._compare_coin(coin)

    def _note(self, before: bytes, after: bytes) -> None:
        """Lists the terms that were locked just now."""
        if before != after:
            self.locked.append(self._known[after])

    def _owes(self, cell: Sequence[Any], value: Any) -> tuple[str, int]:
        """What a cell obliges the contract to, and in which coin."""
        kind, *key = cell
        if kind in {"account", "stray"}:
            return key[0], value
        if kind == "balance" and key[1] == self.chain.escrow:
            return key[0], 0
        if kind == "lane" and value and value.status in OPEN:
            terms = self._known[value.id_bits]
            return terms.token, terms.amount + terms.fee
        return "", 0

    def _compare_coin(self, coin: str) -> None:
        """Conservation: what open escrows hold, what is in balances, what it sent to itself."""
        has = self.world.balance(coin, self.chain.escrow)
        if has != self._owed.get(coin, 0):
            raise Differs(f"the contract has {has} of {coin}, and owes {self._owed.get(coin, 0)}")

    def _compare_parties(self, call: Call) -> None:
        """All that the people of a call have, whether it should have changed or not."""
        terms = next((one for one in call.arguments if isinstance(one, Terms)), None)
        if terms is None or terms.dirt[1]:
            return
        self._compare(("lane", terms.seller, terms.token, terms.lane))
        for account in {
            terms.seller,
            terms.buyer,
            terms.arbitrator,
            terms.fee_recipient,
            call.caller,
            self.chain.escrow,
        }:
            self._compare(("balance", terms.token, account))
            self._compare(("account", terms.token, account))

    def compare_all(self) -> None:
        """Compares every lane, balance and account there is.

        Raises:
            Differs: One is not what it is in the model, or coins have come up or gone.
        """
        for place in {(terms.seller, terms.token, terms.lane) for terms in self.locked}:
            self._compare(("lane", *place))
        everybody = [*self.accounts, *self.tokens.values(), ZERO]
        for token in [ZERO, *self.tokens.values()]:
            for account in everybody:
                self._compare(("balance", token, account))
                self._compare(("account", token, account))
            self._compare_coin(token)

    def _compare(self, cell: Sequence[Any]) -> None:
        kind, *key = cell
        expected = self.world.get(*cell)
        if kind == "lane":
            place = keccak(word(key[0]) + word(key[1]) + key[2].to_bytes(32))
            found = self.chain.slot(self.chain.escrow, element(place, LANES))
            expected = expected.word() if expected else 0
        elif kind in {"account", "withdrawals"}:
            packed = self.chain.slot(self.chain.escrow, _nested(key[0], key[1], ACCOUNTS))
            found = packed >> 192 if kind == "withdrawals" else packed & (1 << 192) - 1
        elif kind == "balance" and key[0] == ZERO:
            found = self.chain.coins(key[1])
        elif kind == "balance":
            found = self.chain.slot(key[0], element(word(key[1]), BALANCES))
        elif kind == "allowance":
            found = self.chain.slot(key[0], _nested(key[1], self.chain.escrow, ALLOWANCES))
        elif kind == "used":
            inner = element(word(key[1]), USED).to_bytes(32)
            found = self.chain.slot(key[0], slot_of(key[2], inner))
        elif kind == "nonce":
            found = self.chain.slot(key[0], element(word(key[1]), NONCES))
        else:  # moods and plans are the machine's own
            return
        if found != expected:
            raise Differs(f"{cell} is {found}, not {expected}")


@lru_cache(maxsize=16384)
def _nested(outer: str, inner: str, slot: int) -> int:
    return slot_of(word(inner), element(word(outer), slot).to_bytes(32))

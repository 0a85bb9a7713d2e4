"""The model and the contract side by side: each step is done to both, then they are compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.escrow_machine.chain import (
    GAS,
    Answer,
    Chain,
    Interface,
    element,
    hostile_contracts,
    word,
)
from tests.escrow_machine.model import Call, Model, Refused
from tests.escrow_machine.people import Terms, address
from tests.escrow_machine.world import TOKENS, UNLIMITED, ZERO

NOW = 1_800_000_000
PEOPLE = tuple(address(number) for number in range(1, 9))
#: Who starts anything that nobody else has to start.
OPERATOR = "0x" + "0e" * 20

# Where the contract keeps its two mappings, and every token its balances and allowances.
STATES, CREDITS = 0, 1
BALANCES, ALLOWANCES = 0, 1


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
        #: Terms that were locked, and how often each outcome came.
        self.locked: list[Terms] = []
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
        # DevToken is what most of the hostile tokens are made of; honest is the one that refuses
        # nobody, so it stands for it.
        code, interface = hostile_contracts()["BlacklistToken" if name == "DevToken" else name]
        deployed = self.chain.deploy(code + arguments)
        self._interfaces[deployed] = interface
        self.world.codes[deployed] = name
        return deployed

    def _give(self) -> None:
        for account in [*PEOPLE, *self.recipients]:
            if account in PEOPLE:
                self.chain.give(account, 10**30)
                self.world.put(10**30, "balance", ZERO, account)
            for token in self.tokens.values():
                self.at(token, "mint", account, 2**127)
                self.world.put(2**127, "balance", token, account)
                self.approve(token, account, UNLIMITED)
        self.world.keep()

    # --- what can be done ---------------------------------------------------------------------

    def play(self, call: Call, gas: int = GAS) -> None:
        """Calls the contract. With less gas than usual it may fail, and then must change nothing.

        Raises:
            Differs: It did something else than the model.
        """
        answer = self._call(call, gas)
        if gas < GAS and not answer.success:
            return self._count(call.function, "starved")
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
        self.model.events.clear()
        self._count(call.function, "done" if expected else f"refused {returned[:4].hex()}")
        if expected and call.function == "lock":
            self.locked.append(call.arguments[0])
        self._compare_changed()
        return None

    def refuse(self, caller: str, data: bytes, value: int) -> None:
        """Sends what is no proper call at all: it has to fail."""
        answer = self.chain.call(caller, self.chain.escrow, data, value)
        if answer.success:
            raise Differs(f"{data.hex()} was taken")
        self._count("refuse", "refused")

    def pass_time(self, now: int) -> None:
        """Moves the chain's time."""
        self.model.now = now
        self.chain.set_time(now)

    def be(self, recipient: str, mood: int) -> None:
        """Changes how a hostile recipient takes coins."""
        self.at(recipient, "be", mood)
        self.world.put(mood, "mood", recipient)

    def plan(self, contract: str, call: Call) -> None:
        """Has a hook token or a recipient make a call while it is being paid."""
        data = self.encode(call)
        if contract in self.recipients:
            self.at(contract, "reenterWith", self.chain.escrow, data)
            self.world.put(4, "mood", contract)
        else:
            self.at(contract, "callDuringTransfer", self.chain.escrow, data)
        self.world.put(call, "plan", contract)

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
        self.at(token, "approve", self.chain.escrow, amount, caller=account)
        self.world.put(amount, "allowance", token, account)

    # --- how ----------------------------------------------------------------------------------

    def encode(self, call: Call) -> bytes:
        """The calldata of a call."""
        return self.chain.interface.call(call.function, *_plain(call.arguments))

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

    # --- the comparison -----------------------------------------------------------------------

    def _compare_changed(self) -> None:
        for cell in self.world.changed():
            self._compare(cell)
        self.world.keep()

    def compare_all(self) -> None:
        """Compares every escrow, balance and credit there is.

        Raises:
            Differs: One is not what it is in the model.
        """
        for terms in self.locked:
            self._compare(("state", terms.id(self.chain.escrow)))
        everybody = [*self.accounts, *self.tokens.values(), ZERO]
        for token in [ZERO, *self.tokens.values()]:
            for account in everybody:
                self._compare(("balance", token, account))
                self._compare(("credit", token, account))

    def _compare(self, cell: Sequence[Any]) -> None:
        kind, *key = cell
        if kind == "state":
            found = self.chain.slot(self.chain.escrow, element(key[0], STATES))
        elif kind == "credit":
            found = self.chain.slot(self.chain.escrow, _nested(key[0], key[1], CREDITS))
        elif kind == "balance" and key[0] == ZERO:
            found = self.chain.coins(key[1])
        elif kind == "balance":
            found = self.chain.slot(key[0], element(word(key[1]), BALANCES))
        elif kind == "allowance":
            found = self.chain.slot(key[0], _nested(key[1], self.chain.escrow, ALLOWANCES))
        else:  # moods and plans are the machine's own
            return
        expected = self.world.get(*cell)
        if found != expected:
            raise Differs(f"{cell} is {found}, not {expected}")


def _plain(value: Any) -> Any:
    if isinstance(value, Terms):
        return value.values()
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    return value


def _nested(outer: str, inner: str, slot: int) -> int:
    return element(word(inner), element(word(outer), slot))

"""Gas: what trades cost on the chain, exactly, from the receipts of a development node.

Warm is the third trade of a pair in a lane that was used before, with the approval given; cold is
the first trade of two people and a lane. Other coins lie in the contract. The amounts are 100
dollars and 0.1 native coins.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from tests.integration.contracts.harness import (
    ARBITRATOR,
    BUYER,
    CHAIN_ID,
    COIN,
    RELAYER,
    SELLER,
    ContractChain,
    sign,
)
from tradepost.entrypoints.dev.chain import DevChain
from tradepost_contracts import calls, locking
from tradepost_contracts.terms import (
    ZERO_ADDRESS,
    Terms,
    typed_data_instruction,
    typed_data_settlement,
)

DOLLARS = 100 * 10**6
NATIVE = COIN // 10
#: 0.5 %
_FEE_PART = 200
_GAS_EACH = 1_000_000
#: Chain times without a zero byte, a step apart in each, so that no gas varies with the time.
_BEGIN, _STEP = 0x71010101, 0x00010101
BATCHES = (1, 10, 50)

_Step = Callable[[Terms], int]

#: What is to be reached, of `measure`'s figures.
GOALS = {
    "erc20_warm_2step": 110_700,
    "native_warm_2step": 82_700,
    "erc20_three_steps": 142_008,
    "fee_extra": 3_000,
    "erc20_cold_3009": 158_800,
    "batch10_release": 21_700,
    "dispute_ruling": 53_358,
    "deposit_alone": 75_000,
    "deposit_batch10": 45_000,
}


def run(*, as_json: bool) -> dict[str, float]:
    """Measures on a fresh chain; prints the figures beside their goals unless `as_json`."""
    with _chain() as chain:
        figures = measure(chain)
    if not as_json:
        for name, gas in figures.items():
            goal = GOALS.get(name)
            print(f"{name:<44}{gas:>10,}" + (f"   goal {goal:,}" if goal else ""))
    return dict(figures)


@contextmanager
def _chain() -> Iterator[ContractChain]:
    # The hard fork of the peers' figures.
    with DevChain(options=("--hardfork=prague",)) as node:
        yield ContractChain(node.url)


def measure(chain: ContractChain) -> dict[str, int]:
    """Plays the trades on a chain where nothing has happened yet; gas by name of the figure."""
    return _Measurement(chain).figures()


class _Measurement:
    """Trades on one chain: each moves the time on, so that lanes are free again."""

    def __init__(self, chain: ContractChain) -> None:
        self._chain = chain
        self._epoch = 0
        self._pass()
        self._spare(10**12)
        self._token(SELLER, "approve", chain.escrow, 2**256 - 1)
        # Coins of others lie in the contract while anything is measured.
        self._lock(self._terms(chain.token, DOLLARS, lane=0x7001))
        self._lock(self._terms(ZERO_ADDRESS, NATIVE, lane=0x7002))

    def figures(self) -> dict[str, int]:
        token = self._chain.token
        erc20, erc20_fee = (self._warm(token, DOLLARS, fee=fee) for fee in (False, True))
        native, native_fee = (self._warm(ZERO_ADDRESS, NATIVE, fee=fee) for fee in (False, True))
        batch10 = self._releases(10, fee=False)
        return {
            "erc20_warm_2step": sum(erc20),
            "native_warm_2step": sum(native),
            "erc20_three_steps": sum(erc20) + self._step(token, DOLLARS, self._mark_paid),
            "fee_extra": sum(erc20_fee) - sum(erc20),
            "erc20_cold_3009": self._cold(),
            "batch10_release": batch10,
            "dispute_ruling": self._step(token, DOLLARS, self._rule),
            "deposit_alone": self._from_deposit(1),
            "deposit_batch10": self._from_deposit(10),
            "native_fee_extra": sum(native_fee) - sum(native),
            "batch10_fee_extra": self._releases(10, fee=True) - batch10,
            **self._steps("erc20", token, DOLLARS, erc20),
            **self._steps("native", ZERO_ADDRESS, NATIVE, native),
            **self._locks(),
            **self._batches(),
        }

    def _steps(self, name: str, coin: str, amount: int, warm: tuple[int, int]) -> dict[str, int]:
        """Each way on from a warm lock, and the lock in a new lane."""
        ways: dict[str, _Step] = {
            "release_by_sig": self._release_by_sig,
            "refund": lambda terms: self._send(BUYER, calls.refund(terms)),
            "mark_paid": self._mark_paid,
            "settle_all": lambda terms: self._settle(terms, terms.amount),
            "settle_halves": lambda terms: self._settle(terms, terms.amount // 2),
        }
        new = self._lock(self._terms(coin, amount, lane=0x7003 + len(name)))
        self._pass()
        figures = {
            f"{name}_lock": warm[0],
            f"{name}_lock_new_lane": new,
            f"{name}_release": warm[1],
        }
        for way, step in ways.items():
            figures[f"{name}_{way}"] = self._step(coin, amount, step)
        return figures

    def _locks(self) -> dict[str, int]:
        """The ways to lock that the relayer pays for, in a used lane."""
        self._token(SELLER, "mint", SELLER.address, 10 * DOLLARS)
        figures = {}
        ways = {
            "lock_by_sig": self._lock_by_sig,
            "lock_with_authorization": self._lock_with_authorization,
            "lock_from_deposit": self._lock_from_deposit,
        }
        self._deposited(0)
        for name, way in ways.items():
            terms = self._terms(self._chain.token, DOLLARS)
            figures[name] = self._send(RELAYER, way(terms))
            self._send(BUYER, calls.refund(terms))
            self._pass()
        figures["deposit"] = self._send(
            SELLER, calls.deposit(self._chain.token, SELLER.address, DOLLARS)
        )
        figures["withdraw"] = self._send(
            SELLER, calls.withdraw(self._chain.token, DOLLARS, SELLER.address)
        )
        return figures

    def _batches(self) -> dict[str, int]:
        figures = {}
        for number in BATCHES:
            locks, releases = self._apart(number)
            figures[f"deposit_lock_of_{number}"] = locks
            figures[f"release_of_{number}"] = releases
        return figures

    # --- what is measured ------------------------------------------------------------------

    def _warm(self, coin: str, amount: int, *, fee: bool) -> tuple[int, int]:
        gas = (0, 0)
        for _ in range(3):
            terms = self._terms(coin, amount, fee=fee)
            gas = self._lock(terms), self._send(SELLER, calls.release(terms))
            self._pass()
        return gas

    def _step(self, coin: str, amount: int, step: _Step) -> int:
        """One step on a fresh lock; what is open after it is released."""
        terms = self._terms(coin, amount)
        self._lock(terms)
        gas = step(terms)
        if step == self._mark_paid:
            self._send(SELLER, calls.release(terms))
        self._pass()
        return gas

    def _cold(self) -> int:
        """A seller and a buyer who were never here; the seller's lock is relayed."""
        seller, buyer = (Account.from_key(keccak(text=f"tradepost cold {n}")) for n in (1, 2))
        self._token(SELLER, "mint", seller.address, DOLLARS * 2)
        self._chain.rpc("anvil_setBalance", seller.address, hex(COIN))
        terms = replace(
            self._terms(self._chain.token, DOLLARS), seller=seller.address, buyer=buyer.address
        )
        gas = self._send(RELAYER, self._lock_with_authorization(terms, seller))
        gas += self._send(seller, calls.release(terms))
        self._pass()
        return gas

    def _releases(self, number: int, *, fee: bool) -> int:
        """Releases by signature in one transaction, gas for each."""
        trades = [
            self._terms(self._chain.token, DOLLARS, lane=lane, fee=fee)
            for lane in range(1, number + 1)
        ]
        if fee:
            # The fee recipient's balance has been written before.
            self._warm(self._chain.token, DOLLARS, fee=True)
            trades = [replace(terms, fund_by=self._fund_by()) for terms in trades]
        for terms in trades:
            self._lock(terms)
        gas = self._release_all(trades)
        self._pass()
        return gas // number

    def _from_deposit(self, number: int) -> int:
        """Lock and release in one transaction, gas for each trade."""
        gas = 0
        for _ in range(2):
            trades = self._deposited(number)
            steps = [self._lock_from_deposit(terms) for terms in trades]
            steps += [self._release(terms) for terms in trades]
            gas = self._batch(steps)
            self._pass()
        return gas // number

    def _apart(self, number: int) -> tuple[int, int]:
        """Locks in one transaction and releases in another, gas for each."""
        gas = (0, 0)
        for _ in range(2):
            trades = self._deposited(number)
            gas = (
                self._batch([self._lock_from_deposit(terms) for terms in trades]),
                self._release_all(trades),
            )
            self._pass()
        return gas[0] // number, gas[1] // number

    # --- steps -----------------------------------------------------------------------------

    def _mark_paid(self, terms: Terms) -> int:
        return self._send(BUYER, calls.mark_paid(terms))

    def _release_by_sig(self, terms: Terms) -> int:
        return self._send(RELAYER, self._release(terms))

    def _rule(self, terms: Terms) -> int:
        """A dispute costs nothing on the chain; the arbitrator brings the winner's signature."""
        return self._settle(terms, terms.amount, by=ARBITRATOR)

    def _settle(self, terms: Terms, buyer_amount: int, by: LocalAccount = RELAYER) -> int:
        until = terms.fund_by
        typed = typed_data_settlement(
            self._chain.id(terms), buyer_amount, until, CHAIN_ID, self._chain.escrow
        )
        ruling = b"" if by == ARBITRATOR else sign(ARBITRATOR, typed)
        data = calls.settle(
            terms, buyer_amount, until, "arbitrator", ruling, "buyer", sign(BUYER, typed)
        )
        return self._send(by, data)

    def _lock_by_sig(self, terms: Terms) -> bytes:
        typed = locking.lock("Lock", terms, CHAIN_ID, self._chain.escrow)
        return calls.lock_by_sig(terms, sign(SELLER, typed))

    def _lock_with_authorization(self, terms: Terms, seller: LocalAccount = SELLER) -> bytes:
        token = self._chain.token_domain()
        typed = locking.lock_authorization(terms, token, self._chain.escrow)
        return calls.lock_with_authorization(terms, sign(seller, typed))

    def _deposited(self, number: int) -> list[Terms]:
        data = calls.deposit(self._chain.token, SELLER.address, DOLLARS * (number + 1))
        self._send(SELLER, data)
        return [self._terms(self._chain.token, DOLLARS, lane=lane) for lane in range(1, number + 1)]

    def _lock_from_deposit(self, terms: Terms) -> bytes:
        typed = locking.lock("LockFromDeposit", terms, CHAIN_ID, self._chain.escrow)
        return calls.lock_from_deposit(terms, sign(SELLER, typed))

    def _release(self, terms: Terms) -> bytes:
        return calls.release_by_sig(terms, self._release_signature(terms))

    def _release_signature(self, terms: Terms) -> bytes:
        chain = self._chain
        typed = typed_data_instruction("Release", chain.id(terms), CHAIN_ID, chain.escrow)
        return sign(SELLER, typed)

    def _release_all(self, trades: Sequence[Terms]) -> int:
        """Releases as the relayer sends them: one as it is, many together."""
        if len(trades) == 1:
            return self._send(RELAYER, self._release(trades[0]))
        signatures = b"".join(self._release_signature(terms) for terms in trades)
        return self._send(RELAYER, calls.release_all(trades, signatures))

    def _batch(self, steps: Sequence[bytes]) -> int:
        """Sends calls as one; a single one goes as it is, as the relayer sends it."""
        data = steps[0] if len(steps) == 1 else calls.batch(_GAS_EACH, steps)
        return self._send(RELAYER, data)

    def _lock(self, terms: Terms) -> int:
        receipt = self._chain.lock(terms)
        assert receipt.succeeded, receipt
        return receipt.gas

    def _send(self, sender: LocalAccount, data: bytes) -> int:
        receipt = self._chain.send(sender, self._chain.escrow, data)
        assert receipt.succeeded, receipt
        failed = keccak(text="CallFailed(uint256,bytes)").hex()
        assert all(log["topics"][0][2:] != failed for log in receipt.logs), receipt
        return receipt.gas

    def _terms(self, coin: str, amount: int, *, lane: int = 1, fee: bool = False) -> Terms:
        terms = self._chain.terms(
            token=coin, amount=amount, fee=amount // _FEE_PART if fee else 0, number=lane
        )
        return replace(terms, fund_by=self._fund_by())

    def _fund_by(self) -> int:
        return _BEGIN + self._epoch * _STEP - 1

    def _pass(self) -> None:
        """The trades' time to lock passes, so that their lanes are free."""
        self._chain.rpc("evm_setNextBlockTimestamp", self._fund_by() + 1)
        self._chain.rpc("evm_mine")
        self._epoch += 1

    def _spare(self, amount: int) -> None:
        for account in (SELLER, BUYER):
            self._token(SELLER, "mint", account.address, amount)

    def _token(self, sender: LocalAccount, name: str, address: str, amount: int) -> None:
        self._chain.token_call(sender, name, ["address", "uint256"], address, amount)

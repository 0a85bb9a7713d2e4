"""Gas: what trades cost on the chain, exactly, from the receipts of a development node.

Warm is the third trade of a pair in a lane that was used before, with the approval given; cold is
the first trade of two people and a lane. Other coins lie in the contract. The amounts are 100
dollars and 0.1 native coins.
"""

from collections.abc import Iterator, Sequence
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
        erc20, erc20_fee = (self._warm(self._chain.token, DOLLARS, fee) for fee in (False, True))
        native, native_fee = (self._warm(ZERO_ADDRESS, NATIVE, fee) for fee in (False, True))
        lock, release = erc20
        figures = {
            "erc20_warm_2step": lock + release,
            "native_warm_2step": sum(native),
            "erc20_three_steps": self._three_steps(),
            "fee_extra": sum(erc20_fee) - sum(erc20),
            "erc20_cold_3009": self._cold(),
            "batch10_release": self._releases(10, fee=False),
            "dispute_ruling": self._ruling(),
            "deposit_alone": self._from_deposit(1),
            "deposit_batch10": self._from_deposit(10),
        }
        more = {
            "erc20_lock": lock,
            "erc20_release": release,
            "native_lock": native[0],
            "native_release": native[1],
            "native_fee_extra": sum(native_fee) - sum(native),
            "batch10_fee_extra": self._releases(10, fee=True) - figures["batch10_release"],
        }
        for number in BATCHES:
            more[f"batch{number}_release_of_{number}"] = self._releases(number, fee=False)
            locks, releases = self._apart(number)
            more[f"deposit_lock_of_{number}"] = locks
            more[f"deposit_release_of_{number}"] = releases
        return figures | more

    # --- what is measured ------------------------------------------------------------------

    def _warm(self, coin: str, amount: int, fee: bool) -> tuple[int, int]:
        gas = (0, 0)
        for _ in range(3):
            terms = self._terms(coin, amount, fee=fee)
            gas = self._lock(terms), self._send(SELLER, calls.release(terms))
            self._pass()
        return gas

    def _three_steps(self) -> int:
        terms = self._terms(self._chain.token, DOLLARS)
        gas = self._lock(terms)
        gas += self._send(BUYER, calls.mark_paid(terms))
        gas += self._send(SELLER, calls.release(terms))
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
        token = self._chain.token_domain()
        typed = locking.lock_authorization(terms, token, self._chain.escrow)
        gas = self._send(RELAYER, calls.lock_with_authorization(terms, sign(seller, typed)))
        gas += self._send(seller, calls.release(terms))
        self._pass()
        return gas

    def _ruling(self) -> int:
        """The dispute costs nothing on the chain; the arbitrator brings the buyer's signature."""
        terms = self._terms(self._chain.token, DOLLARS)
        self._lock(terms)
        until = terms.fund_by
        typed = typed_data_settlement(
            self._chain.id(terms), terms.amount, until, CHAIN_ID, self._chain.escrow
        )
        gas = self._send(
            ARBITRATOR,
            calls.settle(
                terms, terms.amount, until, "arbitrator", b"", "buyer", sign(BUYER, typed)
            ),
        )
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

    def _deposited(self, number: int) -> list[Terms]:
        data = calls.deposit(self._chain.token, SELLER.address, DOLLARS * (number + 1))
        self._send(SELLER, data)
        return [
            self._terms(self._chain.token, DOLLARS, lane=lane) for lane in range(1, number + 1)
        ]

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

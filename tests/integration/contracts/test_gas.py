"""What each step costs, exactly, from the receipts of a node.

The numbers are of the third trade of a pair: the parties have coins, the approval is given, other
coins lie in the escrow. A change of one unit fails, so that nobody pays more by accident; one
that pays less is written down here.
"""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.integration.contracts.harness import (
    ARBITRATOR,
    BUYER,
    CHAIN_ID,
    COIN,
    RELAYER,
    SELLER,
    ContractChain,
    Receipt,
    sign,
)
from tradepost_contracts import calls
from tradepost_contracts.terms import (
    ZERO_ADDRESS,
    Terms,
    typed_data_instruction,
    typed_data_settlement,
)

Step = Callable[[ContractChain, Terms], Receipt]


def release(chain: ContractChain, terms: Terms) -> Receipt:
    return chain.send(SELLER, chain.escrow, calls.release(terms))


def refund(chain: ContractChain, terms: Terms) -> Receipt:
    return chain.send(BUYER, chain.escrow, calls.refund(terms))


def mark_paid(chain: ContractChain, terms: Terms) -> Receipt:
    return chain.send(BUYER, chain.escrow, calls.mark_paid(terms))


def release_by_sig(chain: ContractChain, terms: Terms) -> Receipt:
    typed = typed_data_instruction("Release", chain.id(terms), CHAIN_ID, chain.escrow)
    return chain.send(RELAYER, chain.escrow, calls.release_by_sig(terms, sign(SELLER, typed)))


def settle(share: float) -> Step:
    def step(chain: ContractChain, terms: Terms) -> Receipt:
        amount = int(terms.amount * share)
        typed = typed_data_settlement(chain.id(terms), amount, CHAIN_ID, chain.escrow)
        signatures = sign(BUYER, typed), sign(ARBITRATOR, typed)
        return chain.send(
            RELAYER,
            chain.escrow,
            calls.settle(terms, amount, "buyer", signatures[0], "arbitrator", signatures[1]),
        )

    return step


@pytest.fixture(scope="module")
def warm(chain: ContractChain) -> ContractChain:
    """A chain on which every slot that a trade touches has been written before."""
    chain.token_call(SELLER, "mint", ["address", "uint256"], SELLER.address, 10**12)
    chain.token_call(SELLER, "approve", ["address", "uint256"], chain.escrow, 2**256 - 1)
    for token, amount in ((chain.token, 100 * 10**6), (ZERO_ADDRESS, COIN // 10)):
        for salt in (1, 2):
            terms = chain.terms(token=token, amount=amount, fee=amount // 200, salt=salt)
            assert chain.lock(terms).succeeded
            if salt == 1:
                assert release(chain, terms).succeeded
    return chain


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    """Salts that no other trade of this module has."""
    return count(3)


FEE = 200  # the amount's part: 0.5 %


@pytest.mark.parametrize(
    ("coin", "fee_part", "step", "lock_gas", "step_gas"),
    [
        pytest.param("token", 0, release, 70_336, 47_378, id="token: release"),
        pytest.param("token", FEE, release, 70_571, 52_971, id="token: release with a fee"),
        pytest.param("token", 0, release_by_sig, 70_336, 53_059, id="token: release by signature"),
        pytest.param("token", 0, refund, 70_336, 47_469, id="token: refund"),
        pytest.param("token", 0, mark_paid, 70_336, 31_372, id="token: mark paid"),
        pytest.param("token", 0, settle(1.0), 70_336, 60_261, id="token: all to the buyer"),
        pytest.param("token", 0, settle(0.5), 70_336, 68_398, id="token: halves"),
        pytest.param("native", 0, release, 50_724, 41_161, id="native: release"),
        pytest.param("native", FEE, release, 50_995, 46_790, id="native: release with a fee"),
        pytest.param("native", 0, release_by_sig, 50_724, 46_854, id="native: by signature"),
        pytest.param("native", 0, refund, 50_724, 41_252, id="native: refund"),
        pytest.param("native", 0, mark_paid, 50_724, 31_168, id="native: mark paid"),
        pytest.param("native", 0, settle(1.0), 50_724, 54_092, id="native: all to the buyer"),
        pytest.param("native", 0, settle(0.5), 50_724, 63_468, id="native: halves"),
    ],
)
def test_gas(
    warm: ContractChain,
    numbers: Iterator[int],
    coin: str,
    fee_part: int,
    step: Step,
    lock_gas: int,
    step_gas: int,
) -> None:
    amount = 100 * 10**6 if coin == "token" else COIN // 10
    terms = warm.terms(
        token=warm.token if coin == "token" else ZERO_ADDRESS,
        amount=amount,
        fee=amount // fee_part if fee_part else 0,
        salt=next(numbers),
    )
    locked = warm.lock(terms)
    done = step(warm, terms)
    assert locked.succeeded, locked
    assert done.succeeded, done
    assert (locked.gas, done.gas) == (lock_gas, step_gas)

"""What each step costs, exactly, from the receipts of a node.

The numbers are of the third trade of a pair: the parties have coins, the approval is given, other
coins lie in the escrow. A change of one unit fails, so that nobody pays more by accident; one
that pays less is written down here.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.integration.contracts.harness import (
    ARBITRATOR,
    BUYER,
    CHAIN_ID,
    COIN,
    FUND_BY,
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


#: What a lock saves in a lane that was used before: it writes to a slot that is not zero, for 5,000
#: instead of 22,100, less what it takes to see that the lane is free.
USED_LANE = 17_005


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
        amount, until = int(terms.amount * share), FUND_BY
        typed = typed_data_settlement(chain.id(terms), amount, until, CHAIN_ID, chain.escrow)
        signatures = sign(BUYER, typed), sign(ARBITRATOR, typed)
        return chain.send(
            RELAYER,
            chain.escrow,
            calls.settle(terms, amount, until, "buyer", signatures[0], "arbitrator", signatures[1]),
        )

    return step


@pytest.fixture(scope="module")
def warm(chain: ContractChain) -> ContractChain:
    """A chain on which every slot that a trade touches has been written before."""
    chain.token_call(SELLER, "mint", ["address", "uint256"], SELLER.address, 10**12)
    chain.token_call(SELLER, "approve", ["address", "uint256"], chain.escrow, 2**256 - 1)
    for token, amount in ((chain.token, 100 * 10**6), (ZERO_ADDRESS, COIN // 10)):
        for number in (1, 2):
            # Of their own lanes: one that was used is cheaper.
            lane = number if token == ZERO_ADDRESS else number + 2
            terms = chain.terms(token=token, amount=amount, fee=amount // 200, number=lane)
            assert chain.lock(terms).succeeded
            if number == 1:
                assert release(chain, terms).succeeded
    return chain


@pytest.fixture
def number(request: pytest.FixtureRequest) -> int:
    """A lane's number of this case alone, and always the same: signatures cost by their zeros."""
    case: int = request.node.callspec.indices["coin"]
    return case + (5 if request.function is test_gas else 100)


FEE = 200  # the amount's part: 0.5 %


@pytest.mark.parametrize(
    ("coin", "fee_part", "step", "lock_gas", "step_gas"),
    [
        pytest.param("token", 0, release, 70_463, 47_588, id="token: release"),
        pytest.param("token", FEE, release, 70_704, 53_261, id="token: release with a fee"),
        pytest.param("token", 0, release_by_sig, 70_463, 53_097, id="token: release by signature"),
        pytest.param("token", 0, refund, 70_463, 47_844, id="token: refund"),
        pytest.param("token", 0, mark_paid, 70_463, 31_716, id="token: mark paid"),
        pytest.param("token", 0, settle(1.0), 70_463, 60_384, id="token: all to the buyer"),
        pytest.param("token", 0, settle(0.5), 70_463, 68_643, id="token: halves"),
        pytest.param("native", 0, release, 50_412, 41_261, id="native: release"),
        pytest.param("native", FEE, release, 50_689, 46_970, id="native: release with a fee"),
        pytest.param("native", 0, release_by_sig, 50_412, 46_746, id="native: by signature"),
        pytest.param("native", 0, refund, 50_412, 41_517, id="native: refund"),
        pytest.param("native", 0, mark_paid, 50_412, 31_512, id="native: mark paid"),
        pytest.param("native", 0, settle(1.0), 50_412, 54_093, id="native: all to the buyer"),
        pytest.param("native", 0, settle(0.5), 50_412, 63_481, id="native: halves"),
    ],
)
def test_gas(
    warm: ContractChain,
    number: int,
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
        number=number,
    )
    locked = warm.lock(terms)
    done = step(warm, terms)
    assert locked.succeeded, locked
    assert done.succeeded, done
    assert (locked.gas, done.gas) == (lock_gas, step_gas)


@pytest.mark.parametrize("coin", ["token", "native"])
def test_a_used_lane_is_cheaper(warm: ContractChain, number: int, coin: str) -> None:
    # Times of four bytes without a zero, as FUND_BY has.
    now = warm.time()
    terms = warm.terms(
        token=warm.token if coin == "token" else ZERO_ADDRESS,
        amount=100 * 10**6 if coin == "token" else COIN // 10,
        number=number,
    )
    first, second = (replace(terms, fund_by=_without_zeros(now + wait)) for wait in (500, 900))
    new = warm.lock(first)
    assert release(warm, first).succeeded
    warm.rpc("evm_setNextBlockTimestamp", first.fund_by + 1)
    used = warm.lock(second)
    assert new.succeeded, new
    assert used.succeeded, used
    assert new.gas - used.gas == USED_LANE


def _without_zeros(time: int) -> int:
    while 0 in time.to_bytes(4):
        time += 1
    return time

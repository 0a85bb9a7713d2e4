"""Each way to lock, and balances, from what Python has signed to what the contract does."""

from dataclasses import replace
from itertools import count

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from tests.integration.contracts.harness import (
    BUYER,
    CHAIN_ID,
    RELAYER,
    SELLER,
    ContractChain,
    Receipt,
    sign,
)
from tradepost_contracts import calls, events, locking, state
from tradepost_contracts.state import State, Status
from tradepost_contracts.terms import ZERO_ADDRESS, Terms

NUMBERS = count(5_000)
AMOUNT, FEE = 1_000_003, 5_001
#: Enough for any of the calls.
GAS_EACH = 400_000


@pytest.fixture
def terms(chain: ContractChain) -> Terms:
    """Sound terms in the token, of which the seller has enough; nothing is allowed yet."""
    terms = chain.terms(token=chain.token, amount=AMOUNT, fee=FEE, number=next(NUMBERS))
    chain.token_call(SELLER, "mint", ["address", "uint256"], SELLER.address, terms.locked_amount)
    chain.token_call(SELLER, "approve", ["address", "uint256"], chain.escrow, 0)
    return terms


def bring(chain: ContractChain, data: bytes) -> Receipt:
    """A relayer sends it, who is none of the parties."""
    return chain.send(RELAYER, chain.escrow, data)


def happened(chain: ContractChain, receipt: Receipt) -> list[events.Event | None]:
    """The escrow contract's events."""
    ours = [log for log in receipt.logs if log["address"] == chain.escrow.lower()]
    return [events.decode(log) for log in ours]


def locked(chain: ContractChain, terms: Terms) -> list[events.Event]:
    return [events.Locked(chain.id(terms), terms.seller, terms.buyer)]


def permit(chain: ContractChain, value: int) -> bytes:
    """The seller lets the contract take `value`, by his signature."""
    query = keccak(text="nonces(address)")[:4] + encode(["address"], [SELLER.address])
    nonce = int.from_bytes(chain.call(chain.token, query))
    deadline = chain.time() + 1_000
    typed = locking.permit(
        SELLER.address, value, nonce, deadline, chain.token_domain(), chain.escrow
    )
    return calls.permit(chain.token, SELLER.address, value, deadline, sign(SELLER, typed))


def test_lock_by_signature_and_permit_in_one_batch(chain: ContractChain, terms: Terms) -> None:
    signed = sign(SELLER, locking.lock("Lock", terms, CHAIN_ID, chain.escrow))
    lock = calls.lock_by_sig(terms, signed)
    assert not bring(chain, lock).succeeded  # nothing is allowed
    done = bring(chain, calls.batch(GAS_EACH, [permit(chain, terms.locked_amount), lock]))
    assert happened(chain, done) == locked(chain, terms)
    assert chain.state(terms) == State(Status.LOCKED, chain.time(), from_deposit=False)
    assert not bring(chain, lock).succeeded


def test_a_permit_that_somebody_brought_before_stops_no_lock(
    chain: ContractChain, terms: Terms
) -> None:
    allow = permit(chain, terms.locked_amount)
    assert bring(chain, allow).succeeded
    signed = sign(SELLER, locking.lock("Lock", terms, CHAIN_ID, chain.escrow))
    done = bring(chain, calls.batch(GAS_EACH, [allow, calls.lock_by_sig(terms, signed)]))
    failed, lock = happened(chain, done)
    assert isinstance(failed, events.CallFailed)
    assert failed.index == 0
    # ERC2612InvalidSigner(address,address): the nonce is another one by now.
    assert failed.reason[:4] == keccak(text="ERC2612InvalidSigner(address,address)")[:4]
    assert [lock] == locked(chain, terms)


def test_lock_by_authorization(chain: ContractChain, terms: Terms) -> None:
    typed = locking.lock_authorization(terms, chain.token_domain(), chain.escrow)
    lock = calls.lock_with_authorization(terms, sign(SELLER, typed))
    for other in (replace(terms, buyer=RELAYER.address), replace(terms, lane=terms.lane + 9_999)):
        stolen = calls.lock_with_authorization(other, sign(SELLER, typed))
        assert not bring(chain, stolen).succeeded
    assert not bring(chain, calls.lock_with_authorization(terms, sign(BUYER, typed))).succeeded
    before = chain.balance(chain.token, chain.escrow)
    assert happened(chain, bring(chain, lock)) == locked(chain, terms)
    assert chain.balance(chain.token, chain.escrow) - before == terms.locked_amount
    assert not bring(chain, lock).succeeded


def test_lock_by_authorization_lapses(chain: ContractChain, terms: Terms) -> None:
    terms = replace(terms, fund_by=chain.time() + 100)
    typed = locking.lock_authorization(terms, chain.token_domain(), chain.escrow)
    lock = calls.lock_with_authorization(terms, sign(SELLER, typed))
    before = chain.rpc("evm_snapshot")
    chain.rpc("evm_setNextBlockTimestamp", terms.fund_by)
    assert bring(chain, lock).succeeded
    chain.rpc("evm_revert", before)
    chain.rpc("evm_setNextBlockTimestamp", terms.fund_by + 1)
    assert not bring(chain, lock).succeeded


def test_lock_from_a_deposit_goes_back_to_it(chain: ContractChain, terms: Terms) -> None:
    chain.token_call(SELLER, "approve", ["address", "uint256"], chain.escrow, terms.locked_amount)
    held = chain.held(chain.token, SELLER.address)
    data = calls.deposit(chain.token, SELLER.address, terms.locked_amount)
    done = chain.send(SELLER, chain.escrow, data)
    assert happened(chain, done) == [
        events.Deposited(chain.token, SELLER.address, terms.locked_amount)
    ]
    signed = sign(SELLER, locking.lock("LockFromDeposit", terms, CHAIN_ID, chain.escrow))
    # The signature for the one way is none for the other.
    assert not bring(chain, calls.lock_by_sig(terms, signed)).succeeded
    assert not bring(chain, calls.lock_from_deposit(terms)).succeeded
    done = bring(chain, calls.lock_from_deposit(terms, signed))
    assert happened(chain, done) == locked(chain, terms)
    assert chain.state(terms) == State(Status.LOCKED, chain.time(), from_deposit=True)
    assert chain.held(chain.token, SELLER.address) == held
    assert chain.send(BUYER, chain.escrow, calls.refund(terms)).succeeded
    assert chain.held(chain.token, SELLER.address) == held + terms.locked_amount
    again = replace(terms, lane=terms.lane + 9_999)
    assert chain.send(SELLER, chain.escrow, calls.lock_from_deposit(again)).succeeded


def test_deposit_by_authorization(chain: ContractChain, terms: Terms) -> None:
    salt, before = keccak(text=str(terms.lane)), chain.time() + 1_000
    typed = locking.deposit_authorization(
        SELLER.address, AMOUNT, before, salt, chain.token_domain(), chain.escrow
    )
    data = calls.deposit_with_authorization(
        chain.token, SELLER.address, AMOUNT, before, salt, sign(SELLER, typed)
    )
    done = bring(chain, data)
    assert happened(chain, done) == [events.Deposited(chain.token, SELLER.address, AMOUNT)]
    assert not bring(chain, data).succeeded


def test_withdrawal_by_signature(chain: ContractChain) -> None:
    assert chain.send(
        SELLER, chain.escrow, calls.deposit(ZERO_ADDRESS, BUYER.address, 70), 70
    ).succeeded
    empty = to_checksum_address(b"\xd0\x0d" * 10)
    until = chain.time() + 1_000
    query = calls.withdrawal_nonce(ZERO_ADDRESS, BUYER.address)
    nonce = int.from_bytes(chain.call(chain.escrow, query))
    typed = locking.withdrawal(
        BUYER.address, ZERO_ADDRESS, 30, empty, nonce, until, CHAIN_ID, chain.escrow
    )
    data = calls.withdraw_by_sig(BUYER.address, ZERO_ADDRESS, 30, empty, until, sign(BUYER, typed))
    done = bring(chain, data)
    assert happened(chain, done) == [events.Withdrawn(ZERO_ADDRESS, BUYER.address, empty, 30)]
    assert chain.held(ZERO_ADDRESS, BUYER.address) == 40
    assert chain.balance(ZERO_ADDRESS, empty) == 30
    # The nonce is used up.
    assert not bring(chain, data).succeeded
    assert int.from_bytes(chain.call(chain.escrow, query)) == nonce + 1


def test_one_bad_item_stops_no_other_of_a_batch(chain: ContractChain, terms: Terms) -> None:
    wanted = [replace(terms, lane=terms.lane + step) for step in (10_000, 20_000, 30_000)]
    chain.token_call(SELLER, "mint", ["address", "uint256"], SELLER.address, 10 * AMOUNT)
    domain = chain.token_domain()
    signed = [
        sign(SELLER, locking.lock_authorization(each, domain, chain.escrow)) for each in wanted
    ]
    items = [
        calls.lock_with_authorization(each, one)
        for each, one in zip(wanted, [signed[0], signed[0], signed[2]], strict=True)
    ]
    done = bring(chain, calls.batch(GAS_EACH, items))
    first, bad, last = happened(chain, done)
    assert [first] == locked(chain, wanted[0])
    assert isinstance(bad, events.CallFailed)
    assert bad.index == 1
    assert [last] == locked(chain, wanted[2])
    statuses = [chain.state(each).status for each in wanted]
    assert statuses == [Status.LOCKED, Status.NONE, Status.LOCKED]


def test_a_lane_takes_turns(chain: ContractChain) -> None:
    number = next(NUMBERS)
    first = replace(
        chain.terms(token=ZERO_ADDRESS, amount=AMOUNT, number=number), fund_by=chain.time() + 500
    )
    second = replace(first, fund_by=first.fund_by + 500)
    assert chain.lock(first).succeeded
    assert not chain.lock(second).succeeded
    assert chain.send(SELLER, chain.escrow, calls.release(first)).succeeded
    lane = state.decode_lane(
        chain.call(chain.escrow, calls.lane_of(first.seller, first.token, first.lane))
    )
    assert lane.id_bits == chain.id(first)[:26]
    assert lane.state == chain.state(first) == State(Status.RELEASED, first.fund_by, False)
    assert lane.state.free_after == first.fund_by

    chain.rpc("evm_setNextBlockTimestamp", first.fund_by)
    assert not lane.takes_another(first.fund_by)
    assert not chain.lock(second).succeeded
    chain.rpc("evm_setNextBlockTimestamp", first.fund_by + 1)
    assert lane.takes_another(first.fund_by + 1)
    assert chain.lock(second).succeeded
    # What ended is forgotten, and cannot be locked again.
    assert chain.state(first) == state.NOTHING
    assert chain.state(second).is_open
    assert chain.send(SELLER, chain.escrow, calls.release(second)).succeeded
    assert not chain.lock(first).succeeded

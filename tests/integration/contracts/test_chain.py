"""What Python computes against what the contract on a chain says."""

from dataclasses import replace
from itertools import count

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.contracts.harness import (
    ARBITRATOR,
    BUYER,
    CHAIN_ID,
    FEES,
    RELAYER,
    SELLER,
    ContractChain,
    sign,
)
from tradepost_contracts import calls, deploy, events
from tradepost_contracts.artifacts import DEV_TOKEN, ESCROW
from tradepost_contracts.state import Status
from tradepost_contracts.terms import (
    LONGEST_CHALLENGE_WINDOW,
    LONGEST_PAYMENT_WINDOW,
    ZERO_ADDRESS,
    InstructionKind,
    Terms,
    fee_share,
    refusal,
    typed_data_instruction,
    typed_data_settlement,
)

NUMBERS = count(1)
AMOUNT, FEE = 1_000_003, 5_001


@pytest.fixture
def terms(chain: ContractChain) -> Terms:
    """Sound terms in the native coin that nobody has locked yet."""
    return chain.terms(token=ZERO_ADDRESS, amount=AMOUNT, fee=FEE, number=next(NUMBERS))


def happened(logs: list[dict[str, object]]) -> list[events.Event | None]:
    return [events.decode(log) for log in logs]


def instruction(chain: ContractChain, kind: InstructionKind, terms: Terms) -> dict[str, object]:
    return typed_data_instruction(kind, chain.id(terms), CHAIN_ID, chain.escrow)


def test_code_on_the_chain_is_the_artefact(chain: ContractChain) -> None:
    code = chain.rpc("eth_getCode", deploy.address(ESCROW), "latest")
    assert deploy.runtime_code_matches(ESCROW, bytes.fromhex(code[2:]))
    # The token has immutables, as other people's have: only its address follows from its code.
    assert chain.rpc("eth_getCode", deploy.address(DEV_TOKEN), "latest") != "0x"


addresses = st.binary(min_size=20, max_size=20).map(to_checksum_address)


@settings(max_examples=100)
@given(
    people=st.tuples(addresses, addresses, addresses, addresses, addresses),
    amounts=st.tuples(st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1)),
    times=st.tuples(*[st.integers(0, 2**bits - 1) for bits in (40, 32, 32)]),
    lane=st.integers(0, 2**256 - 1),
)
def test_contract_and_python_agree_on_ids(
    chain: ContractChain,
    people: tuple[str, str, str, str, str],
    amounts: tuple[int, int],
    times: tuple[int, int, int],
    lane: int,
) -> None:
    seller, buyer, arbitrator, token, fee_recipient = people
    terms = Terms(seller, buyer, arbitrator, token, *amounts, fee_recipient, *times, lane)
    assert chain.call(chain.escrow, calls.escrow_id(terms)) == chain.id(terms)


@settings(max_examples=60)
@given(
    buyer=st.sampled_from([BUYER.address, SELLER.address, ZERO_ADDRESS]),
    arbitrator=st.sampled_from([ARBITRATOR.address, BUYER.address, SELLER.address]),
    amount=st.integers(0, 3),
    fee=st.integers(0, 3),
    fee_recipient=st.sampled_from([FEES.address, ZERO_ADDRESS]),
    payment=st.sampled_from([0, 1, LONGEST_PAYMENT_WINDOW, LONGEST_PAYMENT_WINDOW + 1]),
    challenge=st.sampled_from([599, 600, LONGEST_CHALLENGE_WINDOW, LONGEST_CHALLENGE_WINDOW + 1]),
)
def test_contract_and_python_agree_on_what_is_refused(
    chain: ContractChain,
    buyer: str,
    arbitrator: str,
    amount: int,
    fee: int,
    fee_recipient: str,
    payment: int,
    challenge: int,
) -> None:
    terms = replace(
        chain.terms(token=ZERO_ADDRESS, amount=amount, number=next(NUMBERS)),
        buyer=buyer,
        arbitrator=arbitrator,
        fee=fee,
        fee_recipient=fee_recipient,
        payment_window=payment,
        challenge_window=challenge,
    )
    assert chain.lock(terms).succeeded == (refusal(terms) is None)


def test_whole_life_by_signatures(chain: ContractChain, terms: Terms) -> None:
    locked = chain.lock(terms)
    id_ = chain.id(terms)
    assert happened(locked.logs) == [events.Locked(id_, terms.seller, terms.buyer)]
    assert chain.state(terms).status is Status.LOCKED

    paid = sign(BUYER, instruction(chain, "Paid", terms))
    done = chain.send(RELAYER, chain.escrow, calls.mark_paid_by_sig(terms, paid))
    assert happened(done.logs) == [events.Paid(id_)]

    before = chain.balance(ZERO_ADDRESS, BUYER.address)
    release = sign(SELLER, instruction(chain, "Release", terms))
    done = chain.send(RELAYER, chain.escrow, calls.release_by_sig(terms, release))
    assert happened(done.logs) == [events.Released(id_)]
    assert chain.balance(ZERO_ADDRESS, BUYER.address) - before == AMOUNT
    assert chain.state(terms).status is Status.RELEASED
    again = chain.send(RELAYER, chain.escrow, calls.release_by_sig(terms, release))
    assert not again.succeeded


def test_cancel_by_signature(chain: ContractChain, terms: Terms) -> None:
    chain.lock(terms)
    request = calls.request_cancel_by_sig(terms, sign(SELLER, instruction(chain, "Cancel", terms)))
    assert not chain.send(RELAYER, chain.escrow, request).succeeded
    chain.rpc("evm_increaseTime", terms.payment_window + 1)
    asked = chain.send(RELAYER, chain.escrow, request)
    cancel_at = chain.time() + terms.challenge_window
    assert happened(asked.logs) == [events.CancelRequested(chain.id(terms), cancel_at)]
    assert chain.state(terms).cancel_at == cancel_at
    assert not chain.send(RELAYER, chain.escrow, calls.cancel(terms)).succeeded
    chain.rpc("evm_increaseTime", terms.challenge_window + 1)
    before = chain.balance(ZERO_ADDRESS, SELLER.address)
    done = chain.send(RELAYER, chain.escrow, calls.cancel(terms))
    assert happened(done.logs) == [events.Refunded(chain.id(terms))]
    assert chain.balance(ZERO_ADDRESS, SELLER.address) - before == terms.locked_amount


def test_refund_by_signature(chain: ContractChain, terms: Terms) -> None:
    chain.lock(terms)
    refund = sign(BUYER, instruction(chain, "Refund", terms))
    done = chain.send(RELAYER, chain.escrow, calls.refund_by_sig(terms, refund))
    assert happened(done.logs) == [events.Refunded(chain.id(terms))]


@pytest.mark.parametrize("share", [0, 1, AMOUNT // 3, AMOUNT])
def test_settlement_shares(chain: ContractChain, terms: Terms, share: int) -> None:
    chain.lock(terms)
    until = terms.fund_by + 1
    typed = typed_data_settlement(chain.id(terms), share, until, CHAIN_ID, chain.escrow)
    fees = chain.held(ZERO_ADDRESS, FEES.address)
    before = [chain.balance(ZERO_ADDRESS, one.address) for one in (BUYER, SELLER)]
    done = chain.send(
        RELAYER,
        chain.escrow,
        calls.settle(
            terms,
            share,
            until,
            "arbitrator",
            sign(ARBITRATOR, typed),
            "seller",
            sign(SELLER, typed),
        ),
    )
    assert happened(done.logs) == [events.Settled(chain.id(terms), share)]
    after = [chain.balance(ZERO_ADDRESS, one.address) for one in (BUYER, SELLER)]
    assert chain.held(ZERO_ADDRESS, FEES.address) - fees == fee_share(terms, share)
    assert after[0] - before[0] == share
    assert after[1] - before[1] == terms.locked_amount - share - fee_share(terms, share)


def test_settlement_lapses(chain: ContractChain, terms: Terms) -> None:
    chain.lock(terms)
    until = chain.time() + 100
    typed = typed_data_settlement(chain.id(terms), 1, until, CHAIN_ID, chain.escrow)
    data = calls.settle(terms, 1, until, "buyer", sign(BUYER, typed), "seller", sign(SELLER, typed))
    later = calls.settle(
        terms, 1, until + 1, "buyer", sign(BUYER, typed), "seller", sign(SELLER, typed)
    )
    assert not chain.send(RELAYER, chain.escrow, later).succeeded
    before = chain.rpc("evm_snapshot")
    chain.rpc("evm_setNextBlockTimestamp", until)
    assert chain.send(RELAYER, chain.escrow, data).succeeded
    chain.rpc("evm_revert", before)
    chain.rpc("evm_setNextBlockTimestamp", until + 1)
    assert not chain.send(RELAYER, chain.escrow, data).succeeded
    assert chain.state(terms).status is Status.LOCKED


def test_direct_calls(chain: ContractChain, terms: Terms) -> None:
    chain.lock(terms)
    assert chain.send(BUYER, chain.escrow, calls.mark_paid(terms)).succeeded
    assert not chain.send(SELLER, chain.escrow, calls.request_cancel(terms)).succeeded
    assert not chain.send(SELLER, chain.escrow, calls.refund(terms)).succeeded
    assert not chain.send(BUYER, chain.escrow, calls.release(terms)).succeeded
    assert chain.send(BUYER, chain.escrow, calls.refund(terms)).succeeded
    assert chain.state(terms).status is Status.REFUNDED


def test_fees_are_drawn(chain: ContractChain, terms: Terms) -> None:
    chain.lock(terms)
    assert chain.send(SELLER, chain.escrow, calls.release(terms)).succeeded
    owed = chain.held(ZERO_ADDRESS, FEES.address)
    assert owed >= FEE
    empty = to_checksum_address(b"\xca\x5e" * 10)
    done = chain.send(FEES, chain.escrow, calls.withdraw(ZERO_ADDRESS, owed - 1, empty))
    assert happened(done.logs) == [events.Withdrawn(ZERO_ADDRESS, FEES.address, empty, owed - 1)]
    assert chain.balance(ZERO_ADDRESS, empty) == owed - 1
    assert not chain.send(FEES, chain.escrow, calls.withdraw(ZERO_ADDRESS, 2, empty)).succeeded

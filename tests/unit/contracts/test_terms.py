from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, get_args

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from tradepost_contracts import terms as module
from tradepost_contracts.terms import (
    LONGEST_CHALLENGE_WINDOW,
    LONGEST_PAYMENT_WINDOW,
    SHORTEST_CHALLENGE_WINDOW,
    SHORTEST_PAYMENT_WINDOW,
    ZERO_ADDRESS,
    InstructionKind,
    Terms,
    escrow_id,
    fee_share,
    instruction_digest,
    refusal,
    settlement_digest,
)

addresses = st.binary(min_size=20, max_size=20).map(to_checksum_address)


def numbers(bits: int) -> st.SearchStrategy[int]:
    return st.integers(0, 2**bits - 1)


any_terms = st.builds(
    Terms,
    seller=addresses,
    buyer=addresses,
    arbitrator=addresses,
    token=addresses,
    amount=numbers(128),
    fee=numbers(128),
    fee_recipient=addresses,
    fund_by=numbers(40),
    payment_window=numbers(32),
    challenge_window=numbers(32),
    lane=numbers(256),
)

SOUND = Terms(
    seller="0x" + "11" * 20,
    buyer="0x" + "22" * 20,
    arbitrator="0x" + "33" * 20,
    token=ZERO_ADDRESS,
    amount=1_000,
    fee=7,
    fee_recipient="0x" + "44" * 20,
    fund_by=1_800_000_000,
    payment_window=1_800,
    challenge_window=3_600,
    lane=5,
)
CONTRACT = "0x" + "55" * 20


def digest(typed_data: dict[str, Any]) -> bytes:
    """The digest as an independent library computes it, from what the wallet is shown."""
    signable = encode_typed_data(full_message=typed_data)
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


@given(any_terms, numbers(64), addresses)
def test_id_is_what_a_wallet_would_sign(terms: Terms, chain_id: int, contract: str) -> None:
    typed_data = module.typed_data_terms(terms, chain_id, contract)
    assert digest(typed_data) == escrow_id(terms, chain_id, contract)


@pytest.mark.parametrize("kind", get_args(InstructionKind))
def test_instruction_is_what_a_wallet_would_sign(kind: InstructionKind) -> None:
    typed_data = module.typed_data_instruction(kind, b"\x07" * 32, 1, CONTRACT)
    assert digest(typed_data) == instruction_digest(kind, b"\x07" * 32, 1, CONTRACT)


@given(numbers(128), numbers(40))
def test_settlement_is_what_a_wallet_would_sign(amount: int, valid_until: int) -> None:
    typed_data = module.typed_data_settlement(b"\x07" * 32, amount, valid_until, 1, CONTRACT)
    assert digest(typed_data) == settlement_digest(b"\x07" * 32, amount, valid_until, 1, CONTRACT)


def test_no_two_instructions_share_a_digest() -> None:
    ids = [b"\x01" * 32, b"\x02" * 32]
    digests = {
        instruction_digest(kind, id_, chain, contract)
        for kind in get_args(InstructionKind)
        for id_ in ids
        for chain in (1, 2)
        for contract in (CONTRACT, SOUND.buyer)
    }
    assert len(digests) == 4 * 2 * 2 * 2


def test_every_field_is_in_the_id() -> None:
    changes: list[dict[str, Any]] = [
        {field.name: CONTRACT if field.type is str else 12_345} for field in fields(SOUND)
    ]
    others = [replace(SOUND, **change) for change in changes]
    assert len({escrow_id(terms, 1, CONTRACT) for terms in [SOUND, *others]}) == 12


@pytest.mark.parametrize(
    "sign",
    [
        lambda short: instruction_digest("Release", short, 1, CONTRACT),
        lambda short: settlement_digest(short, 1, 1, 1, CONTRACT),
    ],
)
def test_short_id_is_refused(sign: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        sign(b"\x07" * 31)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seller", "0xAA" + "aa" * 19),
        ("buyer", ""),
        ("amount", -1),
        ("amount", 2**128),
        ("fund_by", 2**40),
        ("payment_window", 2**32),
        ("lane", 2**256),
    ],
)
def test_value_of_another_type_is_refused(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=field):
        replace(SOUND, **{field: value})


def test_sound_terms_are_not_refused() -> None:
    assert refusal(SOUND) is None
    assert refusal(replace(SOUND, fee=0, fee_recipient=ZERO_ADDRESS)) is None
    assert refusal(replace(SOUND, fee=SOUND.amount)) is None


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("buyer", SOUND.seller, "three different"),
        ("arbitrator", SOUND.seller, "three different"),
        ("arbitrator", SOUND.buyer, "three different"),
        ("seller", ZERO_ADDRESS, "three different"),
        ("amount", 0, "zero"),
        ("fee", 1_001, "larger"),
        ("fee_recipient", ZERO_ADDRESS, "nobody"),
        ("payment_window", SHORTEST_PAYMENT_WINDOW - 1, "payment window"),
        ("payment_window", LONGEST_PAYMENT_WINDOW + 1, "payment window"),
        ("challenge_window", SHORTEST_CHALLENGE_WINDOW - 1, "challenge window"),
        ("challenge_window", LONGEST_CHALLENGE_WINDOW + 1, "challenge window"),
    ],
)
def test_unsound_terms_are_refused(field: str, value: Any, reason: str) -> None:
    assert reason in (refusal(replace(SOUND, **{field: value})) or "")


@given(numbers(128).filter(bool), st.data())
def test_fee_share_never_exceeds_the_part(amount: int, data: st.DataObject) -> None:
    terms = replace(SOUND, amount=amount, fee=data.draw(st.integers(0, amount)))
    part = data.draw(st.integers(0, amount))
    share = fee_share(terms, part)
    assert share * amount <= terms.fee * part < (share + 1) * amount
    assert fee_share(terms, amount) == terms.fee
    assert fee_share(terms, 0) == 0

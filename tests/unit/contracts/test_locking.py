"""What is signed to lock or to draw a balance, against a library that knows nothing of ours."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.contracts.test_terms import CONTRACT, SOUND, addresses, any_terms, numbers
from tradepost_contracts import locking
from tradepost_contracts.locking import LockKind
from tradepost_contracts.terms import Terms, escrow_id
from tradepost_contracts.typed_data import Domain, Struct, TypedData

ROOT = Path(__file__).resolve().parents[3]
TOKEN = Domain("A Dollar", "7", 31337, "0x" + "66" * 20)
IN_TOKEN = replace(SOUND, token=TOKEN.contract)


def digest(typed: TypedData) -> bytes:
    """The digest as an independent library computes it, from what the wallet is shown."""
    signable = encode_typed_data(full_message=typed.shown())
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


@pytest.mark.parametrize("kind", get_args(LockKind))
@given(any_terms, numbers(64), addresses)
def test_lock_is_what_a_wallet_would_sign(
    kind: LockKind, terms: Terms, chain_id: int, contract: str
) -> None:
    typed = locking.lock(kind, terms, chain_id, contract)
    assert digest(typed) == typed.digest() != escrow_id(terms, chain_id, contract)


@given(any_terms, numbers(256))
def test_permit2_lock_is_what_a_wallet_would_sign(terms: Terms, nonce: int) -> None:
    typed = locking.permit2_lock(terms, nonce, 31337, CONTRACT)
    assert digest(typed) == typed.digest()
    assert "version" not in typed.shown()["domain"]


@given(addresses, numbers(256), numbers(256), numbers(256))
def test_permit_is_what_a_wallet_would_sign(
    owner: str, value: int, nonce: int, deadline: int
) -> None:
    typed = locking.permit(owner, value, nonce, deadline, TOKEN, CONTRACT)
    assert digest(typed) == typed.digest()


@given(numbers(128), numbers(256), st.binary(min_size=32, max_size=32))
def test_deposit_is_what_a_wallet_would_sign(amount: int, before: int, salt: bytes) -> None:
    typed = locking.deposit_authorization(SOUND.seller, amount, before, salt, TOKEN, CONTRACT)
    assert digest(typed) == typed.digest()


@given(numbers(256), numbers(64), numbers(40), addresses)
def test_withdrawal_is_what_a_wallet_would_sign(
    amount: int, nonce: int, valid_until: int, to: str
) -> None:
    typed = locking.withdrawal(
        SOUND.seller, SOUND.token, amount, to, nonce, valid_until, 1, CONTRACT
    )
    assert digest(typed) == typed.digest()


def test_authorization_is_for_one_escrow_until_its_funding_ends() -> None:
    typed = locking.lock_authorization(IN_TOKEN, TOKEN, CONTRACT)
    assert digest(typed) == typed.digest()
    assert typed.shown()["message"] == {
        "from": IN_TOKEN.seller,
        "to": CONTRACT,
        "value": str(IN_TOKEN.locked_amount),
        "validAfter": "0",
        "validBefore": str(IN_TOKEN.fund_by + 1),
        "nonce": "0x" + escrow_id(IN_TOKEN, TOKEN.chain_id, CONTRACT).hex(),
    }
    assert typed.shown()["domain"]["verifyingContract"] == TOKEN.contract
    with pytest.raises(ValueError, match="The terms are about"):
        locking.lock_authorization(SOUND, TOKEN, CONTRACT)


def test_deposit_has_a_nonce_that_is_no_escrows_id() -> None:
    # cast keccak $(cast abi-encode 'f(string,bytes32)' 'Tradepost deposit' 0x0707...07)
    salt = b"\x07" * 32
    assert locking.deposit_nonce(salt) == keccak(
        (64).to_bytes(32) + salt + (17).to_bytes(32) + b"Tradepost deposit".ljust(32, b"\0")
    )
    assert locking.deposit_nonce(salt) != salt
    for short in (b"", salt[:31], salt + b"\0"):
        with pytest.raises(ValueError, match="32 bytes"):
            locking.deposit_nonce(short)


def test_no_two_things_share_a_digest() -> None:
    each: list[dict[str, Any]] = [
        {"terms": terms, "chain_id": chain, "contract": contract}
        for terms in (SOUND, replace(SOUND, lane=6))
        for chain in (1, 2)
        for contract in (CONTRACT, SOUND.buyer)
    ]
    digests = {
        locking.lock(kind, **which).digest() for kind in get_args(LockKind) for which in each
    }
    digests |= {
        locking.permit2_lock(nonce=nonce, **which).digest() for nonce in (1, 2) for which in each
    }
    digests |= {escrow_id(**which) for which in each}
    assert len(digests) == 5 * 8


def test_structs_are_described_with_all_that_occurs_in_them_by_name() -> None:
    inner = Struct("B", (("y", "uint8"),))
    outer = Struct("C", (("b", inner), ("a", Struct("A", (("b", inner),)))))
    assert outer.encoded_type() == "C(B b,A a)A(B b)B(uint8 y)"


def test_permit2_is_told_the_same_witness_as_is_signed() -> None:
    # Permit2 itself puts this before the text that the contract hands it.
    stub = (
        "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,"
        "uint256 deadline,"
    )
    source = (ROOT / "contracts" / "src" / "TypedData.sol").read_text()
    witness = re.search(r'PERMIT2_WITNESS =\s*"([^"]+)"', source)
    assert witness is not None
    typed = locking.permit2_lock(SOUND, 1, 1, CONTRACT)
    assert typed.struct.encoded_type() == stub + witness[1]

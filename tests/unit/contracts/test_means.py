"""What a node's answers say of the ways to lock: tokens of many makes, and some that lie."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tradepost_contracts import locking
from tradepost_contracts.means import LockWay, Means, questions, read, to_sign
from tradepost_contracts.terms import ZERO_ADDRESS, Terms
from tradepost_contracts.typed_data import Domain

CHAIN = 31337
CONTRACT = "0x1F980562a54E3acc1878fE8C8CB02CC1BEAA01Da"
TOKEN = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0"
TERMS = Terms(
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
    TOKEN,
    amount=100,
    fee=1,
    fee_recipient=TOKEN,
    fund_by=2_000,
    payment_window=100,
    challenge_window=600,
    lane=1,
)
DOLLAR = Domain("Dollar", "2", CHAIN, TOKEN)
PERMIT2 = Domain("Permit2", None, CHAIN, locking.PERMIT2)


def number(value: int) -> bytes:
    return value.to_bytes(32, "big")


def told(domain: Domain, fields: bytes = b"\x0f") -> bytes:
    """A domain as a token tells it by EIP-5267."""
    types = ["bytes1", "string", "string", "uint256", "address", "bytes32", "uint256[]"]
    values = [fields, domain.name, domain.version or "", domain.chain_id, domain.contract]
    return encode(types, [*values, b"", []])


RICH: Mapping[str, bytes | None] = {
    "held": number(101),
    "balance": number(101),
    "allowed": number(101),
    "allowed_permit2": number(101),
    "permit2": PERMIT2.separator(),
    "domain": told(DOLLAR),
    "separator": DOLLAR.separator(),
    "nonce": number(7),
    "authorized": number(0),
}


def ways(**changes: bytes | None) -> tuple[LockWay, ...]:
    return read({**RICH, **changes}, TERMS, CHAIN).open(TERMS)


def test_the_cheapest_is_first() -> None:
    assert ways() == tuple(LockWay)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"held": number(100)}, {LockWay.DEPOSIT}),
        ({"held": None}, {LockWay.DEPOSIT}),
        ({"balance": number(100)}, set(LockWay) - {LockWay.DEPOSIT}),
        ({"allowed": number(100)}, {LockWay.ALLOWANCE}),
        ({"allowed_permit2": number(100)}, {LockWay.PERMIT2}),
        ({"permit2": None}, {LockWay.PERMIT2}),
        ({"permit2": b""}, {LockWay.PERMIT2}),
        ({"authorized": None}, {LockWay.AUTHORIZATION}),
        # Used, or cancelled at the token.
        ({"authorized": number(1)}, {LockWay.AUTHORIZATION}),
        ({"nonce": None}, {LockWay.PERMIT}),
        ({"nonce": b"\0"}, {LockWay.PERMIT}),
        ({"permit_type": keccak(text="Permit(address holder)")}, {LockWay.PERMIT}),
    ],
)
def test_a_way_is_open_where_all_it_needs_is_there(
    changes: dict[str, bytes | None], missing: set[LockWay]
) -> None:
    assert set(LockWay) - set(ways(**changes)) == missing


@pytest.mark.parametrize(
    "changes",
    [
        {"domain": None},
        {"domain": b"nonsense"},
        {"domain": told(DOLLAR, b"\x1f")},
        {"domain": told(replace(DOLLAR, chain_id=1))},
        {"domain": told(replace(DOLLAR, contract=CONTRACT))},
        {"separator": DOLLAR.separator()[::-1]},
        {"domain": told(replace(DOLLAR, name="Pound"))},
    ],
)
def test_a_domain_that_is_not_sure_is_none(changes: dict[str, bytes | None]) -> None:
    means = read({**RICH, **changes}, TERMS, CHAIN)
    assert means.token is None
    assert means.open(TERMS) == (LockWay.DEPOSIT, LockWay.PERMIT2, LockWay.ALLOWANCE)


@pytest.mark.parametrize("version", ["2", "1"])
def test_a_token_that_tells_its_name_only(version: str) -> None:
    """As those from before EIP-5267; without a version it is the first."""
    domain = replace(DOLLAR, version=version)
    answers = {
        "domain": None,
        "name": encode(["string"], ["Dollar"]),
        "version": encode(["string"], [version]) if version == "2" else None,
        "separator": domain.separator(),
    }
    assert read({**RICH, **answers}, TERMS, CHAIN).token == domain
    assert read({**RICH, **answers, "separator": None}, TERMS, CHAIN).token is None
    broken = {"name": encode(["bytes"], [b"\xff\xfe"])}
    assert read({**RICH, **answers, **broken}, TERMS, CHAIN).token is None


def test_the_native_coin_is_locked_out_of_a_balance_only() -> None:
    terms = replace(TERMS, token=ZERO_ADDRESS)
    assert list(questions(terms, b"e" * 32, CONTRACT)) == ["held"]
    means = read({"held": number(101)}, terms, CHAIN)
    assert means == Means(101, 0, 0, 0, None, authorizes=False, permit_nonce=None)
    assert means.open(terms) == means.supported(terms) == (LockWay.DEPOSIT,)


def test_each_way_signs_for_what_checks_it() -> None:
    for way in LockWay:
        asked = to_sign(way, TERMS, CHAIN, CONTRACT, token=DOLLAR, permit_nonce=7, permit2_nonce=9)
        contracts = {name: typed.domain.contract for name, typed in asked.items()}
        wanted = {LockWay.AUTHORIZATION: TOKEN, LockWay.PERMIT2: locking.PERMIT2}
        assert contracts["signature"] == wanted.get(way, CONTRACT)
        assert contracts.get("permit_signature") == (TOKEN if way is LockWay.PERMIT else None)
    permit = to_sign(LockWay.PERMIT, TERMS, CHAIN, CONTRACT, token=DOLLAR, permit_nonce=7)
    message = permit["permit_signature"].message
    assert (message["value"], message["deadline"]) == (TERMS.locked_amount, TERMS.fund_by)


@pytest.mark.parametrize("way", [LockWay.AUTHORIZATION, LockWay.PERMIT, LockWay.PERMIT2])
def test_nothing_is_signed_without_what_it_needs(way: LockWay) -> None:
    with pytest.raises(ValueError, match=r"needs|known"):
        to_sign(way, TERMS, CHAIN, CONTRACT)
    if way is LockWay.PERMIT:
        with pytest.raises(ValueError, match="nonce"):
            to_sign(way, TERMS, CHAIN, CONTRACT, token=DOLLAR)

"""What the page has to find out and to compute, as the Python client does.

`web/src/verify/vectors.json` holds it, and the page's tests read it; `contract.json` beside it is
what the page itself knows of the escrow contract. Both are written anew by

    python -m tests.unit.client.page_checks

and then formatted as all sources of the page are.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.unit.client import stage, test_lies
from tradepost_client import errors, evm
from tradepost_client.agreement import confirmations
from tradepost_client.amounts import fiat_follows, from_minor, to_minor
from tradepost_client.models import EscrowTerms
from tradepost_contracts import artifacts, calls, locking
from tradepost_contracts.means import LockWay, questions, read, to_sign
from tradepost_contracts.state import Status
from tradepost_contracts.terms import (
    ZERO_ADDRESS,
    Terms,
    escrow_id,
    instruction_digest,
    refusal,
    settlement_digest,
)
from tradepost_contracts.typed_data import Domain

FOLDER = Path(__file__).parents[3] / "web" / "src" / "verify"
_CHAIN, _CONTRACT = stage.CHAIN_ID, stage.CONTRACT
_KEYS = {"buyer": test_lies.BUYER_KEY, "seller": test_lies.SELLER_KEY}


def contract() -> dict[str, Any]:
    """What the page knows of the escrow contract: its code's hash, its errors by selector."""
    selectors = {
        keccak(text=f"{entry['name']}({','.join(part['type'] for part in entry['inputs'])})")[:4]: (
            entry["name"]
        )
        for entry in artifacts.ESCROW.abi
        if entry["type"] == "error"
    }
    return {
        "code_hash": "0x" + keccak(artifacts.ESCROW.runtime_code).hex(),
        "errors": {"0x" + selector.hex(): name for selector, name in sorted(selectors.items())},
    }


def vectors() -> dict[str, Any]:
    """All that both clients have to agree on."""
    return {
        "stage": _stage(),
        "quotes": [
            {"name": name, "quote": lie, "error": found.__name__}
            for name, (lie, found) in test_lies.QUOTES.items()
        ],
        "lies": [*_lies("buyer", test_lies.LIES), *_lies("seller", test_lies.SELLERS_LIES)],
        "later": list(_lies("buyer", LATER)),
        "key_lies": [
            {"name": name, "trade": _difference("seller", lie)}
            for name, lie in test_lies.KEY_LIES.items()
        ],
        "confirmations": [
            {"claimed": claimed, "chain_id": chain_id, "depth": confirmations(claimed, chain_id)}
            for claimed in (0, 1, 5, 6, 30)
            for chain_id in (1, _CHAIN)
        ],
        "amounts": list(_amounts()),
        "sums": list(_sums()),
        "terms": [_terms(terms) for terms in TERMS],
        "refused": list(_refused()),
        "calls": _calls(),
        "means": list(_means()),
        "states": [{"status": status.name, "answer": _state(status)} for status in sorted(Status)],
    }


#: Told of a trade that was verified before.
LATER: dict[str, tuple[test_lies.Lie, type[errors.VerificationFailed]]] = {
    "a later deadline": (
        test_lies.terms(fund_by=stage.CHAIN_TIME + 9000),
        errors.TermsChanged,
    ),
    "another seller": (
        test_lies.both(
            test_lies.terms(seller=stage.STRANGER),
            lambda body: body["seller"].update(wallet=stage.STRANGER),
        ),
        errors.TermsChanged,
    ),
    "another key of the seller": (
        lambda body: body["seller"].update(encryption_key=test_lies.OTHER_KEY),
        errors.CounterpartyChanged,
    ),
}


def _stage() -> dict[str, Any]:
    """The exchange, the offer, the quote and the trade that all lies are told about."""
    return {
        "exchange": stage.EXCHANGE,
        "offer": stage.OFFER,
        "quote": stage.QUOTE,
        "trade": _trade("buyer"),
        "buyer": {"address": stage.BUYER.address, "secret": stage.BUYER.key.hex()},
        "seller": {"address": stage.SELLER.address, "secret": stage.SELLER.key.hex()},
        "stranger": stage.STRANGER,
        "other_trade": stage.OTHER_TRADE_ID,
        "chain_time": stage.CHAIN_TIME,
    }


def _trade(role: str) -> dict[str, Any]:
    return stage.trade_body(_KEYS["buyer"], _KEYS["seller"], role)


def _lies(
    role: str, told: Mapping[str, tuple[test_lies.Lie, type[Exception]]]
) -> Iterator[dict[str, Any]]:
    for name, (lie, found) in told.items():
        trade = _difference(role, lie, computes_id=name != "a number that is none")
        yield {"name": name, "side": role, "trade": trade, "error": found.__name__}


def _difference(role: str, lie: test_lies.Lie, *, computes_id: bool = True) -> dict[str, Any]:
    """What a liar's trade has otherwise than the stage's, which a buyer is shown."""
    body = _trade(role)
    lie(body)
    return _changed(_trade("buyer"), stage.with_id(body) if computes_id else body)


def _changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in after.items():
        if isinstance(value, dict):
            if inner := _changed(before[name], value):
                found[name] = inner
        elif before[name] != value:
            found[name] = value
    return found


# --- sums ----------------------------------------------------------------------------------


def _amounts() -> Iterator[dict[str, Any]]:
    for amount, decimals in (
        *(("0", 6), ("100.000000", 6), ("0.5", 0), ("0.0000001", 6), ("0.10000000", 6)),
        *(("1.5", 18), ("340282366920938463463.374607431768211455", 18), ("12", 0)),
    ):
        try:
            minor = to_minor(Decimal(amount), decimals)
        except ValueError:
            yield {"amount": amount, "decimals": decimals, "minor": None, "back": None}
            continue
        back = f"{from_minor(minor, decimals):f}"
        back = back.rstrip("0").rstrip(".") if "." in back else back
        yield {"amount": amount, "decimals": decimals, "minor": str(minor), "back": back}


def _sums() -> Iterator[dict[str, Any]]:
    """Sums of money that follow from an amount and a price, and others by a cent or a unit."""
    for amount, price, decimals in (
        *(("100.000000", "0.98", 6), ("100", "0.98004", 6), ("0.098522167487684729", "2537.5", 18)),
        *(("1", "0.001", 8), ("1000000000000", "0.000000000001", 18), ("0.000001", "99999.99", 6)),
    ):
        exact = (Decimal(amount) * Decimal(price)).quantize(Decimal("0.01"))
        for cents in range(-2, 3):
            fiat = exact + Decimal(cents) / 100
            if fiat < 0:
                continue
            said = Decimal(amount), fiat, Decimal(price), decimals, 2
            yield {
                "amount": amount,
                "fiat": f"{fiat:f}",
                "price": price,
                "decimals": decimals,
                "anyone": fiat_follows(*said),
                "buyer": fiat_follows(*said, "buyer"),
                "seller": fiat_follows(*said, "seller"),
            }


# --- terms and what is signed about them -----------------------------------------------------

_SHOWN = EscrowTerms.model_validate(_trade("buyer")["escrow"]["terms"]).terms()
TERMS = (
    _SHOWN,
    replace(_SHOWN, token=ZERO_ADDRESS, amount=1, fee=0, fee_recipient=ZERO_ADDRESS, lane=0),
    replace(
        _SHOWN,
        amount=2**128 - 1,
        fee=2**128 - 1,
        fund_by=2**40 - 1,
        payment_window=2**32 - 1,
        challenge_window=2**32 - 1,
        lane=2**256 - 1,
    ),
)
_PERMIT_NONCE, _PERMIT2_NONCE, _UNTIL = 7, 2**200 + 1, stage.CHAIN_TIME + 7 * 86_400


def _token(terms: Terms) -> Domain:
    return Domain("Tether ¢", "1", _CHAIN, terms.token)


def _terms(terms: Terms) -> dict[str, Any]:
    found = escrow_id(terms, _CHAIN, _CONTRACT)
    share = terms.amount // 3
    return {
        "terms": _told(terms),
        "id": _hex(found),
        "elsewhere": _hex(escrow_id(terms, 1, stage.OTHER_CONTRACT)),
        "instructions": {
            kind: _hex(instruction_digest(kind, found, _CHAIN, _CONTRACT))
            for kind in ("Release", "Paid", "Refund", "Cancel")
        },
        "settlement": {
            "buyer_amount": str(share),
            "valid_until": _UNTIL,
            "digest": _hex(settlement_digest(found, share, _UNTIL, _CHAIN, _CONTRACT)),
        },
        "locks": {way.value: _digests(way, terms) for way in LockWay},
        "calls": {
            "lock": _hex(calls.lock(terms)),
            "state_of": _hex(calls.state_of(terms)),
        },
        "questions": {
            name: {"to": asked.to, "data": _hex(asked.data)}
            for name, asked in questions(terms, found, _CONTRACT).items()
        },
    }


def _digests(way: LockWay, terms: Terms) -> dict[str, str]:
    asked = to_sign(
        way,
        terms,
        _CHAIN,
        _CONTRACT,
        token=_token(terms),
        permit_nonce=_PERMIT_NONCE,
        permit2_nonce=_PERMIT2_NONCE,
    )
    return {name: _hex(one.digest()) for name, one in asked.items()}


def _told(terms: Terms) -> dict[str, Any]:
    """As the API tells them."""
    body = EscrowTerms(**{name: getattr(terms, name) for name in EscrowTerms.model_fields})
    texts = ("amount", "fee", "lane")
    return {
        name: str(value) if name in texts else value for name, value in body.model_dump().items()
    }


def _refused() -> Iterator[dict[str, Any]]:
    for changes in (
        {},
        {"buyer": _SHOWN.seller},
        {"arbitrator": ZERO_ADDRESS},
        {"amount": 0},
        {"fee": _SHOWN.amount},
        {"fee": _SHOWN.amount + 1},
        {"fee_recipient": ZERO_ADDRESS},
        {"payment_window": 0},
        {"payment_window": 30 * 86_400},
        {"payment_window": 30 * 86_400 + 1},
        {"challenge_window": 599},
        {"challenge_window": 600},
        {"challenge_window": 7 * 86_400 + 1},
    ):
        terms = replace(_SHOWN, **changes)
        yield {"terms": _told(terms), "refused": refusal(terms) is not None}


# --- calls, and what nodes answer ------------------------------------------------------------


def _calls() -> dict[str, str]:
    token, account, other = stage.TOKEN, stage.BUYER.address, stage.STRANGER
    made = {
        "held": calls.balance_of(token, account),
        "deposit": calls.deposit(token, account, 5),
        "withdraw": calls.withdraw(token, 5, other),
        "token_balance": evm.erc20_balance(account),
        "allowance": evm.erc20_allowance(account, other),
        "approve": evm.erc20_approve(other, 5),
        "transfer": evm.erc20_transfer(other, 5),
        "decimals": evm.erc20_decimals(),
        "is_valid_signature": evm.eip1271_query(b"\x11" * 32, b"\x22" * 65),
    }
    return {name: _hex(data) for name, data in made.items()}


def _state(status: Status) -> str:
    return _hex(encode(["uint8", "uint40", "bool"], [status, stage.CHAIN_TIME, False]))


def _means() -> Iterator[dict[str, Any]]:
    """Answers of nodes about sellers and their tokens, and the ways that are open by them."""
    domain = _token(_SHOWN)
    fields = [b"\x0f", domain.name, "1", _CHAIN, _SHOWN.token, b"\0" * 32, []]
    types = ["bytes1", "string", "string", "uint256", "address", "bytes32", "uint256[]"]
    plain = {
        "held": _number(0),
        "balance": _number(_SHOWN.locked_amount),
        "allowed": _number(0),
        "allowed_permit2": _number(0),
        "name": encode(["string"], [domain.name]),
        "separator": domain.separator(),
    }
    permit2 = Domain("Permit2", None, _CHAIN, locking.PERMIT2).separator()
    full = plain | {
        "held": _number(_SHOWN.locked_amount),
        "allowed": _number(2**256 - 1),
        "allowed_permit2": _number(2**256 - 1),
        "domain": encode(types, fields),
        "version": encode(["string"], ["1"]),
        "nonce": _number(_PERMIT_NONCE),
        "authorized": _number(0),
        "permit2": permit2,
    }
    other_chain = encode(types, [*fields[:3], 1, *fields[4:]])
    told: dict[str, Mapping[str, bytes | None]] = {
        "nothing": {},
        "a plain token": plain,
        "all ways": full,
        "a used authorization": full | {"authorized": _number(1)},
        "the permit of another kind": full | {"permit_type": b"\xee" * 32},
        "an own permit": full | {"permit_type": keccak(text=_PERMIT)},
        "another separator": full | {"separator": b"\x11" * 32},
        "no separator": {**full, "separator": None},
        "a domain of another chain": full | {"domain": other_chain, "separator": None},
        "a domain that is none": full | {"domain": b"\x0f"},
        "no Permit2": full | {"permit2": None},
        "too few tokens": full | {"balance": _number(_SHOWN.locked_amount - 1)},
        "numbers that are none": full | {"held": b"\x01", "nonce": b""},
        "a name that is none": {**plain, "name": b"\xff" * 64},
    }
    for name, answers in told.items():
        means = read(answers, _SHOWN, _CHAIN)
        yield {
            "name": name,
            "answers": {one: _hex_or_none(data) for one, data in answers.items()},
            "ways": " ".join(means.open(_SHOWN)),
            "token": means.token and {"name": means.token.name, "version": means.token.version},
            "permit_nonce": None if means.permit_nonce is None else str(means.permit_nonce),
        }


_PERMIT = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"


def _number(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _hex_or_none(data: bytes | None) -> str | None:
    return None if data is None else _hex(data)


#: What makes each file.
FILES = {"contract.json": contract, "vectors.json": vectors}


def content(name: str) -> Any:
    """What the file with this name has to hold."""
    return FILES[name]()


if __name__ == "__main__":
    for file in FILES:
        text = json.dumps(content(file), indent=2, ensure_ascii=False) + "\n"
        (FOLDER / file).write_text(text, encoding="utf-8")

"""Which calls of JSON-RPC the exchange passes on to its node for others, and in what form.

A list of what is allowed, with every parameter looked at: a node does more for who asks than any
stranger should have, and some of it (to trace, to search all logs, to call with another state)
takes it minutes.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from tradepost.kernel.errors import MalformedRequest

#: Of a call's data, and of a signed transaction: what the escrow and its tokens take is far less.
MAX_DATA_BYTES: Final = 16 * 1024
MAX_PARAMS: Final = 3
_MAX_FEE_BLOCKS: Final = 64
_MAX_PERCENTILES: Final = 10

_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_HASH: Final = re.compile(r"0x[0-9a-fA-F]{64}")
_BYTES: Final = re.compile(r"0x([0-9a-fA-F]{2})*")
#: Up to 256 bits, and as a node counts blocks and gas up to 64.
_QUANTITY: Final = re.compile(r"0x(0|[1-9a-fA-F][0-9a-fA-F]{0,63})")
_COUNT: Final = re.compile(r"0x(0|[1-9a-fA-F][0-9a-fA-F]{0,15})")
_TAGS: Final = frozenset({"latest", "pending", "safe", "finalized", "earliest"})


class NodeMethod(StrEnum):
    """What a wallet needs to see an escrow, to send to it, and to see what came of that."""

    CHAIN_ID = "eth_chainId"
    BLOCK_NUMBER = "eth_blockNumber"
    CALL = "eth_call"
    CODE = "eth_getCode"
    BALANCE = "eth_getBalance"
    TRANSACTION_COUNT = "eth_getTransactionCount"
    RECEIPT = "eth_getTransactionReceipt"
    TRANSACTION = "eth_getTransactionByHash"
    BLOCK = "eth_getBlockByNumber"
    ESTIMATE_GAS = "eth_estimateGas"
    FEE_HISTORY = "eth_feeHistory"
    PRIORITY_FEE = "eth_maxPriorityFeePerGas"
    GAS_PRICE = "eth_gasPrice"
    SEND = "eth_sendRawTransaction"


#: Whether a value has the form; a parameter's, or an answer's.
_Form = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class _Param:
    """A parameter: its form in words, and what stands for it where it is left out."""

    form: _Form
    words: str
    instead: Any = None


@dataclass(frozen=True, slots=True)
class _Rule:
    """A method's parameters, what it costs (units of the limits), and its answer's form."""

    params: tuple[_Param, ...]
    units: int
    answer: _Form


def _text(pattern: re.Pattern[str], longest: int = 66) -> _Form:
    def fits(value: Any) -> bool:
        return isinstance(value, str) and len(value) <= longest and bool(pattern.fullmatch(value))

    return fits


_is_bytes: Final = _text(_BYTES, 2 + 2 * MAX_DATA_BYTES)
_is_hash: Final = _text(_HASH)
_is_quantity: Final = _text(_QUANTITY)
_is_count: Final = _text(_COUNT)


def _is_block(value: Any) -> bool:
    """A tag, a number, or the hash of one (EIP-1898)."""
    if isinstance(value, dict):
        canonical = value.get("requireCanonical", False)
        known = value.keys() <= {"blockHash", "requireCanonical"}
        return known and isinstance(canonical, bool) and _is_hash(value.get("blockHash"))
    return isinstance(value, str) and (value in _TAGS or _is_count(value))


def _is_numbered_block(value: Any) -> bool:
    return isinstance(value, str) and _is_block(value)


def _is_fee_count(value: Any) -> bool:
    return _is_count(value) and 1 <= int(value, 16) <= _MAX_FEE_BLOCKS


def _are_percentiles(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= _MAX_PERCENTILES
        and all(isinstance(one, int | float) and not isinstance(one, bool) for one in value)
        and all(0 <= one <= 100 for one in value)
        and value == sorted(value)
    )


#: What a call may say of itself. Nothing of another state, of blobs, or of code to be tried out.
_CALL_FORMS: Final[Mapping[str, _Form]] = {
    "from": _text(_ADDRESS),
    "to": _text(_ADDRESS),
    "data": _is_bytes,
    "input": _is_bytes,
    "value": _is_quantity,
    "gas": _is_count,
    "gasPrice": _is_quantity,
    "maxFeePerGas": _is_quantity,
    "maxPriorityFeePerGas": _is_quantity,
    "nonce": _is_count,
    "chainId": _is_count,
    "type": lambda value: value in {"0x0", "0x1", "0x2"},
}


def _is_call(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and "to" in value
        and value.keys() <= _CALL_FORMS.keys()
        and all(
            isinstance(inner, str) and _CALL_FORMS[name](inner) for name, inner in value.items()
        )
    )


def _is_record(value: Any) -> bool:
    return isinstance(value, dict)


def _is_record_or_none(value: Any) -> bool:
    return value is None or isinstance(value, dict)


#: A node's answer is bounded as a whole, so of its bytes only the letters are looked at.
_answers_bytes: Final = _text(_BYTES, 2**30)

_OF: Final = _Param(_text(_ADDRESS), "an address")
_AT: Final = _Param(_is_block, "a block: its tag, number, or {blockHash}", "latest")
_NUMBERED: Final = _Param(_is_numbered_block, "a block: its tag or number")
_BY_HASH: Final = _Param(_is_hash, "a hash of 32 bytes")
_CALLED: Final = _Param(
    _is_call, f"a call with `to`, of {', '.join(_CALL_FORMS)}; data of {MAX_DATA_BYTES} bytes"
)

_RULES: Final[Mapping[NodeMethod, _Rule]] = {
    NodeMethod.CHAIN_ID: _Rule((), 1, _is_quantity),
    NodeMethod.BLOCK_NUMBER: _Rule((), 1, _is_quantity),
    NodeMethod.GAS_PRICE: _Rule((), 1, _is_quantity),
    NodeMethod.PRIORITY_FEE: _Rule((), 1, _is_quantity),
    NodeMethod.BALANCE: _Rule((_OF, _AT), 1, _is_quantity),
    NodeMethod.TRANSACTION_COUNT: _Rule((_OF, _AT), 1, _is_quantity),
    NodeMethod.CODE: _Rule((_OF, _AT), 2, _answers_bytes),
    NodeMethod.RECEIPT: _Rule((_BY_HASH,), 1, _is_record_or_none),
    NodeMethod.TRANSACTION: _Rule((_BY_HASH,), 1, _is_record_or_none),
    NodeMethod.BLOCK: _Rule(
        (_NUMBERED, _Param(lambda value: value is False, "false: no whole transactions", False)),
        2,
        _is_record_or_none,
    ),
    NodeMethod.FEE_HISTORY: _Rule(
        (
            _Param(_is_fee_count, f"a number of blocks, up to {_MAX_FEE_BLOCKS}"),
            _NUMBERED,
            _Param(_are_percentiles, f"up to {_MAX_PERCENTILES} percentiles, ascending", []),
        ),
        2,
        _is_record,
    ),
    NodeMethod.CALL: _Rule((_CALLED, _AT), 5, _answers_bytes),
    NodeMethod.ESTIMATE_GAS: _Rule((_CALLED, _AT), 10, _is_quantity),
    NodeMethod.SEND: _Rule(
        (
            _Param(
                lambda value: _is_bytes(value) and len(value) > 2,
                f"a signed transaction of up to {MAX_DATA_BYTES} bytes",
            ),
        ),
        20,
        _is_hash,
    ),
}


def units_of(method: NodeMethod) -> int:
    """What a call costs, in units of the limits."""
    return _RULES[method].units


def checked(method: NodeMethod, params: Sequence[Any]) -> list[Any]:
    """The parameters as the node gets them: all of them, each of its form.

    Raises `MalformedRequest`, which names the one that is not.
    """
    wanted = _RULES[method].params
    if len(params) > len(wanted):
        raise MalformedRequest(f"{method} takes {len(wanted)} parameters.")
    found = []
    for position, param in enumerate(wanted):
        left_out = position >= len(params)
        value = param.instead if left_out else params[position]
        if not param.form(value):
            at = f"body.params.{position}"
            raise MalformedRequest(errors=[{"at": at, "what": f"It has to be {param.words}."}])
        found.append(value)
    return found


def fits(method: NodeMethod, answer: Any) -> bool:
    """Whether an answer is of the form that the method gives."""
    return _RULES[method].answer(answer)

"""The Python side against the interface that the compiler wrote down."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from contracts import build
from tradepost_contracts import calls, deploy, events, state
from tradepost_contracts.artifacts import DEV_TOKEN, ESCROW, load
from tradepost_contracts.terms import Terms

ROOT = Path(__file__).resolve().parents[3]
A, B, C = ("0x" + digit * 40 for digit in "123")
TERMS = Terms(A, B, C, C, 10, 1, A, 1, 2, 3, 4)
SIGNATURE = b"\x07" * 65
ID = b"\x09" * 32


def types(inputs: list[dict[str, Any]]) -> str:
    return ",".join(
        # A struct's is "tuple", and "tuple[]" that of an array of it.
        one["type"].replace("tuple", f"({types(one['components'])})")
        if "components" in one
        else one["type"]
        for one in inputs
    )


def selectors() -> dict[str, str]:
    """Each function's selector in hex, with its name."""
    functions = [entry for entry in ESCROW.abi if entry["type"] == "function"]
    signatures = [f"{entry['name']}({types(entry['inputs'])})" for entry in functions]
    return {keccak(text=text)[:4].hex(): text.split("(")[0] for text in signatures}


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (calls.lock(TERMS), "lock"),
        (calls.release(TERMS), "release"),
        (calls.request_cancel(TERMS), "requestCancel"),
        (calls.mark_paid(TERMS), "markPaid"),
        (calls.refund(TERMS), "refund"),
        (calls.release_by_sig(TERMS, SIGNATURE), "releaseBySig"),
        (calls.request_cancel_by_sig(TERMS, SIGNATURE), "requestCancelBySig"),
        (calls.mark_paid_by_sig(TERMS, SIGNATURE), "markPaidBySig"),
        (calls.refund_by_sig(TERMS, SIGNATURE), "refundBySig"),
        (calls.lock_by_sig(TERMS, SIGNATURE), "lockBySig"),
        (calls.lock_with_authorization(TERMS, SIGNATURE), "lockWithAuthorization"),
        (calls.lock_with_permit2(TERMS, 9, SIGNATURE), "lockWithPermit2"),
        (calls.lock_from_deposit(TERMS), "lockFromDeposit"),
        (calls.settle(TERMS, 5, 9, "seller", SIGNATURE, "buyer", b""), "settle"),
        (calls.cancel(TERMS), "cancel"),
        (calls.deposit(A, B, 5), "deposit"),
        (
            calls.deposit_with_authorization(A, B, 5, 9, ID, SIGNATURE),
            "depositWithAuthorization",
        ),
        (calls.permit(A, B, 5, 9, SIGNATURE), "permit"),
        (calls.withdraw(A, 5, B), "withdraw"),
        (calls.withdraw_by_sig(A, B, 5, C, 9, SIGNATURE), "withdrawBySig"),
        (calls.release_all([TERMS, TERMS], 2 * SIGNATURE), "releaseAll"),
        (calls.batch(100_000, [calls.release(TERMS), calls.cancel(TERMS)]), "batch"),
        (calls.balance_of(A, B), "balanceOf"),
        (calls.withdrawal_nonce(A, B), "withdrawalNonce"),
        (calls.state_of(TERMS), "stateOf"),
        (calls.lane_of(A, B, 4), "laneOf"),
        (calls.escrow_id(TERMS), "escrowId"),
    ],
)
def test_call_meets_its_function(data: bytes, name: str) -> None:
    assert selectors()[data[:4].hex()] == name


def test_every_function_has_a_call() -> None:
    # The domain is not asked for: it is computed.
    left = {"eip712Domain"}
    here = {name.replace("_", "") for name in vars(calls)}
    assert {name for name in selectors().values() if name.lower() not in here} == left


def test_unknown_role_is_refused() -> None:
    with pytest.raises(KeyError):
        calls.settle(TERMS, 5, 9, "mediator", SIGNATURE, "buyer", SIGNATURE)


def test_settlement_takes_two_roles_in_any_order() -> None:
    data = calls.settle(TERMS, 5, 9, "arbitrator", b"\x01", "buyer", b"\x02")
    assert data == calls.settle(TERMS, 5, 9, "buyer", b"\x02", "arbitrator", b"\x01")
    assert data[4 + 13 * 32 : 4 + 14 * 32] == number(0)  # the seller is absent
    with pytest.raises(ValueError, match="unpack"):
        calls.settle(TERMS, 5, 9, "buyer", SIGNATURE, "buyer", SIGNATURE)


def test_permit_takes_one_form_of_signature() -> None:
    data = calls.permit(A, B, 5, 9, bytes(range(65)))
    assert data[-96:] == number(64) + bytes(range(64))
    with pytest.raises(ValueError, match="65 bytes"):
        calls.permit(A, B, 5, 9, SIGNATURE[:64])


def test_every_event_is_known() -> None:
    shown = {
        keccak(text=f"{entry['name']}({types(entry['inputs'])})")
        for entry in ESCROW.abi
        if entry["type"] == "event"
    }
    assert shown == {events.topic(event) for event in events.Event.__args__}


def word(address: str) -> bytes:
    return encode(["address"], [address])


def number(value: int) -> bytes:
    return value.to_bytes(32)


@pytest.mark.parametrize(
    ("event", "topics", "data"),
    [
        (events.Locked(ID, A, B), [ID, word(A), word(B)], b""),
        (events.Paid(ID), [ID], b""),
        (events.CancelRequested(ID, 5), [ID], number(5)),
        (events.Released(ID), [ID], b""),
        (events.Refunded(ID), [ID], b""),
        (events.Settled(ID, 2**128 - 1), [ID], number(2**128 - 1)),
        (events.Credited(A, B, 7), [word(A), word(B)], number(7)),
        (events.Deposited(A, B, 7), [word(A), word(B)], number(7)),
        (events.Withdrawn(A, B, C, 7), [word(A), word(B), word(C)], number(7)),
        (events.CallFailed(3, b""), [number(3)], number(32) + number(0)),
        (
            events.CallFailed(3, b"\x07" * 36),
            [number(3)],
            number(32) + number(36) + b"\x07" * 36 + bytes(28),
        ),
    ],
)
def test_log_is_read(event: events.Event, topics: list[bytes], data: bytes) -> None:
    topics = [events.topic(type(event)), *topics]
    assert events.decode({"topics": topics, "data": data}) == event
    as_hex = ["0x" + topic.hex() for topic in topics]
    assert events.decode({"topics": as_hex, "data": "0x" + data.hex()}) == event
    with pytest.raises(ValueError, match="another shape"):
        events.decode({"topics": topics[:-1], "data": data})
    with pytest.raises(ValueError, match="another shape"):
        events.decode({"topics": topics, "data": data + b"\x00" * 32})
    with pytest.raises(ValueError, match="another shape"):
        events.decode({"topics": [*topics[:-1], topics[-1][:-1]], "data": data})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        number(2**255) + number(0),
        number(32) + number(2**255),
        number(32) + number(1) + b"\x07" * 32,
        number(64) + number(0) + number(0),
    ],
    ids=["nothing", "far away", "too long", "more than it says", "with a gap"],
)
def test_bytes_of_another_shape_are_refused(data: bytes) -> None:
    topics = [events.topic(events.CallFailed), number(3)]
    with pytest.raises(ValueError, match="another shape"):
        events.decode({"topics": topics, "data": data})


def test_foreign_log_is_none() -> None:
    assert events.decode({"topics": [], "data": b""}) is None
    assert events.decode({"topics": [ID], "data": b""}) is None


def test_state_is_read() -> None:
    read = {status: state.decode(number(status) + number(9) + number(1)) for status in state.Status}
    assert read[state.Status.PAID] == state.State(state.Status.PAID, 9, from_deposit=True)
    assert [one for one in state.Status if one.is_final] == [
        state.Status.RELEASED,
        state.Status.REFUNDED,
        state.Status.SPLIT,
    ]
    assert {one for one, what in read.items() if what.is_open} == {
        state.Status.LOCKED,
        state.Status.CANCEL_REQUESTED,
        state.Status.PAID,
    }
    assert {one for one, what in read.items() if what.locked_at == 9} == {state.Status.LOCKED}
    assert {one for one, what in read.items() if what.cancel_at == 9} == {
        state.Status.CANCEL_REQUESTED
    }
    assert state.decode(bytes(96)) == state.NOTHING
    with pytest.raises(ValueError, match="96 bytes"):
        state.decode(b"")


def test_lane_is_read() -> None:
    ended = state.decode_lane(ID[:26] + bytes(6) + number(4) + number(9) + number(0))
    assert ended == state.Lane(ID[:26], state.State(state.Status.RELEASED, 9, from_deposit=False))
    assert [ended.takes_another(time) for time in (8, 9, 10)] == [False, False, True]
    held = state.decode_lane(ID[:26] + bytes(6) + number(3) + number(0) + number(0))
    assert not held.takes_another(2**40)
    assert state.decode_lane(bytes(128)).takes_another(0)
    with pytest.raises(ValueError, match="128 bytes"):
        state.decode_lane(b"")


def test_address_follows_from_the_code() -> None:
    # That the chain agrees is shown by the integration tests, which find the contracts there.
    assert deploy.address(ESCROW) != deploy.address(DEV_TOKEN)
    assert deploy.calldata(ESCROW) == deploy.SALT + ESCROW.init_code


def test_other_code_does_not_match() -> None:
    assert deploy.runtime_code_matches(ESCROW, ESCROW.runtime_code)
    assert not deploy.runtime_code_matches(ESCROW, DEV_TOKEN.runtime_code)
    assert not deploy.runtime_code_matches(ESCROW, b"")
    flipped = bytes([ESCROW.runtime_code[0] ^ 1]) + ESCROW.runtime_code[1:]
    assert not deploy.runtime_code_matches(ESCROW, flipped)


def test_unknown_artifact_is_refused() -> None:
    with pytest.raises(FileNotFoundError):
        load("Nothing")


def test_proofs_and_artefacts_have_one_compiler_setting() -> None:
    profiles = tomllib.loads((ROOT / "contracts" / "foundry.toml").read_text())["profile"]
    foundry = profiles["default"] | profiles["proofs"]
    expected = {
        "optimizer": {"enabled": foundry["optimizer"], "runs": foundry["optimizer_runs"]},
        "viaIR": foundry["via_ir"],
        "evmVersion": foundry["evm_version"],
        "metadata": {
            "bytecodeHash": foundry["bytecode_hash"],
            "appendCBOR": foundry["cbor_metadata"],
        },
    }
    assert expected == build.SETTINGS


def test_changed_artefact_is_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "build", lambda: {"TradepostEscrow": "{}\n"})
    assert build.main(["--check"]) == 1
    assert "is not what the contracts build to" in capsys.readouterr().err


def test_missing_tools_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "PACKAGES", tmp_path)
    assert build.main(["--check"]) == 1
    assert build.main(["test"]) == 1
    assert capsys.readouterr().err.count("python3 run.py check") == 2

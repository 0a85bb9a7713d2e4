"""Every way to lock, a row each: what the seller sends first, what he signs, how he backs out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.stage import CONTRACT, MINTED, TOKEN, Asset
from tradepost.entrypoints.dev.chain import DevChain
from tradepost.entrypoints.dev.data import CLONE
from tradepost_client.evm import erc20_approve, erc20_transfer
from tradepost_client.models import SignedLock
from tradepost_contracts import calls, locking
from tradepost_contracts.means import LockWay
from tradepost_contracts.terms import ZERO_ADDRESS, Terms

_W = LockWay
#: More than a permit and the lock after it need together.
_BOTH_GAS = 300_000


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction of the seller; `value` in wei."""

    to: str
    data: bytes
    value: int = 0


Sends = Callable[[Terms], Sequence[Sent]]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to lock."""

    name: str
    asset: Asset
    #: What the exchange brings; None where the seller locks by a transaction of his own.
    signed: LockWay | None
    #: What he sends before the lock.
    first: Sends
    #: The lock, where it is his own.
    lock: Sends
    #: What he sends so that a lock of his can take nothing any more.
    back_out: Sends
    #: Whether the coins are in his balance in the contract before, and go back to it.
    from_balance: bool = False

    def __str__(self) -> str:
        return self.name


def brought(terms: Terms, signed: SignedLock) -> bytes:
    """What a stranger sends to the contract who has come by a signed lock."""
    signature = bytes.fromhex(signed.signature.removeprefix("0x"))
    match signed.way:
        case LockWay.DEPOSIT:
            return calls.lock_from_deposit(terms, signature)
        case LockWay.AUTHORIZATION:
            return calls.lock_with_authorization(terms, signature)
        case LockWay.PERMIT2:
            return calls.lock_with_permit2(terms, int(signed.nonce or ""), signature)
        case LockWay.ALLOWANCE:
            return calls.lock_by_sig(terms, signature)
        case LockWay.PERMIT:
            permit = bytes.fromhex((signed.permit_signature or "").removeprefix("0x"))
            allowed = calls.permit(
                terms.token, terms.seller, terms.locked_amount, terms.fund_by, permit
            )
            return calls.batch(_BOTH_GAS, [allowed, calls.lock_by_sig(terms, signature)])


def approve(spender: str, amount: int) -> Sent:
    """Lets a spender have so much of the token."""
    return Sent(TOKEN, erc20_approve(spender, amount))


def deploy_permit2(node: DevChain) -> None:
    """Puts Permit2 where every chain has it."""
    # What its constructor returns, which runs in place, so that its domain is the real one.
    node.rpc("anvil_setCode", locking.PERMIT2, (CLONE / "contracts/test/Permit2.hex").read_text())
    code = node.rpc("eth_call", {"to": locking.PERMIT2}, "latest")
    node.rpc("anvil_setCode", locking.PERMIT2, code)


def _nothing(_: Terms) -> Sequence[Sent]:
    return ()


def _lock(terms: Terms) -> Sequence[Sent]:
    return (Sent(CONTRACT, calls.lock(terms), terms.locked_amount if _is_native(terms) else 0),)


def _lock_from_balance(terms: Terms) -> Sequence[Sent]:
    return (Sent(CONTRACT, calls.lock_from_deposit(terms)),)


def _approve(terms: Terms) -> Sequence[Sent]:
    return (approve(CONTRACT, terms.locked_amount),)


def _disapprove(_: Terms) -> Sequence[Sent]:
    return (approve(CONTRACT, 0),)


def _approve_permit2(terms: Terms) -> Sequence[Sent]:
    return (approve(locking.PERMIT2, terms.locked_amount),)


def _disapprove_permit2(_: Terms) -> Sequence[Sent]:
    return (approve(locking.PERMIT2, 0),)


def _deposit(terms: Terms) -> Sequence[Sent]:
    amount = terms.locked_amount
    data = calls.deposit(terms.token, terms.seller, amount)
    if _is_native(terms):
        return (Sent(CONTRACT, data, amount),)
    return (*_approve(terms), Sent(CONTRACT, data))


def _withdraw(terms: Terms) -> Sequence[Sent]:
    data = calls.withdraw(terms.token, terms.locked_amount, terms.seller)
    return (Sent(CONTRACT, data),)


def _give_all_away(terms: Terms) -> Sequence[Sent]:
    return (Sent(TOKEN, erc20_transfer(terms.arbitrator, MINTED)),)


WAYS = (
    Way("own coin", "ETH", None, _nothing, _lock, _nothing),
    Way("own token", "USDT", None, _approve, _lock, _disapprove),
    Way("own deposit", "ETH", None, _deposit, _lock_from_balance, _withdraw, from_balance=True),
    Way("deposited coin", "ETH", _W.DEPOSIT, _deposit, _nothing, _withdraw, from_balance=True),
    Way("deposited token", "USDT", _W.DEPOSIT, _deposit, _nothing, _withdraw, from_balance=True),
    Way("authorization", "USDT", _W.AUTHORIZATION, _nothing, _nothing, _give_all_away),
    Way("permit", "USDT", _W.PERMIT, _nothing, _nothing, _give_all_away),
    Way("permit2", "USDT", _W.PERMIT2, _approve_permit2, _nothing, _disapprove_permit2),
    Way("allowance", "USDT", _W.ALLOWANCE, _approve, _nothing, _disapprove),
)
#: Those that need no transaction of the seller for the lock itself.
RELAYED = tuple(way for way in WAYS if way.signed is not None)
#: Those that the client knows: it locks out of a balance by a signature only.
CLIENTS = tuple(way for way in WAYS if way.signed is not None or not way.from_balance)


def ways_of(asset: Asset, *, signed: bool) -> tuple[Way, ...]:
    """The ways to lock this asset: those that the exchange brings, or the seller's own."""
    return tuple(way for way in WAYS if way.asset == asset and (way.signed is not None) is signed)


def own(asset: Asset) -> Way:
    """How a seller locks this asset out of his wallet, by himself."""
    (way,) = (way for way in ways_of(asset, signed=False) if not way.from_balance)
    return way


def _is_native(terms: Terms) -> bool:
    return terms.token == ZERO_ADDRESS

"""A trader's own steps on a real chain, as he takes them when the exchange is gone."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

import pytest

from tests.integration.contracts.harness import (
    BUYER,
    CHAIN_ID,
    COIN,
    FEES,
    FUND_BY,
    SELLER,
    ContractChain,
)
from tradepost.entrypoints.dev.chain import DevChain
from tradepost_client import Chain, Escrow, Wallet, errors
from tradepost_client.agreement import Agreement, KnownTrade
from tradepost_client.evm import Progress, erc20_allowance, erc20_approve, number
from tradepost_client.models import Asset, ChainInfo, EscrowTerms, Exchange, Side
from tradepost_contracts.state import Status
from tradepost_contracts.terms import ZERO_ADDRESS

DEPTH = 3
AMOUNT, FEE = 5 * 10**6, 25_000
NUMBERS = count(1)


@pytest.fixture(scope="module")
def contracts() -> Iterator[ContractChain]:
    """A chain that mines on request as well, with the contracts on it."""
    with DevChain() as node:
        yield ContractChain(node.url)


@pytest.fixture
def chain(contracts: ContractChain) -> Iterator[Chain]:
    with Chain(contracts.url, poll_s=0.02) as opened:
        yield opened


@pytest.fixture
def seller(chain: Chain) -> Escrow:
    return Escrow(chain, Wallet(bytes(SELLER.key)))


@pytest.fixture
def buyer(chain: Chain) -> Escrow:
    return Escrow(chain, Wallet(bytes(BUYER.key)))


Make = Callable[..., KnownTrade]


@pytest.fixture
def trade(contracts: ContractChain) -> Make:
    """Makes a verified trade; each has its own lane."""

    def make(
        *,
        token: str = ZERO_ADDRESS,
        side: Side = "seller",
        depth: int = 1,
        fund_by: int = FUND_BY,
    ) -> KnownTrade:
        terms = contracts.terms(token=token, amount=AMOUNT, fee=FEE, number=next(NUMBERS))
        terms = replace(terms, fund_by=fund_by)
        fields = {name: getattr(terms, name) for name in EscrowTerms.model_fields}
        agreement = Agreement(
            offer_id="0",
            side=side,
            asset="USDT",
            decimals=6 if token != ZERO_ADDRESS else 18,
            token=token,
            currency="EUR",
            currency_decimals=2,
            worst_price="1",
            min_amount="1",
            max_amount="9",
            fiat_amount=None,
            payment_methods=("sepa",),
            words=None,
            wallet=terms.seller if side == "seller" else terms.buyer,
            encryption_key="00" * 32,
            chain_id=CHAIN_ID,
            contract=contracts.escrow,
            arbitrator=terms.arbitrator,
            fee_bps=50,
            fee_recipient=terms.fee_recipient,
            payment_window=terms.payment_window,
            challenge_window=terms.challenge_window,
            confirmations=depth,
        )
        return KnownTrade(
            id=str(UUID(int=terms.lane)),
            agreement=agreement,
            terms=EscrowTerms(**fields),
            escrow_id="0x" + contracts.id(terms).hex(),
            buyer_key="00" * 32,
            seller_key="11" * 32,
        )

    return make


def pass_time(contracts: ContractChain, seconds: int) -> None:
    contracts.rpc("evm_increaseTime", seconds)
    contracts.rpc("evm_mine")


def test_the_coin_is_locked_and_released(
    trade: Make, seller: Escrow, buyer: Escrow, contracts: ContractChain
) -> None:
    known, before = trade(), buyer.balance(ZERO_ADDRESS)
    (receipt,) = seller.lock(known)
    assert receipt.succeeded
    assert receipt.sender == SELLER.address
    assert seller.state(known).status is Status.LOCKED
    seller.release(known)
    assert buyer.state(known).status is Status.RELEASED
    assert buyer.balance(ZERO_ADDRESS) == before + AMOUNT


def test_a_token_is_approved_for_its_exact_amount(
    trade: Make, seller: Escrow, buyer: Escrow, chain: Chain, contracts: ContractChain
) -> None:
    token = contracts.token
    contracts.token_call(SELLER, "mint", ["address", "uint256"], SELLER.address, 10**9)
    known = trade(token=token)
    assert len(seller.lock(known)) == 2
    allowance = erc20_allowance(SELLER.address, contracts.escrow)
    assert number(chain.call(token, allowance)) == 0

    # An allowance that was left by something else is set to zero first, as USDT wants it.
    contracts.send(SELLER, token, erc20_approve(contracts.escrow, 1))
    second = trade(token=token)
    assert len(seller.lock(second)) == 3
    assert number(chain.call(token, allowance)) == 0

    contracts.send(SELLER, token, erc20_approve(contracts.escrow, 10**8))
    assert len(seller.lock(trade(token=token))) == 1
    before = buyer.balance(token)
    seller.release(known)
    assert buyer.balance(token) == before + AMOUNT


def test_what_is_locked_is_not_locked_again(trade: Make, seller: Escrow) -> None:
    known = trade()
    seller.lock(known)
    assert seller.lock(known) == ()
    seller.release(known)
    assert seller.lock(known) == ()


def test_the_buyer_waits_for_the_depth(
    trade: Make, seller: Escrow, buyer: Escrow, contracts: ContractChain
) -> None:
    known = trade(side="buyer", depth=DEPTH)
    with pytest.raises(errors.NotLocked):
        buyer.check_payable(known)
    told: list[Progress] = []
    seller.lock(known, told.append, wait=False)
    assert told[-1].needed == 1
    for _ in range(DEPTH - 1):
        with pytest.raises(errors.NotConfirmed):
            buyer.check_payable(known)
        contracts.rpc("evm_mine")
    buyer.check_payable(known)


def test_a_lock_that_a_reorganisation_took_is_not_paid_for(
    trade: Make, seller: Escrow, buyer: Escrow, contracts: ContractChain
) -> None:
    known = trade(side="buyer", depth=DEPTH)
    snapshot = contracts.rpc("evm_snapshot")
    seller.lock(known, wait=False)
    contracts.rpc("anvil_mine", hex(DEPTH))
    buyer.check_payable(known)
    assert contracts.rpc("evm_revert", snapshot)
    contracts.rpc("anvil_mine", hex(DEPTH))
    with pytest.raises(errors.NotLocked):
        buyer.check_payable(known)


def test_the_buyer_gives_back(trade: Make, seller: Escrow, buyer: Escrow) -> None:
    known = trade()
    seller.lock(known)
    before = seller.balance(ZERO_ADDRESS)
    buyer.refund(known)
    assert seller.state(known).status is Status.REFUNDED
    assert seller.balance(ZERO_ADDRESS) == before + AMOUNT + FEE


def test_a_silent_buyer_and_the_windows(
    trade: Make, seller: Escrow, contracts: ContractChain
) -> None:
    known = trade()
    seller.lock(known)
    with pytest.raises(errors.CallReverted) as early:
        seller.request_cancel(known)
    assert early.value.name == "PaymentWindowOpen"
    pass_time(contracts, known.terms.payment_window + 1)
    seller.request_cancel(known)
    with pytest.raises(errors.NotLocked, match="do not pay"):
        seller.check_payable(known)
    with pytest.raises(errors.CallReverted) as open_still:
        seller.cancel(known)
    assert open_still.value.name == "ChallengeWindowOpen"
    pass_time(contracts, known.terms.challenge_window + 1)
    seller.cancel(known)
    assert seller.state(known).status is Status.REFUNDED


def test_a_buyer_who_paid_defeats_the_cancel(
    trade: Make, seller: Escrow, buyer: Escrow, contracts: ContractChain
) -> None:
    known = trade()
    seller.lock(known)
    pass_time(contracts, known.terms.payment_window + 1)
    seller.request_cancel(known)
    buyer.mark_paid(known)
    pass_time(contracts, known.terms.challenge_window + 1)
    with pytest.raises(errors.CallReverted) as refused:
        seller.cancel(known)
    assert refused.value.name == "WrongStatus"


def test_a_balance_is_drawn(
    trade: Make, seller: Escrow, chain: Chain, contracts: ContractChain
) -> None:
    fees = Escrow(chain, Wallet(bytes(FEES.key)))
    known = trade()
    seller.lock(known)
    seller.release(known)
    held = fees.held(contracts.escrow, ZERO_ADDRESS)
    assert held >= FEE
    target = Wallet.create().address
    fees.withdraw(contracts.escrow, ZERO_ADDRESS, held - 1, target)
    assert chain.balance(target) == held - 1
    assert fees.held(contracts.escrow, ZERO_ADDRESS) == 1
    with pytest.raises(errors.CallReverted) as more:
        fees.withdraw(contracts.escrow, ZERO_ADDRESS, 2, target)
    assert more.value.name == "BalanceTooLow"
    with pytest.raises(errors.CallReverted) as nothing:
        fees.withdraw(contracts.escrow, ZERO_ADDRESS, 0, target)
    assert nothing.value.name == "NoAmount"


def described(contracts: ContractChain, **lies: object) -> tuple[Exchange, Asset, Asset]:
    """An exchange as it describes itself, its native coin and its token."""
    now = datetime(2026, 11, 24, 5, tzinfo=UTC)
    chain_info = {
        "chain_id": CHAIN_ID,
        "escrow_address": contracts.escrow,
        "confirmations": DEPTH,
        "block_number": 1,
        "block_time": now,
    }
    native = Asset(code="ETH", decimals=18, token=None)
    token = Asset(code="USDT", decimals=6, token=contracts.token)
    exchange = Exchange(
        name="x",
        version="1",
        server_now=now,
        chain=ChainInfo.model_validate(chain_info | lies),
        assets=(native, token),
        currencies=(),
        fee_bps=0,
        fee_recipient=None,
        arbitrator=FEES.address,
        challenge_window_s=3600,
        development=True,
    )
    return exchange, native, token


def approve(chain: Chain, contracts: ContractChain, amount: int) -> None:
    """The seller has tokens, and lets the contract take so much of them."""
    contracts.token_call(SELLER, "mint", ["address", "uint256"], SELLER.address, 10**9)
    data = erc20_approve(contracts.escrow, amount)
    sent = chain.transact(Wallet(bytes(SELLER.key)), contracts.token, data)
    chain.wait(sent, step="approve")


def test_coins_go_into_a_balance_and_come_back(
    seller: Escrow, chain: Chain, contracts: ContractChain
) -> None:
    exchange, native, token = described(contracts)
    (receipt,) = seller.deposit(exchange, native, 700)
    assert receipt.succeeded
    assert seller.held(contracts.escrow, ZERO_ADDRESS) == 700
    steps: list[str] = []
    approve(chain, contracts, 0)
    had = seller.balance(contracts.token)
    receipts = seller.deposit(exchange, token, 500, lambda one: steps.append(one.step))
    assert len(receipts) == 2
    assert {"approve", "deposit"} == set(steps)
    assert seller.held(contracts.escrow, contracts.token) == 500
    assert seller.balance(contracts.token) == had - 500
    seller.withdraw(contracts.escrow, contracts.token, 500, SELLER.address)
    seller.withdraw(contracts.escrow, ZERO_ADDRESS, 700, SELLER.address)
    assert seller.balance(contracts.token) == had
    assert seller.held(contracts.escrow, contracts.token) == 0


def test_a_deposit_goes_on_after_its_approval(
    seller: Escrow, chain: Chain, contracts: ContractChain
) -> None:
    exchange, _, token = described(contracts)
    approve(chain, contracts, 500)
    assert len(seller.deposit(exchange, token, 500)) == 1
    # Less than is needed is taken back first, as some tokens ask.
    approve(chain, contracts, 499)
    assert len(seller.deposit(exchange, token, 500)) == 3
    seller.withdraw(contracts.escrow, contracts.token, 1_000, SELLER.address)


def test_nothing_is_deposited_where_it_should_not_be(
    seller: Escrow, chain: Chain, contracts: ContractChain
) -> None:
    exchange, native, token = described(contracts)
    before = chain.nonce(SELLER.address)
    elsewhere, _, _ = described(contracts, chain_id=CHAIN_ID + 1)
    with pytest.raises(errors.WrongChain):
        seller.deposit(elsewhere, native, 1)
    nowhere, _, _ = described(contracts, escrow_address=contracts.token)
    with pytest.raises(errors.WrongContract):
        seller.deposit(nowhere, native, 1)
    with pytest.raises(errors.TokenChanged):
        seller.deposit(exchange, token.model_copy(update={"decimals": 18}), 1)
    with pytest.raises(errors.FundsMissing):
        seller.deposit(exchange, token, 1 << 200)
    with pytest.raises(errors.FundsMissing):
        seller.deposit(exchange, native, 1 << 200)
    assert chain.nonce(SELLER.address) == before


def test_what_ended_is_forgotten_and_not_locked_again(
    trade: Make, seller: Escrow, buyer: Escrow, contracts: ContractChain
) -> None:
    known = trade(fund_by=contracts.time() + 1_000)
    seller.lock(known)
    seller.release(known)
    pass_time(contracts, 1_001)
    terms = known.terms.terms()
    after = replace(terms, fund_by=contracts.time() + 1_000)
    assert contracts.lock(after).succeeded
    assert seller.state(known).status is Status.NONE
    with pytest.raises(errors.FundingTooLate):
        seller.lock(known)
    with pytest.raises(errors.NotLocked):
        buyer.check_payable(known)


def test_nothing_is_locked_that_the_wallet_does_not_have(
    trade: Make, chain: Chain, contracts: ContractChain
) -> None:
    poor = Escrow(chain, Wallet.create())
    with pytest.raises(errors.NotYourStep):
        poor.lock(trade())
    contracts.rpc("anvil_setBalance", SELLER.address, hex(AMOUNT))
    try:
        with pytest.raises(errors.FundsMissing):
            Escrow(chain, Wallet(bytes(SELLER.key))).lock(trade())
    finally:
        contracts.rpc("anvil_setBalance", SELLER.address, hex(1_000 * COIN))


def test_a_contract_wallet_is_asked_for_its_word(chain: Chain, contracts: ContractChain) -> None:
    address, digest, word = Wallet.create().address, bytes(range(32)), b"owners' words"
    assert not chain.wallet_agrees(address, digest, word)
    # PUSH4 0x1626ba7e, shifted to the left of the word that is returned: always yes.
    yes = "631626ba7e60e01b60005260206000f3"
    no, reverts = yes.replace("1626ba7e", "ffffffff"), "60006000fd"
    for code, agrees in ((yes, True), (no, False), (reverts, False)):
        contracts.rpc("anvil_setCode", address, "0x" + code)
        assert chain.wallet_agrees(address, digest, word) is agrees
    # A wallet that answers nothing has not agreed, either.
    contracts.rpc("anvil_setCode", address, "0x00")
    assert not chain.wallet_agrees(address, digest, word)


def test_another_contract_is_not_called(
    trade: Make, seller: Escrow, contracts: ContractChain
) -> None:
    known = trade()
    elsewhere = known.agreement.model_copy(update={"contract": contracts.token})
    wrong = known.model_copy(update={"agreement": elsewhere})
    for step in (seller.lock, seller.release, seller.check_open):
        with pytest.raises(errors.WrongContract):
            step(wrong)
    assert contracts.state(known.terms.terms()).status is Status.NONE

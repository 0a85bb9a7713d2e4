"""A wallet's own steps on the escrow contract: locking, and ending a trade without the exchange."""

from tradepost_client import keysigning, verify
from tradepost_client._sync.chain import Chain
from tradepost_client.agreement import Agreement, KnownTrade
from tradepost_client.errors import FundsMissing, KeyNotSigned, NotYourStep, WrongContract
from tradepost_client.evm import (
    BlockTag,
    Receipt,
    Reporter,
    erc20_allowance,
    erc20_approve,
    erc20_balance,
    erc20_decimals,
    number,
)
from tradepost_client.models import Asset, Exchange, native
from tradepost_client.wallet import Wallet
from tradepost_contracts import calls
from tradepost_contracts.state import NOTHING, State, Status, decode
from tradepost_contracts.terms import ZERO_ADDRESS

#: Every chain of the EVM counts its own coin so; an exchange that says otherwise means less.
NATIVE_DECIMALS = 18


class Escrow:
    """The escrow contract as the trader's node shows it and his wallet calls it.

    It needs a trade that was verified (`KnownTrade`), and no exchange. Each step that sends a
    transaction costs the wallet gas, and raises as `Chain.transact` and `Chain.wait` do.
    """

    def __init__(self, chain: Chain, wallet: Wallet) -> None:
        self._chain = chain
        self._wallet = wallet

    # --- looking ---------------------------------------------------------------------------

    def check_place(self, agreement: Agreement) -> None:
        """The node is on the agreed chain, and the contract and the token are what they should be.

        Raises `WrongChain`, `WrongContract`, `TokenChanged`.
        """
        verify.check_chain(self._chain.chain_id(), agreement.chain_id)
        verify.check_contract(self._chain.code(agreement.contract), agreement.contract)
        decimals = self._decimals(agreement.token)
        verify.check_token_decimals(decimals, agreement.decimals)

    def state(self, known: KnownTrade, block: BlockTag = "latest") -> State:
        """Where the trade's escrow stands on the chain; raises `WrongContract`."""
        contract = known.agreement.contract
        answer = self._chain.call(contract, calls.state_of(known.terms.terms()), block)
        try:
            return decode(answer)
        except ValueError as error:
            raise WrongContract(str(error)) from None

    def check_open(self, known: KnownTrade) -> State:
        """The contract is the right one and holds the coins now; raises `VerificationFailed`."""
        self.check_place(known.agreement)
        state = self.state(known)
        verify.check_open(state)
        return state

    def check_payable(self, known: KnownTrade) -> None:
        """The coins are locked as deep as agreed: the buyer may pay.

        Raises `VerificationFailed`, among them `NotLocked` and `NotConfirmed`.
        """
        self.check_place(known.agreement)
        depth = known.agreement.confirmations
        head = self._chain.head()
        now = self.state(known)
        # The contract did not exist then, if the chain is that young: so nothing was locked.
        if head.number < depth - 1:
            verify.check_payable(now, NOTHING, depth)
        try:
            deep = self.state(known, head.number - depth + 1)
        except WrongContract:
            deep = NOTHING
        verify.check_payable(now, deep, depth)

    def check_buyers_key(self, known: KnownTrade, signature: str | None) -> None:
        """The buyer's wallet in the terms has signed the buyer's key: the seller may seal to it.

        The node is asked only where the wallet's own key did not sign, as the wallet may be a
        contract.

        Args:
            known: The trade.
            signature: As the exchange shows it.

        Raises:
            KeyNotSigned: There is no signature, or it is not the wallet's over this key.
            WrongChain: The node is on another chain, where others may have the contract's address.
        """
        wallet, key = known.terms.buyer, known.buyer_key
        if signature is None:
            raise KeyNotSigned("There is no signature.")
        if keysigning.is_signed(key, wallet, signature):
            return
        verify.check_chain(self._chain.chain_id(), known.agreement.chain_id)
        digest, octets = keysigning.digest(key), bytes.fromhex(signature.removeprefix("0x"))
        if not self._chain.wallet_agrees(wallet, digest, octets):
            raise KeyNotSigned(f"The signature shown is not that of {wallet} over {key}.")

    def balance(self, token: str) -> int:
        """What the wallet has of the token (the zero address: native), in smallest units."""
        if token == ZERO_ADDRESS:
            return self._chain.balance(self._wallet.address)
        return number(self._chain.call(token, erc20_balance(self._wallet.address)))

    def held(self, contract: str, token: str) -> int:
        """What the wallet has in the contract outside of escrows, in smallest units."""
        data = calls.balance_of(token, self._wallet.address)
        return number(self._chain.call(contract, data))

    # --- the seller ------------------------------------------------------------------------

    def is_lockable(self, known: KnownTrade) -> bool:
        """Whether the wallet can lock: everything is as agreed, and nothing has been locked yet.

        Raises:
            NotYourStep: Another wallet is to lock.
            VerificationFailed: The chain, the contract, the token or the time is wrong.
        """
        terms = known.terms.terms()
        if terms.seller != self._wallet.address:
            raise NotYourStep(f"{terms.seller} is to lock, not this wallet.")
        self.check_place(known.agreement)
        if (self.state(known, "pending")).status is not Status.NONE:
            return False
        verify.check_fundable(terms, (self._chain.head()).time)
        return True

    def is_locked(self, known: KnownTrade, depth: int) -> bool:
        """Whether the chain holds the coins, and did already `depth` - 1 blocks before."""
        head = self._chain.head()
        if not (self.state(known)).is_open or head.number < depth - 1:
            return False
        try:
            return (self.state(known, head.number - depth + 1)).is_open
        except WrongContract:
            # It did not exist then.
            return False

    def lock(
        self, known: KnownTrade, report: Reporter | None = None, *, wait: bool = True
    ) -> tuple[Receipt, ...]:
        """Locks the coins: an approval of the exact amount where a token needs it, then the lock.

        Called again after a crash it goes on: what is locked already is not locked twice (the
        contract would refuse it, too).

        Args:
            known: The verified trade.
            report: Told of each transaction's confirmations.
            wait: Whether to wait for the agreed confirmations, or only for the first.

        Returns:
            The receipts of what was sent, of which there may be none, and up to three.

        Raises:
            VerificationFailed: The chain, the contract, the token or the time is wrong.
            FundsMissing: The wallet has too little.
        """
        if not self.is_lockable(known):
            return ()
        terms, agreement = known.terms.terms(), known.agreement
        self._check_funds(terms.token, terms.locked_amount, "locked")
        receipts = []
        if terms.token != ZERO_ADDRESS:
            receipts += self._approve(terms.token, terms.locked_amount, agreement.contract, report)
            verify.check_fundable(terms, (self._chain.head()).time)
        value = terms.locked_amount if terms.token == ZERO_ADDRESS else 0
        sent = self._chain.transact(self._wallet, agreement.contract, calls.lock(terms), value)
        depth = agreement.confirmations if wait else 1
        receipts.append(self._chain.wait(sent, step="lock", confirmations=depth, report=report))
        verify.check_open(self.state(known))
        return tuple(receipts)

    def release(self, known: KnownTrade, report: Reporter | None = None) -> Receipt:
        """The seller gives the buyer the coins."""
        return self._step(known, calls.release(known.terms.terms()), "release", report)

    def request_cancel(self, known: KnownTrade, report: Reporter | None = None) -> Receipt:
        """The seller asks for the coins back after the payment window."""
        data = calls.request_cancel(known.terms.terms())
        return self._step(known, data, "request cancel", report)

    # --- the buyer -------------------------------------------------------------------------

    def mark_paid(self, known: KnownTrade, report: Reporter | None = None) -> Receipt:
        """The buyer says on the chain that he paid."""
        return self._step(known, calls.mark_paid(known.terms.terms()), "mark paid", report)

    def refund(self, known: KnownTrade, report: Reporter | None = None) -> Receipt:
        """The buyer gives the coins back."""
        return self._step(known, calls.refund(known.terms.terms()), "refund", report)

    # --- anyone ----------------------------------------------------------------------------

    def cancel(self, known: KnownTrade, report: Reporter | None = None) -> Receipt:
        """Ends an escrow whose cancel request was not answered within the challenge window."""
        return self._step(known, calls.cancel(known.terms.terms()), "cancel", report)

    def deposit(
        self, exchange: Exchange, asset: Asset, amount: int, report: Reporter | None = None
    ) -> tuple[Receipt, ...]:
        """Puts coins into the wallet's balance in the contract, which the wallet alone draws.

        A token is approved before, for the exact amount; called again after a crash it does not
        approve twice.

        Args:
            exchange: As it describes itself: chain and contract are checked by the node.
            asset: One of its assets.
            amount: In smallest units.
            report: Told of each transaction's confirmations.

        Returns:
            The receipts of what was sent, the deposit's the last.

        Raises:
            VerificationFailed: The chain, the contract or the token is another than is said.
            FundsMissing: The wallet has too little.
        """
        contract, token = exchange.chain.escrow_address, native(asset)
        verify.check_chain(self._chain.chain_id(), exchange.chain.chain_id)
        verify.check_contract(self._chain.code(contract), contract)
        receipts = []
        verify.check_token_decimals(self._decimals(token), asset.decimals)
        self._check_funds(token, amount, "deposited")
        if asset.token is not None:
            receipts += self._approve(token, amount, contract, report)
        data = calls.deposit(token, self._wallet.address, amount)
        value = amount if asset.token is None else 0
        sent = self._chain.transact(self._wallet, contract, data, value)
        receipts.append(self._chain.wait(sent, step="deposit", report=report))
        return tuple(receipts)

    def withdraw(
        self, contract: str, token: str, amount: int, to: str, report: Reporter | None = None
    ) -> Receipt:
        """Draws `amount` (smallest units) of what the wallet has in the contract to `to`."""
        verify.check_contract(self._chain.code(contract), contract)
        sent = self._chain.transact(self._wallet, contract, calls.withdraw(token, amount, to))
        return self._chain.wait(sent, step="withdraw", report=report)

    # --- inside ----------------------------------------------------------------------------

    def _step(self, known: KnownTrade, data: bytes, step: str, report: Reporter | None) -> Receipt:
        self.check_open(known)
        sent = self._chain.transact(self._wallet, known.agreement.contract, data)
        return self._chain.wait(sent, step=step, report=report)

    def _decimals(self, token: str) -> int:
        if token == ZERO_ADDRESS:
            return NATIVE_DECIMALS
        return number(self._chain.call(token, erc20_decimals()))

    def _check_funds(self, token: str, needed: int, what_for: str) -> None:
        have = self.balance(token)
        if have < needed:
            raise FundsMissing(
                f"{self._wallet.address} has {have} smallest units, and"
                f" {needed} are to be {what_for}."
            )

    def _approve(
        self, token: str, needed: int, contract: str, report: Reporter | None
    ) -> list[Receipt]:
        owner = self._wallet.address
        allowance = number(self._chain.call(token, erc20_allowance(owner, contract)))
        if allowance >= needed:
            return []
        # The exact amount, since an open allowance outlives what it is for. Some tokens (USDT)
        # change an allowance only from or to zero.
        amounts = [needed] if allowance == 0 else [0, needed]
        receipts = []
        for amount in amounts:
            sent = self._chain.transact(self._wallet, token, erc20_approve(contract, amount))
            receipts.append(self._chain.wait(sent, step="approve", report=report))
        return receipts

"""What can go wrong for a trader's client, each as its own class.

`ProblemError` is the exchange's refusal. Everything below `VerificationFailed` is the client's own:
what the exchange said does not agree with what the trader agreed to or with the chain, and nothing
was signed or sent because of it.
"""

from collections.abc import Mapping
from typing import Any


class TradepostError(Exception):
    """Base of all errors of this package; the message is written for people."""


class ProblemError(TradepostError):
    """The exchange refused, by a problem document (RFC 9457).

    Attributes:
        type: The problem's URI, such as `urn:tradepost:problem:price-moved`.
        slug: Its last part, such as `price-moved`.
        title: What is wrong, in a sentence.
        status: The HTTP status.
        retryable: Whether the same request may succeed later.
        detail: More words on this occurrence, or None.
        facts: The document's other members.
    """

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        known = {"type", "title", "status", "retryable", "detail"}
        self.type = str(document.get("type", "about:blank"))
        self.slug = self.type.rpartition(":")[2]
        self.title = str(document.get("title", f"The exchange answered {status}."))
        self.status = status
        self.retryable = document.get("retryable") is True
        detail = document.get("detail")
        self.detail = None if detail is None else str(detail)
        self.facts = {key: value for key, value in document.items() if key not in known}
        super().__init__(self.title if self.detail is None else f"{self.title} {self.detail}")


class ExchangeUnreachable(TradepostError):
    """The exchange does not answer."""


class AnswerMalformed(TradepostError):
    """The exchange answered something that its API does not promise."""


class ChainUnreachable(TradepostError):
    """The chain's node does not answer, or not as a node does."""


class ChainRefused(TradepostError):
    """The node refused a call or a transaction."""


class CallReverted(ChainRefused):
    """The contract would refuse the call.

    Attributes:
        name: The contract's error, such as `TooLateToLock`; empty where it gives none.
        arguments: The error's arguments by name.
    """

    def __init__(self, name: str, arguments: Mapping[str, Any]) -> None:
        self.name = name
        self.arguments = dict(arguments)
        told = ", ".join(f"{key}={value}" for key, value in arguments.items())
        super().__init__(f"The contract refuses: {name}({told})." if name else "The call reverts.")


class TransactionReverted(ChainRefused):
    """The transaction is on the chain, but it failed there: only its gas is spent."""


class TransactionReplaced(ChainRefused):
    """Another transaction of the wallet took this one's place."""


class FundsMissing(TradepostError):
    """The wallet does not hold what is to be locked, or not the gas for it."""


class NotYourStep(TradepostError):
    """This step belongs to another party of the trade."""


class Unfinished(TradepostError):
    """The time allowed for waiting is over; what was begun goes on."""


class WalletUnusable(TradepostError):
    """The wallet's file or key cannot be used."""


class PassphraseWrong(WalletUnusable):
    """The passphrase does not open the wallet."""


class VerificationFailed(TradepostError):
    """The exchange's word does not hold. Nothing was signed and nothing was sent.

    A subclass names the kind; its docstring is the start of the message.
    """

    def __init__(self, detail: str = "") -> None:
        told = (type(self).__doc__ or "").strip().splitlines()[0]
        super().__init__(f"{told} {detail}".strip())


class WrongChain(VerificationFailed):
    """The node, the exchange and the trade are not on the same chain."""


class WrongContract(VerificationFailed):
    """The code at the escrow's address is not the escrow contract that this client knows."""


class ConfirmationDiffers(VerificationFailed):
    """What the exchange shows or did is not what was asked for."""


class ContractChanged(VerificationFailed):
    """The exchange moved the escrow to another contract."""


class OtherTrade(VerificationFailed):
    """The exchange showed another trade than the one that was asked for."""


class TermsMalformed(VerificationFailed):
    """The escrow's terms are not terms that the contract would accept."""


class OwnWalletMissing(VerificationFailed):
    """The exchange changed your wallet in the escrow's terms."""


class CounterpartyChanged(VerificationFailed):
    """The exchange changed the other trader's wallet or key."""


class RoleChanged(VerificationFailed):
    """The exchange put you on the wrong side of the trade."""


class OfferChanged(VerificationFailed):
    """The trade is not from the offer that you published or took."""


class AmountChanged(VerificationFailed):
    """The exchange changed the amount of the coin."""


class FiatChanged(VerificationFailed):
    """The exchange changed the money to be paid."""


class PriceChanged(VerificationFailed):
    """The price is worse than the one that you agreed to."""


class FeeChanged(VerificationFailed):
    """The fee is not the one that you agreed to."""


class TokenChanged(VerificationFailed):
    """The escrow holds another token than the one that you agreed to."""


class ArbitratorChanged(VerificationFailed):
    """The exchange changed the arbitrator."""


class WindowsChanged(VerificationFailed):
    """The exchange changed the escrow's time windows."""


class MethodChanged(VerificationFailed):
    """The exchange changed the payment method."""


class WordsChanged(VerificationFailed):
    """The offer's terms are not the ones that you read."""


class EscrowReused(VerificationFailed):
    """The exchange shows an escrow that belongs to another of your trades."""


class EscrowIdWrong(VerificationFailed):
    """The escrow's id is not the digest of its terms."""


class TermsChanged(VerificationFailed):
    """The escrow's terms are not the ones that this client has verified before."""


class KeyNotOurs(VerificationFailed):
    """The encryption key that the exchange shows for you is not one of your wallet."""


class KeyNotSigned(VerificationFailed):
    """The buyer's wallet has not signed the encryption key that the exchange shows for it."""


class RegistryNotSigned(VerificationFailed):
    """The exchange's payment methods are not signed by a key that this client trusts."""


class FundingTooLate(VerificationFailed):
    """The time for locking is over."""


class NotLocked(VerificationFailed):
    """The chain does not hold the coins in this escrow."""


class NotConfirmed(VerificationFailed):
    """The lock is not deep enough in the chain yet."""


class SealBroken(VerificationFailed):
    """The payment details cannot be opened, or are not from the seller of this trade."""

/** What a lie is called: the name that the Python client's error for it has. */
export type VerificationKind =
  | "VerificationFailed"
  | "AnswerMalformed"
  | "WrongChain"
  | "WrongContract"
  | "ContractChanged"
  | "OtherTrade"
  | "TermsMalformed"
  | "OwnWalletMissing"
  | "CounterpartyChanged"
  | "RoleChanged"
  | "OfferChanged"
  | "AmountChanged"
  | "FiatChanged"
  | "PriceChanged"
  | "FeeChanged"
  | "TokenChanged"
  | "ArbitratorChanged"
  | "WindowsChanged"
  | "MethodChanged"
  | "WordsChanged"
  | "EscrowReused"
  | "EscrowIdWrong"
  | "TermsChanged"
  | "KeyNotOurs"
  | "KeyNotSigned"
  | "NotLocked"
  | "NotConfirmed"
  | "SealBroken"
  | "NoteDamaged";

/**
 * The exchange's word does not hold. Nothing was signed and nothing was sent.
 *
 * `kind` says what it is about, for a page to say it in the reader's language; the message is
 * for whoever looks into it.
 */
export class VerificationFailed extends Error {
  readonly kind: VerificationKind = "VerificationFailed";
}

/** The exchange answered something that its API does not promise. */
export class AnswerMalformed extends VerificationFailed {
  override readonly kind = "AnswerMalformed";
}

/** The node, the exchange and the trade are not on the same chain. */
export class WrongChain extends VerificationFailed {
  override readonly kind = "WrongChain";
}

/** The code at the escrow's address is not the escrow contract that this page knows. */
export class WrongContract extends VerificationFailed {
  override readonly kind = "WrongContract";
}

/** The exchange moved the escrow to another contract. */
export class ContractChanged extends VerificationFailed {
  override readonly kind = "ContractChanged";
}

/** The exchange showed another trade than the one that was asked for. */
export class OtherTrade extends VerificationFailed {
  override readonly kind = "OtherTrade";
}

/** The escrow's terms are not terms that the contract would accept. */
export class TermsMalformed extends VerificationFailed {
  override readonly kind = "TermsMalformed";
}

/** The exchange changed the reader's wallet in the escrow's terms. */
export class OwnWalletMissing extends VerificationFailed {
  override readonly kind = "OwnWalletMissing";
}

/** The exchange changed the other trader's wallet or key. */
export class CounterpartyChanged extends VerificationFailed {
  override readonly kind = "CounterpartyChanged";
}

/** The exchange put the reader on the wrong side of the trade. */
export class RoleChanged extends VerificationFailed {
  override readonly kind = "RoleChanged";
}

/** The trade is not from the offer that was published or taken, or the offer is another. */
export class OfferChanged extends VerificationFailed {
  override readonly kind = "OfferChanged";
}

/** The exchange changed the amount of the coin. */
export class AmountChanged extends VerificationFailed {
  override readonly kind = "AmountChanged";
}

/** The exchange changed the money to be paid. */
export class FiatChanged extends VerificationFailed {
  override readonly kind = "FiatChanged";
}

/** The price is worse than the one that was agreed to. */
export class PriceChanged extends VerificationFailed {
  override readonly kind = "PriceChanged";
}

/** The fee is not the one that was agreed to. */
export class FeeChanged extends VerificationFailed {
  override readonly kind = "FeeChanged";
}

/** The escrow holds another token, or counts it otherwise, than was agreed to. */
export class TokenChanged extends VerificationFailed {
  override readonly kind = "TokenChanged";
}

/** The exchange changed the arbitrator. */
export class ArbitratorChanged extends VerificationFailed {
  override readonly kind = "ArbitratorChanged";
}

/** The exchange changed the escrow's time windows. */
export class WindowsChanged extends VerificationFailed {
  override readonly kind = "WindowsChanged";
}

/** The exchange changed the payment method. */
export class MethodChanged extends VerificationFailed {
  override readonly kind = "MethodChanged";
}

/** The offer's terms are not the ones that were read. */
export class WordsChanged extends VerificationFailed {
  override readonly kind = "WordsChanged";
}

/** The exchange shows an escrow that belongs to another of the reader's trades. */
export class EscrowReused extends VerificationFailed {
  override readonly kind = "EscrowReused";
}

/** The escrow's id is not the digest of its terms. */
export class EscrowIdWrong extends VerificationFailed {
  override readonly kind = "EscrowIdWrong";
}

/** The escrow's terms are not the ones that were verified before. */
export class TermsChanged extends VerificationFailed {
  override readonly kind = "TermsChanged";
}

/** The encryption key that the exchange shows for the reader is not one of his wallet. */
export class KeyNotOurs extends VerificationFailed {
  override readonly kind = "KeyNotOurs";
}

/** The buyer's wallet has not signed the encryption key that the exchange shows for it. */
export class KeyNotSigned extends VerificationFailed {
  override readonly kind = "KeyNotSigned";
}

/** The chain does not hold the coins in this escrow, or they are asked back. */
export class NotLocked extends VerificationFailed {
  override readonly kind = "NotLocked";
}

/** The lock is not deep enough in the chain yet. */
export class NotConfirmed extends VerificationFailed {
  override readonly kind = "NotConfirmed";
}

/** The payment details cannot be opened, or are not from the seller of this trade. */
export class SealBroken extends VerificationFailed {
  override readonly kind = "SealBroken";
}

/** What this device noted of the trade is damaged: to trust the exchange instead is no way out. */
export class NoteDamaged extends VerificationFailed {
  override readonly kind = "NoteDamaged";
}

import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";

import { VerificationFailed, type VerificationKind } from "../verify/errors.ts";

const KINDS: Partial<Record<VerificationKind, () => ReactNode>> = {
  AnswerMalformed: () => <Trans>The exchange’s answer does not have the form it promises.</Trans>,
  WrongChain: () => <Trans>The node, the exchange and the trade are not on the same chain.</Trans>,
  WrongContract: () => (
    <Trans>The code at the contract’s address is not that of the escrow this page knows.</Trans>
  ),
  ContractChanged: () => <Trans>The exchange names another contract than before.</Trans>,
  OtherTrade: () => <Trans>The exchange shows another trade than the one asked for.</Trans>,
  TermsMalformed: () => <Trans>The contract would not accept these terms.</Trans>,
  OwnWalletMissing: () => <Trans>Your wallet is not the one in the escrow’s terms.</Trans>,
  CounterpartyChanged: () => <Trans>The other trader’s wallet or key has changed.</Trans>,
  RoleChanged: () => <Trans>The exchange puts you on the wrong side of the trade.</Trans>,
  OfferChanged: () => <Trans>The trade does not come from the offer that you know.</Trans>,
  AmountChanged: () => <Trans>The amount of coins is not the one agreed.</Trans>,
  FiatChanged: () => <Trans>The money to be paid is not what was agreed.</Trans>,
  PriceChanged: () => <Trans>The price is worse than the one agreed.</Trans>,
  FeeChanged: () => <Trans>The fee is not the one agreed.</Trans>,
  TokenChanged: () => <Trans>The escrow is about another coin than agreed.</Trans>,
  ArbitratorChanged: () => <Trans>The arbitrator is not the one agreed.</Trans>,
  WindowsChanged: () => <Trans>The times of the escrow are not those agreed.</Trans>,
  MethodChanged: () => <Trans>The payment method is not the one agreed.</Trans>,
  WordsChanged: () => <Trans>The terms of the offer are not those that you read.</Trans>,
  EscrowReused: () => <Trans>This escrow belongs to another of your trades.</Trans>,
  EscrowIdWrong: () => <Trans>The escrow’s id is not the hash of its terms.</Trans>,
  TermsChanged: () => <Trans>The terms are not those that this page has checked before.</Trans>,
  KeyNotOurs: () => <Trans>The key that the exchange shows as yours is not yours.</Trans>,
  KeyNotSigned: () => (
    <Trans>The buyer’s wallet has not signed the key that the details would be sealed to.</Trans>
  ),
  NotLocked: () => <Trans>The chain does not hold the coins in this escrow. Do not pay.</Trans>,
  SealBroken: () => (
    <Trans>The payment details cannot be opened, or are not from the seller. Do not pay.</Trans>
  ),
  NoteDamaged: () => <Trans>What this device has noted of the trade is damaged.</Trans>,
};

/** What does not match, in the reader's language. */
export const mismatchWords = (error: VerificationFailed): ReactNode =>
  KINDS[error.kind]?.() ?? <bdi lang="en">{error.message}</bdi>;

/** A lock that is not deep enough yet is nobody's lie; all else is told in the place of actions. */
export const isMismatch = (error: unknown): error is VerificationFailed =>
  error instanceof VerificationFailed && error.kind !== "NotConfirmed";

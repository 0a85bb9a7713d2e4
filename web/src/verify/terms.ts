import type { Address, Hex, TypedDataDefinition, TypedDataDomain } from "viem";
import { getAddress, hashTypedData } from "viem/utils";

/** What the two traders agreed on before any coin moves; the contract keeps only its hash. */
export interface Terms {
  /** Who locks the coins. Addresses are in their checksum form. */
  readonly seller: Address;
  /** Who gets them on release. */
  readonly buyer: Address;
  /** Who decides with one of the two. */
  readonly arbitrator: Address;
  /** An ERC-20 token, or the zero address for the native coin. */
  readonly token: Address;
  /** What the buyer gets on release, in smallest units. */
  readonly amount: bigint;
  /** What the seller pays on top, in smallest units. */
  readonly fee: bigint;
  readonly feeRecipient: Address;
  /** The last chain time, in Unix seconds, at which the lock is accepted. */
  readonly fundBy: bigint;
  /** Seconds. */
  readonly paymentWindow: bigint;
  /** Seconds. */
  readonly challengeWindow: bigint;
  /** Which of the seller's lanes keeps the escrow's state. */
  readonly lane: bigint;
}

/** What one party signs alone: the seller Release and Cancel, the buyer Paid and Refund. */
export type InstructionKind = "Release" | "Paid" | "Refund" | "Cancel";

/** The fields in the order of the contract's struct, and so of the hash and of the calldata. */
export const TERMS_FIELDS = [
  { name: "seller", type: "address" },
  { name: "buyer", type: "address" },
  { name: "arbitrator", type: "address" },
  { name: "token", type: "address" },
  { name: "amount", type: "uint128" },
  { name: "fee", type: "uint128" },
  { name: "feeRecipient", type: "address" },
  { name: "fundBy", type: "uint40" },
  { name: "paymentWindow", type: "uint32" },
  { name: "challengeWindow", type: "uint32" },
  { name: "lane", type: "uint256" },
] as const;

/** The chain's native coin in `Terms.token`, and nobody in `Terms.feeRecipient`. */
export const NATIVE: Address = "0x0000000000000000000000000000000000000000";

// The bounds of the contract, in seconds; `docs/contract.md` says why.
const PAYMENT_WINDOW = [1n, 30n * 86_400n] as const;
const CHALLENGE_WINDOW = [600n, 7n * 86_400n] as const;

/** What the seller locks: amount and fee, in smallest units. */
export const lockedAmount = (terms: Terms): bigint => terms.amount + terms.fee;

/** What is wrong with a field's type, such as an address without checksum; null if nothing is. */
export function malformed(terms: Terms): string | null {
  for (const { name, type } of TERMS_FIELDS) {
    const value = terms[name];
    if (typeof value === "string") {
      if (getAddress(value) !== value) {
        return `${name} is not an address in checksum form.`;
      }
    } else if (value < 0n || value >= 1n << BigInt(type.slice("uint".length))) {
      return `${name} is not a ${type}.`;
    }
  }
  return null;
}

/** Why the contract would refuse to lock these terms at any time; null if it would not. */
export function refusal(terms: Terms): string | null {
  const parties = new Set<Address>([terms.seller, terms.buyer, terms.arbitrator]);
  if (parties.size < 3 || parties.has(NATIVE)) {
    return "Seller, buyer and arbitrator have to be three different accounts.";
  }
  if (terms.amount === 0n) {
    return "The amount is zero.";
  }
  if (terms.fee > terms.amount) {
    return "The fee is larger than the amount.";
  }
  if (terms.fee > 0n && terms.feeRecipient === NATIVE) {
    return "There is a fee but nobody to credit it to.";
  }
  if (!within(terms.paymentWindow, PAYMENT_WINDOW)) {
    return "The payment window is too short or too long.";
  }
  if (!within(terms.challengeWindow, CHALLENGE_WINDOW)) {
    return "The challenge window is too short or too long.";
  }
  return null;
}

const within = (value: bigint, [least, most]: readonly [bigint, bigint]) =>
  value >= least && value <= most;

type Types = Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;

/** What is signed (EIP-712): its types are known here only as lists of fields. */
export const typedData = (
  domain: TypedDataDomain,
  primaryType: string,
  types: Types,
  message: object,
): TypedDataDefinition => ({ domain, types, primaryType, message }) as TypedDataDefinition;

/** The domain of the escrow contract at this address on this chain. */
export const domain = (chainId: number, contract: Address): TypedDataDomain => ({
  name: "Tradepost Escrow",
  version: "2",
  chainId,
  verifyingContract: contract,
});

/** The id of the escrow with these terms on this contract: their EIP-712 digest. */
export const escrowId = (terms: Terms, chainId: number, contract: Address): Hex =>
  hashTypedData(typedData(domain(chainId, contract), "Terms", { Terms: TERMS_FIELDS }, terms));

/** What the seller signs to release or cancel, the buyer to say that he paid or to refund. */
export const instruction = (
  kind: InstructionKind,
  escrow: Hex,
  chainId: number,
  contract: Address,
): TypedDataDefinition =>
  typedData(
    domain(chainId, contract),
    kind,
    { [kind]: [{ name: "escrowId", type: "bytes32" }] },
    { escrowId: escrow },
  );

const SETTLEMENT = [
  { name: "escrowId", type: "bytes32" },
  { name: "buyerAmount", type: "uint128" },
  { name: "validUntil", type: "uint40" },
];

/**
 * What two of the three sign to give `buyerAmount` (smallest units) to the buyer; `validUntil` is
 * the last chain time, in Unix seconds, at which the contract takes it.
 */
export const settlement = (
  escrow: Hex,
  buyerAmount: bigint,
  validUntil: number,
  chainId: number,
  contract: Address,
): TypedDataDefinition =>
  typedData(
    domain(chainId, contract),
    "Settlement",
    { Settlement: SETTLEMENT },
    { escrowId: escrow, buyerAmount, validUntil },
  );

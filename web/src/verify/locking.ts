import type { Address, TypedDataDefinition, TypedDataDomain } from "viem";

import { domain, escrowId, lockedAmount, type Terms, TERMS_FIELDS, typedData } from "./terms.ts";

/**
 * What a seller signs so that the exchange brings his lock. Two kinds of domain occur: what the
 * escrow contract itself checks is signed for it; what a token or Permit2 checks, for that.
 */

/** Where Permit2 is on every chain that has it. */
export const PERMIT2: Address = "0x000000000022D473030F116dDEE9F6B43aC78BA3";

/** The domain of a token: its own words, on its chain, at its address. */
export interface TokenDomain {
  readonly name: string;
  readonly version: string;
  readonly chainId: number;
  readonly verifyingContract: Address;
}

export const permit2Domain = (chainId: number): TypedDataDomain => ({
  name: "Permit2",
  chainId,
  verifyingContract: PERMIT2,
});

/** For `lockBySig` (Lock: an allowance pays) or `lockFromDeposit` (the balance in the contract). */
export const lock = (
  kind: "Lock" | "LockFromDeposit",
  terms: Terms,
  chainId: number,
  contract: Address,
): TypedDataDefinition =>
  typedData(
    domain(chainId, contract),
    kind,
    { [kind]: [{ name: "terms", type: "Terms" }], Terms: TERMS_FIELDS },
    { terms },
  );

const AUTHORIZATION = [
  { name: "from", type: "address" },
  { name: "to", type: "address" },
  { name: "value", type: "uint256" },
  { name: "validAfter", type: "uint256" },
  { name: "validBefore", type: "uint256" },
  { name: "nonce", type: "bytes32" },
];

/**
 * For `lockWithAuthorization` (EIP-3009), for the token. It is good for this escrow alone, since
 * its nonce is the escrow's id, and for as long as a lock is accepted.
 */
export const lockAuthorization = (
  terms: Terms,
  token: TokenDomain,
  contract: Address,
): TypedDataDefinition =>
  typedData(
    { ...token },
    "ReceiveWithAuthorization",
    { ReceiveWithAuthorization: AUTHORIZATION },
    {
      from: terms.seller,
      to: contract,
      value: lockedAmount(terms),
      validAfter: 0n,
      validBefore: terms.fundBy + 1n,
      nonce: escrowId(terms, token.chainId, contract),
    },
  );

const PERMIT = [
  { name: "owner", type: "address" },
  { name: "spender", type: "address" },
  { name: "value", type: "uint256" },
  { name: "nonce", type: "uint256" },
  { name: "deadline", type: "uint256" },
];

/**
 * For `permit` (EIP-2612), for the token: for this amount, and for as long as a lock is accepted,
 * so that what is left of it is nothing. `nonce` is the seller's next one at the token.
 */
export const permit = (
  terms: Terms,
  nonce: bigint,
  token: TokenDomain,
  contract: Address,
): TypedDataDefinition =>
  typedData(
    { ...token },
    "Permit",
    { Permit: PERMIT },
    {
      owner: terms.seller,
      spender: contract,
      value: lockedAmount(terms),
      nonce,
      deadline: terms.fundBy,
    },
  );

const PERMIT2_LOCK = {
  PermitWitnessTransferFrom: [
    { name: "permitted", type: "TokenPermissions" },
    { name: "spender", type: "address" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
    { name: "witness", type: "Terms" },
  ],
  TokenPermissions: [
    { name: "token", type: "address" },
    { name: "amount", type: "uint256" },
  ],
  Terms: TERMS_FIELDS,
};

/** For `lockWithPermit2`, for Permit2; `nonce` is any that the seller has not used there. */
export const permit2Lock = (
  terms: Terms,
  nonce: bigint,
  chainId: number,
  contract: Address,
): TypedDataDefinition =>
  typedData(permit2Domain(chainId), "PermitWitnessTransferFrom", PERMIT2_LOCK, {
    permitted: { token: terms.token, amount: lockedAmount(terms) },
    spender: contract,
    nonce,
    deadline: terms.fundBy,
    witness: terms,
  });

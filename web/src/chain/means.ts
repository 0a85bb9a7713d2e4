import { type Address, domainSeparator, type Hex, type TypedDataDefinition } from "viem";
import { decodeAbiParameters, getAddress, keccak256, stringToHex } from "viem/utils";

import * as locking from "../verify/locking.ts";
import { lockedAmount, NATIVE, type Terms } from "../verify/terms.ts";
import { held, view } from "./calls.ts";

/**
 * By which ways a seller can lock, as the chain tells it: what to ask a node, and how to read it.
 *
 * Tokens differ in what they take, and no register tells it. Each view is asked, and one that fails
 * answers nothing; what a token says of its own domain counts only where its separator agrees.
 */

/** How a seller's signed lock takes the coins, the cheapest first. */
export type SignedWay = "deposit" | "authorization" | "permit" | "permit2" | "allowance";

/** The answers to `questions`, by their names; null for a view that failed. */
export type Answers = Readonly<Record<string, Hex | null>>;

export interface Question {
  readonly to: Address;
  readonly data: Hex;
}

/** What a seller has, and what his token takes; amounts in smallest units. */
export interface Means {
  /** His balance in the escrow contract. */
  readonly held: bigint;
  /** His tokens. */
  readonly balance: bigint;
  /** What the escrow contract may take of them. */
  readonly allowed: bigint;
  /** What Permit2 may take of them; 0 where there is no Permit2. */
  readonly allowedPermit2: bigint;
  /** The token's domain, or null where it is not known for sure. */
  readonly token: locking.TokenDomain | null;
  /** Whether the token takes authorizations (EIP-3009), and none was used for this. */
  readonly authorizes: boolean;
  /** The seller's next nonce for a permit (EIP-2612), or null without permits. */
  readonly permitNonce: bigint | null;
}

const PERMIT_TYPE = keccak256(
  stringToHex("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
);

/** What to ask a node about the seller of `terms`, by name, for `readMeans`. */
export function questions(
  terms: Terms,
  escrowId: Hex,
  contract: Address,
): Readonly<Record<string, Question>> {
  const { token, seller } = terms;
  const inContract = { held: { to: contract, data: held(token, seller) } };
  if (token === NATIVE) {
    return inContract;
  }
  const allowance = (spender: Address) =>
    view("allowance", ["address", "address"], [seller, spender]);
  const ofToken = {
    balance: view("balanceOf", ["address"], [seller]),
    allowed: allowance(contract),
    allowed_permit2: allowance(locking.PERMIT2),
    domain: view("eip712Domain"),
    name: view("name"),
    version: view("version"),
    separator: view("DOMAIN_SEPARATOR"),
    nonce: view("nonces", ["address"], [seller]),
    permit_type: view("PERMIT_TYPEHASH"),
    authorized: view("authorizationState", ["address", "bytes32"], [seller, escrowId]),
  };
  const asked = Object.entries(ofToken).map(([name, data]) => [name, { to: token, data }]);
  const permit2 = { to: locking.PERMIT2, data: view("DOMAIN_SEPARATOR") };
  return { ...inContract, ...Object.fromEntries(asked), permit2 };
}

/** What the answers to `questions` mean. */
export function readMeans(answers: Answers, terms: Terms, chainId: number): Means {
  const token = domainOf(answers, terms.token, chainId);
  const permit2 = domainSeparator({ domain: locking.permit2Domain(chainId) });
  const permitType = answers["permit_type"] ?? "0x";
  // DAI has nonces and a domain, and another permit.
  const permits = token !== null && (permitType === "0x" || permitType === PERMIT_TYPE);
  return {
    held: numberIn(answers["held"]) ?? 0n,
    balance: numberIn(answers["balance"]) ?? 0n,
    allowed: numberIn(answers["allowed"]) ?? 0n,
    allowedPermit2:
      answers["permit2"] === permit2 ? (numberIn(answers["allowed_permit2"]) ?? 0n) : 0n,
    token,
    authorizes: token !== null && numberIn(answers["authorized"]) === 0n,
    permitNonce: permits ? numberIn(answers["nonce"]) : null,
  };
}

/** The ways by which the seller could lock now, with what he has, the cheapest first. */
export function openWays(means: Means, terms: Terms): readonly SignedWay[] {
  const total = lockedAmount(terms);
  const has = means.balance >= total;
  const isNative = terms.token === NATIVE;
  const open: Record<SignedWay, boolean> = {
    deposit: means.held >= total,
    authorization: !isNative && means.authorizes && has,
    permit: !isNative && means.permitNonce !== null && has,
    permit2: !isNative && means.allowedPermit2 > 0n && means.allowedPermit2 >= total && has,
    allowance: !isNative && means.allowed >= total && has,
  };
  return (Object.keys(open) as SignedWay[]).filter((way) => open[way]);
}

/** What the seller signs for a way: the one thing, and what comes besides. */
export interface ToSign {
  readonly signature: TypedDataDefinition;
  readonly permit_signature?: TypedDataDefinition;
}

/**
 * What the seller signs for a way; `permit2Nonce` is a number that he has not used at Permit2.
 *
 * Throws `RangeError` where the token does not tell what the way needs.
 */
export function toSign(
  way: SignedWay,
  terms: Terms,
  chainId: number,
  contract: Address,
  { token, permitNonce }: Means,
  permit2Nonce: bigint,
): ToSign {
  if (way === "deposit") {
    return { signature: locking.lock("LockFromDeposit", terms, chainId, contract) };
  }
  if (way === "permit2") {
    return { signature: locking.permit2Lock(terms, permit2Nonce, chainId, contract) };
  }
  const lock = locking.lock("Lock", terms, chainId, contract);
  if (way === "allowance") {
    return { signature: lock };
  }
  if (token === null) {
    throw new RangeError("The token's domain is not known.");
  }
  if (way === "authorization") {
    return { signature: locking.lockAuthorization(terms, token, contract) };
  }
  if (permitNonce === null) {
    throw new RangeError("A permit needs a nonce.");
  }
  return {
    signature: lock,
    permit_signature: locking.permit(terms, permitNonce, token, contract),
  };
}

function domainOf(answers: Answers, token: Address, chainId: number): locking.TokenDomain | null {
  const separator = answers["separator"] ?? null;
  const told = toldDomain(answers["domain"] ?? null);
  if (told !== null && told.verifyingContract === token && told.chainId === chainId) {
    const agrees = separator === null || separator === "0x" || separator === separatorOf(told);
    return agrees ? told : null;
  }
  const name = textIn(answers["name"] ?? null);
  if (name === null) {
    return null;
  }
  const version = textIn(answers["version"] ?? null) ?? "1";
  const domain = { name, version, chainId, verifyingContract: token };
  return separatorOf(domain) === separator ? domain : null;
}

const separatorOf = (domain: locking.TokenDomain): Hex =>
  domainSeparator({ domain: { ...domain } });

/** The fields name, version, chain and contract, and no others (EIP-5267). */
const USUAL_FIELDS = "0x0f";

/** A domain of the usual four fields, as a token tells it by EIP-5267. */
function toldDomain(answer: Hex | null): locking.TokenDomain | null {
  const types = ["bytes1", "string", "string", "uint256", "address", "bytes32", "uint256[]"];
  try {
    const [fields, name, version, chainId, contract] = decodeAbiParameters(
      types.map((type) => ({ type })),
      answer ?? "0x",
    ) as [Hex, string, string, bigint, Address];
    if (fields !== USUAL_FIELDS || chainId > BigInt(Number.MAX_SAFE_INTEGER)) {
      return null;
    }
    return { name, version, chainId: Number(chainId), verifyingContract: getAddress(contract) };
  } catch {
    return null;
  }
}

function textIn(answer: Hex | null): string | null {
  try {
    return decodeAbiParameters([{ type: "string" }], answer ?? "0x")[0];
  } catch {
    return null;
  }
}

const numberIn = (answer: Hex | null | undefined): bigint | null =>
  typeof answer === "string" && answer.length === 66 ? BigInt(answer) : null;

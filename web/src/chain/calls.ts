import type { Address, Hex } from "viem";
import { concat, encodeAbiParameters, keccak256, slice, stringToHex } from "viem/utils";

import { type Terms, TERMS_FIELDS } from "../verify/terms.ts";

/** The functions of the contract and of tokens as calldata: what a call to them carries. */
type Param = { readonly type: string; readonly components?: typeof TERMS_FIELDS };

const TERMS: Param = { type: "tuple", components: TERMS_FIELDS };
const TERMS_TUPLE = `(${TERMS_FIELDS.map(({ type }) => type).join(",")})`;

function call(name: string, params: readonly (Param | string)[], values: readonly unknown[]): Hex {
  const types = params.map((param) => (typeof param === "string" ? { type: param } : param));
  const names = types.map(({ type }) => (type === "tuple" ? TERMS_TUPLE : type));
  const selector = slice(keccak256(stringToHex(`${name}(${names.join(",")})`)), 0, 4);
  return concat([selector, encodeAbiParameters(types, values as never)]);
}

/** The seller locks; where the token is native, the transaction carries amount and fee. */
export const lock = (terms: Terms): Hex => call("lock", [TERMS], [terms]);

/** A view: where the escrow with these terms stands; the answer is for `decodeState`. */
export const stateOf = (terms: Terms): Hex => call("stateOf", [TERMS], [terms]);

/** A view: what `account` has in the contract outside of escrows. */
export const held = (token: Address, account: Address): Hex =>
  call("balanceOf", ["address", "address"], [token, account]);

/** The sender puts coins into the balance of `account`. */
export const deposit = (token: Address, account: Address, amount: bigint): Hex =>
  call("deposit", ["address", "address", "uint128"], [token, account, amount]);

/** The sender draws `amount` of his balance of `token` to the address `to`. */
export const withdraw = (token: Address, amount: bigint, to: Address): Hex =>
  call("withdraw", ["address", "uint256", "address"], [token, amount, to]);

/** A token's view: how much `account` has. */
export const tokenBalance = (account: Address): Hex => call("balanceOf", ["address"], [account]);

/** A token's view: how much `spender` may still take from `owner`. */
export const allowance = (owner: Address, spender: Address): Hex =>
  call("allowance", ["address", "address"], [owner, spender]);

/** The sender lets `spender` take `amount` of a token. */
export const approve = (spender: Address, amount: bigint): Hex =>
  call("approve", ["address", "uint256"], [spender, amount]);

/** The sender sends `amount` of a token to `to`. */
export const transfer = (to: Address, amount: bigint): Hex =>
  call("transfer", ["address", "uint256"], [to, amount]);

/** A view of the given name and types, as tokens have them. */
export const view = (
  name: string,
  types: readonly string[] = [],
  values: readonly Hex[] = [],
): Hex => call(name, types, values);

/** Does the contract wallet take `signature` of the digest as its own (EIP-1271)? */
export const isValidSignature = (digest: Hex, signature: Hex): Hex =>
  call("isValidSignature", ["bytes32", "bytes"], [digest, signature]);

/** Whether the answer to `isValidSignature` is the yes of EIP-1271: its selector, padded. */
export const agrees = (answer: Hex): boolean => answer.startsWith(`0x1626ba7e${"0".repeat(56)}`);

import type { Hex } from "viem";
import { decodeAbiParameters, slice } from "viem/utils";

import { ProblemError } from "../api/client.ts";
import { ERRORS } from "../verify/contract.ts";
import type { Provider } from "../wallet/wallet.ts";
import { ChainRefused, ChainUnreachable } from "./errors.ts";

const LONGEST_REASON = 300;
/** The selector of Solidity's `Error(string)`. */
const ERROR_STRING = "0x08c379a0";
/** The wallet is not connected to a chain, or to none that it knows (EIP-1193). */
const DISCONNECTED = [4900, 4901];

/**
 * Asks a node; throws `ChainRefused` where it refuses, `ChainUnreachable` where it is silent, and
 * `ProblemError` where the exchange does not let the reader ask its own.
 */
export async function ask(
  provider: Provider,
  method: string,
  params: readonly unknown[],
): Promise<unknown> {
  try {
    return await provider.request({ method, params });
  } catch (error) {
    throw error instanceof ProblemError ? error : refusal(error);
  }
}

/** What a provider's error means; those of the chain stay what they are. */
export function refusal(error: unknown): ChainRefused | ChainUnreachable {
  if (error instanceof ChainRefused || error instanceof ChainUnreachable) {
    return error;
  }
  const { code, message, data } = told(error);
  if (typeof code !== "number" || DISCONNECTED.includes(code)) {
    return new ChainUnreachable("The node does not answer.");
  }
  const said = String(message ?? "").slice(0, LONGEST_REASON);
  const bytes = revertData(data);
  if (bytes !== null) {
    return new ChainRefused(reasonOf(bytes) ?? said, true);
  }
  return new ChainRefused(said, said.includes("revert"));
}

type Fields = { code?: unknown; message?: unknown; data?: unknown };

const told = (error: unknown): Fields =>
  typeof error === "object" && error !== null ? (error as Fields) : {};

/** Nodes and wallets wrap what a contract said, some of them twice. */
function revertData(data: unknown): Hex | null {
  for (let inner = data, depth = 0; depth < 4; depth += 1) {
    if (typeof inner === "string") {
      return /^0x([0-9a-fA-F]{2})*$/.test(inner) && inner.length <= 20_000 ? (inner as Hex) : null;
    }
    if (typeof inner !== "object" || inner === null) {
      return null;
    }
    const wrapped = inner as { data?: unknown; originalError?: unknown };
    inner = wrapped.data ?? wrapped.originalError;
  }
  return null;
}

/** The name of the contract's error, or the words that a token gave; null where it is neither. */
function reasonOf(data: Hex): string | null {
  const selector = data.slice(0, 10).toLowerCase();
  if (selector === ERROR_STRING) {
    try {
      const [words] = decodeAbiParameters([{ type: "string" }], slice(data, 4));
      return words.slice(0, LONGEST_REASON);
    } catch {
      return null;
    }
  }
  return ERRORS[selector] ?? null;
}

/** A number as nodes write it (`0x1f`); throws `ChainUnreachable` where it is none. */
export function quantity(value: unknown): bigint {
  if (typeof value !== "string" || !/^0x[0-9a-fA-F]{1,64}$/.test(value)) {
    throw new ChainUnreachable("The node's answer is not a number.");
  }
  return BigInt(value);
}

/** As `quantity`, of what is counted: blocks, seconds, transactions. */
export function small(value: unknown): number {
  const number = quantity(value);
  if (number > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new ChainUnreachable("The node's answer is not a count.");
  }
  return Number(number);
}

/** Bytes as nodes write them; throws `ChainUnreachable` where it is none. */
export function octets(value: unknown): Hex {
  if (typeof value !== "string" || !/^0x([0-9a-fA-F]{2})*$/.test(value)) {
    throw new ChainUnreachable("The node's answer is not bytes.");
  }
  return value as Hex;
}

/** The one number that a view answers; throws `ChainUnreachable` where it is none. */
export function number(answer: Hex): bigint {
  if (answer.length !== 66) {
    throw new ChainUnreachable("The contract's answer is not a number.");
  }
  return BigInt(answer);
}

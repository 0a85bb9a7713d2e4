import type { Hex, LocalAccount, TypedDataDefinition } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { getAddress, isAddress, isHex, numberToHex, toHex } from "viem/utils";

import { tradeKeysOf } from "../sealing/tradeKeys.ts";
import { WrongNetwork } from "./errors.ts";
import {
  ANNOUNCE,
  type Announced,
  INVALID_PARAMS,
  OWN_RDNS,
  ProviderFault,
  REQUEST,
  UNAUTHORISED,
  UNKNOWN_CHAIN,
  UNSUPPORTED,
} from "./providers.ts";
import { type Send, sender } from "./sending.ts";
import type { Call, Provider, Wallet } from "./wallet.ts";
import { keyOfWords } from "./words.ts";

const NAME = "Tradepost";
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E" +
  "%3Crect width='32' height='32' rx='8' fill='%230e5a5e'/%3E%3C/svg%3E";

/**
 * The wallet of twelve words, open: it signs what it is asked to without asking back, as the page
 * has asked its reader already. It reads by `node`, and sends by it.
 *
 * Throws `WalletUnusable` where the words are none.
 */
export function builtIn(words: string, node: Provider, chainId: number): Wallet {
  const key = keyOfWords(words);
  const account = privateKeyToAccount(toHex(key));
  const send = sender(account, chainId, node);
  const keys = tradeKeysOf(key);
  return {
    kind: "built-in",
    name: NAME,
    address: account.address,
    provider: providerOf(account, chainId, node, send),
    signText: (text) => account.signMessage({ message: text }),
    async signTyped(data) {
      checkChain(data, chainId);
      return account.signTypedData(data);
    },
    send,
    tradeKeys: () => Promise.resolve(keys),
  };
}

/**
 * Makes the wallet known to whatever of this page looks for wallets (EIP-6963), until the answer
 * is called.
 */
export function announceBuiltIn(wallet: Wallet): () => void {
  const info = { uuid: crypto.randomUUID(), name: NAME, icon: ICON, rdns: OWN_RDNS };
  const detail: Announced = Object.freeze({ info: Object.freeze(info), provider: wallet.provider });
  const announce = () => window.dispatchEvent(new CustomEvent(ANNOUNCE, { detail }));
  window.addEventListener(REQUEST, announce);
  announce();
  return () => window.removeEventListener(REQUEST, announce);
}

/** A text that was to be signed names another chain than the exchange's. */
function checkChain({ domain }: TypedDataDefinition, chainId: number): void {
  const named = (domain as { chainId?: unknown } | undefined)?.chainId;
  if (named !== undefined && BigInt(named as bigint) !== BigInt(chainId)) {
    throw new WrongNetwork(chainId);
  }
}

type Params = readonly unknown[];

/** The wallet by EIP-1193. It gives neither words nor key, and what it does not know it refuses. */
function providerOf(account: LocalAccount, chainId: number, node: Provider, send: Send): Provider {
  const own = (address: unknown) => {
    if (String(address).toLowerCase() !== account.address.toLowerCase()) {
      throw new ProviderFault(UNAUTHORISED, "This is not an account of this wallet.");
    }
  };
  const answers: Record<string, (params: Params) => unknown> = {
    eth_accounts: () => [account.address],
    eth_requestAccounts: () => [account.address],
    eth_chainId: () => numberToHex(chainId),
    personal_sign([said, address]) {
      own(address);
      // As bytes where it is hexadecimal, as wallets take it.
      return account.signMessage({ message: isHex(said) ? { raw: said } : String(said) });
    },
    eth_signTypedData_v4([address, said]) {
      own(address);
      const data = typedData(said);
      checkChain(data, chainId);
      return account.signTypedData(data);
    },
    eth_sendTransaction([said]) {
      const { from, ...call } = Object(said) as Partial<Record<string, unknown>>;
      own(from);
      return send(callOf(call));
    },
    wallet_switchEthereumChain([said]) {
      if (Number((said as { chainId?: unknown } | undefined)?.chainId) !== chainId) {
        throw new ProviderFault(UNKNOWN_CHAIN, "This wallet is for the exchange's network alone.");
      }
      return null;
    },
  };
  return Object.freeze({
    async request({ method, params = [] }: { method: string; params?: Params }) {
      const answer = Object.hasOwn(answers, method) ? answers[method] : undefined;
      if (answer !== undefined) {
        return answer(params);
      }
      if (/^(wallet_|personal_|eth_sign|eth_decrypt|eth_getEncryption)/.test(method)) {
        throw new ProviderFault(UNSUPPORTED, `This wallet does not know ${method}.`);
      }
      return node.request({ method, params });
    },
    // Neither its account nor its network ever changes, so there is nothing to tell.
    on: () => undefined,
    removeListener: () => undefined,
  });
}

function typedData(said: unknown): TypedDataDefinition {
  try {
    const data = (typeof said === "string" ? JSON.parse(said) : said) as TypedDataDefinition;
    const { EIP712Domain: _, ...types } = data.types as Record<string, unknown>;
    return { ...data, types } as TypedDataDefinition;
  } catch {
    throw new ProviderFault(INVALID_PARAMS, "This is not typed data.");
  }
}

/** Nonce, gas and fees are the wallet's to choose: those that somebody names are not looked at. */
function callOf(said: Partial<Record<string, unknown>>): Call {
  const { to, data, input, value = "0x0" } = said;
  const bytes = data ?? input ?? "0x";
  if (
    typeof to !== "string" ||
    !isAddress(to, { strict: false }) ||
    !isHex(bytes) ||
    !isQuantity(value)
  ) {
    throw new ProviderFault(INVALID_PARAMS, "This is not a transaction that this wallet sends.");
  }
  return { to: getAddress(to), data: bytes as Hex, value: BigInt(value) };
}

const isQuantity = (said: unknown): said is Hex =>
  typeof said === "string" && /^0x[0-9a-fA-F]{1,64}$/.test(said);

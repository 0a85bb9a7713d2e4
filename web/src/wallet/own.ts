import {
  type Address,
  getTypesForEIP712Domain,
  type Hex,
  serializeTypedData,
  type TypedDataDefinition,
} from "viem";
import {
  getAddress,
  hashMessage,
  hashTypedData,
  isAddress,
  isHex,
  numberToHex,
  recoverAddress,
  stringToHex,
} from "viem/utils";

import { tradeKeysOf } from "../sealing/tradeKeys.ts";
import { SigningRefused, WalletUnusable, WrongNetwork } from "./errors.ts";
import { ANNOUNCE, type Announced, codeOf, REQUEST, UNAUTHORISED } from "./providers.ts";
import { steadyRoot } from "./root.ts";
import type { Call, Provider, TradeKeys, Wallet } from "./wallet.ts";

/** A wallet of the reader's own that has announced itself. */
export interface OwnWallet {
  /** The same after a reload, so that it can be found again. */
  readonly id: string;
  readonly name: string;
  /** A picture as a `data:` address, or empty. Others wrote it, and the page's policy shows none. */
  readonly icon: string;
  /**
   * Asks it for an account on a network. Throws `SigningRefused`, `WrongNetwork` where it is on
   * another and stays there, and `WalletUnusable`.
   */
  connect(chainId: number): Promise<Wallet>;
}

const LONGEST_NAME = 60;
const LONGEST_ICON = 100_000;
/** Refusals of the reader's, by EIP-1193 and by those who count on from it. */
const REFUSALS = [4001, 5000];
const BUSY = -32002;
/** What stands at the address of an account that lends its key a contract's code (EIP-7702). */
const DELEGATES = /^0xef0100[0-9a-f]{40}$/i;

/**
 * Tells of the wallets that announce themselves (EIP-6963), at once and whenever one is heard of,
 * until the answer is called. The wallet that was made here is not among them.
 */
export function ownWallets(listen: (found: readonly OwnWallet[]) => void): () => void {
  const found = new Map<string, OwnWallet>();
  const hear = ({ detail }: CustomEventInit<Partial<Announced>>) => {
    const wallet = announced(detail);
    // The first of a name stays: a later one could only want to pass for it.
    if (wallet !== null && !found.has(wallet.id)) {
      found.set(wallet.id, wallet);
      listen([...found.values()]);
    }
  };
  const listener = hear as (event: unknown) => void as EventListener;
  window.addEventListener(ANNOUNCE, listener);
  window.dispatchEvent(new Event(REQUEST));
  if (found.size === 0) {
    listen([]);
  }
  return () => window.removeEventListener(ANNOUNCE, listener);
}

function announced(detail: Partial<Announced> | undefined): OwnWallet | null {
  const { info, provider } = detail ?? {};
  const { rdns, name, icon } = Object(info) as Partial<Record<string, unknown>>;
  if (typeof rdns !== "string" || typeof name !== "string") {
    return null;
  }
  // Letters that turn the text around could make one name look like another.
  const shown = name.replace(/\p{C}/gu, "").trim().slice(0, LONGEST_NAME);
  const isPicture =
    typeof icon === "string" && icon.startsWith("data:image/") && icon.length < LONGEST_ICON;
  return typeof provider?.request !== "function" || shown === "" || rdns === ""
    ? null
    : {
        id: rdns,
        name: shown,
        icon: isPicture ? icon : "",
        connect: (chainId) => connect(shown, provider, chainId),
      };
}

async function connect(name: string, provider: Provider, chainId: number): Promise<Wallet> {
  const [first] = accounts(await ask(provider, "eth_requestAccounts"));
  if (first === undefined) {
    throw new WalletUnusable("account", `${name} gives this page no account.`);
  }
  await onChain(provider, chainId);
  // A wallet that cannot tell is looked at again when it signs: by then a contract is found out.
  const code = await ask(provider, "eth_getCode", first, "latest").catch(() => "0x");
  if (typeof code === "string" && code !== "0x" && !DELEGATES.test(code)) {
    throw new WalletUnusable(
      "contract",
      `${name} is a contract: it has no key that this page could derive others from.`,
    );
  }
  return opened(name, provider, chainId, first);
}

function opened(name: string, provider: Provider, chainId: number, address: Address): Wallet {
  let keys: Promise<TradeKeys> | null = null;

  /** Whoever uses the wallet may have changed account or network since it was asked last. */
  async function ready(): Promise<void> {
    let given = accounts(await ask(provider, "eth_accounts"));
    if (given.length === 0) {
      given = accounts(await ask(provider, "eth_requestAccounts")); // it may only be locked
    }
    if (!given.includes(address)) {
      throw new WalletUnusable("account", `${name} does not sign as ${address} any more.`);
    }
  }

  async function signed(digest: Hex, method: string, ...params: unknown[]): Promise<Hex> {
    const signature = tidySignature(await ask(provider, method, ...params));
    const signer = await recoverAddress({ hash: digest, signature }).catch(() => null);
    if (signer !== address) {
      throw new WalletUnusable("signature", `${name} signed something else, or as somebody else.`);
    }
    return signature;
  }

  async function signText(text: string): Promise<Hex> {
    await ready();
    return signed(hashMessage(text), "personal_sign", stringToHex(text), address);
  }

  return {
    kind: "own",
    name,
    address,
    provider,
    signText,
    async signTyped(data) {
      await ready();
      await onChain(provider, chainId);
      return signed(hashTypedData(data), "eth_signTypedData_v4", address, asJson(data));
    },
    async send({ to, data, value }: Call) {
      await ready();
      await onChain(provider, chainId);
      const call = { from: address, to, data, value: numberToHex(value) };
      const hash = await ask(provider, "eth_sendTransaction", call);
      if (!isHex(hash) || hash.length !== 66) {
        throw new WalletUnusable("failed", `${name} does not tell which transaction it sent.`);
      }
      return hash;
    },
    tradeKeys() {
      keys ??= steadyRoot(signText, address, chainId).then(tradeKeysOf);
      keys.catch(() => (keys = null));
      return keys;
    },
  };
}

/** Makes sure that a wallet is on a network, and asks it to go there; throws `WrongNetwork`. */
async function onChain(provider: Provider, chainId: number): Promise<void> {
  const isThere = async () => Number(await ask(provider, "eth_chainId")) === chainId;
  if (await isThere()) {
    return;
  }
  const wanted = { chainId: numberToHex(chainId) };
  // Whatever it says against it, the reader has to see to it in the wallet.
  await ask(provider, "wallet_switchEthereumChain", wanted).catch(() => undefined);
  if (!(await isThere())) {
    throw new WrongNetwork(chainId);
  }
}

/** Asks a wallet; its refusals are told as ours. */
async function ask(provider: Provider, method: string, ...params: unknown[]): Promise<unknown> {
  try {
    return await provider.request({ method, params });
  } catch (error) {
    const code = codeOf(error);
    if (code !== null && REFUSALS.includes(code)) {
      throw new SigningRefused();
    }
    if (code === BUSY) {
      throw new WalletUnusable("busy", "The wallet waits for an answer: look at its window.");
    }
    if (code === UNAUTHORISED) {
      throw new WalletUnusable("account", "The wallet does not let this page use the account.");
    }
    // What a node or the contract says, as from a transaction that is tried, is for who asked.
    throw error;
  }
}

/** Addresses in checksum form, whatever a wallet answers. */
function accounts(said: unknown): Address[] {
  const list: unknown[] = Array.isArray(said) ? said : [];
  return list
    .filter(
      (each): each is Address => typeof each === "string" && isAddress(each, { strict: false }),
    )
    .map((each) => getAddress(each));
}

/** `0x`, r, s and v, with a v of 27 or 28 where a wallet says 0 or 1. */
function tidySignature(said: unknown): Hex {
  if (typeof said !== "string" || !/^0x[0-9a-fA-F]{130}$/.test(said)) {
    // Contracts answer with something longer, which only they understand.
    throw new WalletUnusable("signature", "The wallet's answer is not the signature of a key.");
  }
  const v = parseInt(said.slice(-2), 16);
  return `${said.slice(0, -2).toLowerCase()}${(v < 27 ? v + 27 : v).toString(16)}` as Hex;
}

function asJson({ domain = {}, types, primaryType, message }: TypedDataDefinition): string {
  const whole = { EIP712Domain: getTypesForEIP712Domain({ domain }), ...types };
  return serializeTypedData({ domain, types: whole, primaryType, message } as never);
}

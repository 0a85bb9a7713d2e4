import { sha256 } from "@noble/hashes/sha2";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils";
import type { Address, Hex } from "viem";

import { WalletUnusable } from "./errors.ts";

const KEPT = "tradepost.root.";
const ROOT_LABEL = utf8ToBytes("tradepost/own-wallet-root/v1");
const CHECK_LABEL = utf8ToBytes("tradepost/own-wallet-check/v1");
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/**
 * The text whose signature a wallet's trade keys come from.
 *
 * It has the form of EIP-4361, as wallets know it: they show what it says, and warn a reader whom
 * another site asks for it. It signs nobody in, as its nonce is none of an exchange's and its time
 * is long over.
 */
export const rootText = (origin: string, address: Address, chainId: number): string => {
  const { host } = new URL(origin);
  return [
    `${host} wants you to sign in with your Ethereum account:`,
    address,
    "",
    `Open the keys of my payment details. Who gets this signature can read them: ` +
      `sign it at ${host} only. It moves no coins.`,
    "",
    `URI: ${origin}`,
    "Version: 1",
    `Chain ID: ${chainId}`,
    "Nonce: tradepostkeys1",
    "Issued At: 2026-01-01T00:00:00Z",
  ].join("\n");
};

/**
 * 32 bytes that only this wallet can come to, and comes to again: from its signature of a text.
 *
 * A wallet that signs differently each time would lock its owner out of what he sealed. The first
 * time on a device it is asked twice therefore; what comes of it is kept as a hash, and compared
 * from then on. Throws `WalletUnusable` where it differs, and what `signText` throws.
 */
export async function steadyRoot(
  signText: (text: string) => Promise<Hex>,
  address: Address,
  chainId: number,
): Promise<Uint8Array> {
  const { origin, host } = window.location;
  const text = rootText(origin, address, chainId);
  const place = `${KEPT}${chainId}.${address.toLowerCase()}.${host}`;
  const root = rootOf(await signText(text));
  const check = checkOf(root);
  const kept = localStorage.getItem(place) ?? checkOf(rootOf(await signText(text)));
  if (kept !== check) {
    throw new WalletUnusable(
      "unsteady",
      "This wallet signs the same text differently each time, so it cannot keep payment details.",
    );
  }
  localStorage.setItem(place, check);
  return root;
}

const checkOf = (root: Uint8Array): string => bytesToHex(sha256(concatBytes(CHECK_LABEL, root)));

/** Of r and the smaller s: the same signature, however a wallet writes it. */
function rootOf(signature: Hex): Uint8Array {
  const [r, s] = [signature.slice(2, 66), BigInt(`0x${signature.slice(66, 130)}`)];
  const smaller = s > HALF_ORDER ? ORDER - s : s;
  return sha256(concatBytes(ROOT_LABEL, hexToBytes(r + smaller.toString(16).padStart(64, "0"))));
}

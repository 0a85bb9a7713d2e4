import { secp256k1 } from "@noble/curves/secp256k1";
import { expand, extract } from "@noble/hashes/hkdf";
import { sha256 } from "@noble/hashes/sha2";
import { bytesToHex, bytesToNumberBE, numberToBytesBE } from "@noble/curves/abstract/utils";

import { KeyNotOurs } from "../wallet/errors.ts";
import type { TradeKey, TradeKeys } from "../wallet/wallet.ts";
import { hintOf, keepHint } from "./hints.ts";
import { conversationKey, decrypt, encrypt } from "./nip44.ts";

const TRADE_SALT = "tradepost/trade-key/v1";
const OWN_SALT = "tradepost/payment-accounts/v1";
const ORDER = secp256k1.CURVE.n;
/** How many keys one context has. */
const KEYS = 4096;
/** For how long the page may stand still while a key is looked for. */
const SLICE_MS = 12;

/** The context of the keys with which a taker takes this offer. */
export const takerContext = (offerId: string): string => `take/${offerId}`;

/** The context of the keys that a maker puts into offers of this kind. */
export const makerContext = (direction: string, asset: string, currency: string): string =>
  `offer/${direction}/${asset}/${currency}`;

/**
 * The trade keys of a wallet. Each is HKDF-SHA256 of the root, a context that the exchange serves
 * for ever, and an index: a device that has nothing but the wallet finds it again.
 *
 * `root` is the private key of a wallet that was made here, so that the command line derives the
 * same, and 32 bytes of another wallet's signature (`wallet/own.ts`).
 */
export function tradeKeysOf(root: Uint8Array): TradeKeys {
  const trade = extract(sha256, root, TRADE_SALT);
  const own = scalarOf(extract(sha256, root, OWN_SALT), new TextEncoder().encode("own"));
  const keyAt = (context: string, index: number) => keyOf(scalarOf(trade, infoOf(context, index)));
  const keep = (key: TradeKey, index: number) => {
    keepHint(key.public, index);
    return key;
  };
  return {
    fresh(context, once) {
      const index = once === undefined ? randomIndex() : indexOf(once);
      return keep(keyAt(context, index), index);
    },
    async find(context, known) {
      const hint = hintOf(known);
      const hinted = hint === null || hint < 0 || hint >= KEYS ? null : keyAt(context, hint);
      if (hinted?.public === known) {
        return hinted;
      }
      let since = performance.now();
      for (let index = 0; index < KEYS; index += 1) {
        const key = keyAt(context, index);
        if (key.public === known) {
          return keep(key, index);
        }
        if (performance.now() - since > SLICE_MS) {
          await new Promise((resolve) => setTimeout(resolve));
          since = performance.now();
        }
      }
      throw new KeyNotOurs(known);
    },
    ownBox() {
      const { secret, public: known } = keyOf(own);
      const key = conversationKey(secret, known);
      return { seal: (text) => encrypt(text, key), open: (sealed) => decrypt(sealed, key) };
    },
  };
}

const randomIndex = (): number => indexIn(crypto.getRandomValues(new Uint8Array(2)));

/** Always the same of one intent, so that it has one key however often it is repeated. */
const indexOf = (once: string): number => indexIn(sha256(once).subarray(-2));

/** 4096 divides what two bytes can be, so each index is as likely as another. */
const indexIn = (twoBytes: Uint8Array): number => Number(bytesToNumberBE(twoBytes)) % KEYS;

function infoOf(context: string, index: number): Uint8Array {
  return new Uint8Array([...new TextEncoder().encode(context), index >> 8, index & 255]);
}

/** 48 bytes reduced modulo the order are uniform but for 2^-128 (RFC 9380, section 5). */
const scalarOf = (extracted: Uint8Array, info: Uint8Array): bigint =>
  (bytesToNumberBE(expand(sha256, extracted, info, 48)) % (ORDER - 1n)) + 1n;

const keyOf = (scalar: bigint): TradeKey => ({
  secret: numberToBytesBE(scalar, 32),
  public: bytesToHex(secp256k1.getPublicKey(scalar).subarray(1)),
});

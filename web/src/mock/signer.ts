import { vi } from "vitest";

import type { Signer } from "../account/signing.tsx";
import type { Trader } from "../trading/trader.ts";
import type { OwnBox, TradeKeys } from "../wallet/wallet.ts";
import { session } from "./maker.ts";

/** Seals nothing, but so that one sees it was done; each seal of a text differs, as real ones do. */
export function mockBox(): OwnBox {
  let count = 0;
  return {
    seal: (text) => `${(count += 1)}:${btoa(encodeURIComponent(text))}`,
    open: (sealed) => decodeURIComponent(atob(sealed.split(":")[1] ?? "")),
  };
}

/** Who signs in a test: its trader does what `acts` says, and nothing else. */
export function mockSigner(acts: Partial<Trader> = {}): Signer & { asked: () => Promise<Signer> } {
  const box = mockBox();
  const keys = { ownBox: () => box } as Partial<TradeKeys> as TradeKeys;
  const wallet = { address: session().wallet, tradeKeys: () => Promise.resolve(keys) };
  const signer = { wallet, trader: acts } as unknown as Signer;
  return { ...signer, asked: vi.fn(() => Promise.resolve(signer)) };
}

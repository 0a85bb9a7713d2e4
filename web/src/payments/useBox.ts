import { useCallback, useState } from "react";

import { useSigner } from "../account/signing.tsx";
import { useAction, type Action } from "../api/useAction.ts";
import { openPaymentAccount, type OwnAccount } from "../sealing/paymentAccounts.ts";
import type { OwnBox } from "../wallet/wallet.ts";
import type { Kept } from "./queries.ts";

/** A payment account, opened; null where it does not open with this wallet. */
export type Opened = OwnAccount | null;

export interface Box {
  readonly isOpen: boolean;
  /** Opens the reader's wallet, and with it what is sealed to him. */
  readonly opening: Action<null>;
  /** The box that seals to the reader alone; asks him for his wallet if need be. */
  own(): Promise<OwnBox>;
  read(kept: Kept): Opened;
}

/** What seals the reader's payment accounts and opens them, for as long as a page is open. */
export function useBox(): Box {
  const openSigner = useSigner();
  const [box, setBox] = useState<OwnBox | null>(null);
  const own = useCallback(async () => {
    const { wallet } = await openSigner();
    const opened = (await wallet.tradeKeys()).ownBox();
    setBox(opened);
    return opened;
  }, [openSigner]);
  const opening = useAction<null>(async () => void (await own()));
  return {
    isOpen: box !== null,
    opening,
    own,
    read: (kept) => {
      try {
        return box === null ? null : openPaymentAccount(box, kept.sealed, kept.method);
      } catch {
        return null; // another wallet's, or not what the exchange says that it is
      }
    },
  };
}

import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { use, useCallback, useEffect, useRef, useState, type ReactNode } from "react";

import { serverNowMs } from "../api/clock.ts";
import { exchangeQuery } from "../api/queries.ts";
import { plainPath } from "../start/then.ts";
import { SigningRefused } from "../wallet/errors.ts";
import { keptWallet } from "./device.ts";
import { lock, openedSigner } from "./opened.ts";
import {
  currentSession,
  endedSession,
  endSession,
  keepSession,
  useEnded,
  useSession,
} from "./session.ts";
import { nobody, SigningContext, type Signer } from "./signing.tsx";
import type { Answer, Asked } from "./SigningDialog.tsx";

/** Timers hold no longer than this. */
const LONGEST_MS = 2 ** 31 - 1;
/** A session that ends sooner than so is not begun anew by itself. */
const SOON_MS = 60_000;

type Asking = Asked & { Dialog: (props: Asked & Answer) => ReactNode } & Answer;

/**
 * Opens the reader's wallet for whoever has to sign, and keeps his session alive.
 *
 * What opens wallets is fetched when it is first needed: readers of the book have no use for it.
 */
export function SigningProvider({ children }: { children: ReactNode }) {
  // Whoever puts the page into something larger may bring what signs.
  const outer = use(SigningContext);
  const client = useQueryClient();
  const router = useRouter();
  const [asking, setAsking] = useState<Asking | null>(null);
  const running = useRef<Promise<Signer> | null>(null);

  const openSigner = useCallback((): Promise<Signer> => {
    const ask = async (): Promise<Signer> => {
      const session = currentSession();
      const open = openedSigner();
      if (open !== null && session !== null && isOf(open, session.wallet)) {
        return open;
      }
      const who = session ?? endedSession();
      const kept = who && keptWallet(who.wallet);
      if (who === null || kept === null) {
        const here = plainPath(router.state.location.href);
        void router.navigate({ to: "/start", search: here === undefined ? {} : { then: here } });
        throw new SigningRefused();
      }
      const { chain } = await client.ensureQueryData(exchangeQuery);
      if (open !== null && isOf(open, who.wallet) && session === null) {
        await signInAgain(open, chain.chain_id);
        return open;
      }
      const { SigningDialog } = await import("./SigningDialog.tsx");
      return new Promise((opened, refused) =>
        setAsking({
          Dialog: SigningDialog,
          address: who.wallet,
          kept,
          chainId: chain.chain_id,
          signsIn: session === null,
          opened,
          refused,
        }),
      );
    };
    // Two that ask at once are served by one dialog.
    running.current ??= ask().finally(() => {
      running.current = null;
      setAsking(null);
    });
    return running.current;
  }, [client, router]);

  useLeaving(client);
  useSessionsEnd(client);
  return (
    <SigningContext value={outer === nobody ? openSigner : outer}>
      {children}
      {asking && <asking.Dialog {...asking} />}
    </SigningContext>
  );
}

const isOf = (signer: Signer, wallet: string) =>
  signer.wallet.address.toLowerCase() === wallet.toLowerCase();

async function signInAgain({ wallet }: Signer, chainId: number): Promise<void> {
  const { signInByWallet } = await import("./signIn.ts");
  keepSession(await signInByWallet(wallet, chainId));
}

/** What was read for one account is nothing to the next, and nobody signs with the former's wallet. */
function useLeaving(client: QueryClient): void {
  const session = useSession();
  const ended = useEnded();
  const who = (session ?? ended)?.wallet ?? null;
  useEffect(() => {
    const open = openedSigner();
    if (open !== null && (who === null || !isOf(open, who))) {
      lock();
    }
    return () => client.removeQueries({ queryKey: ["account"] });
  }, [client, who]);
}

/** Ends the session at its time, and begins another where the wallet made here is still open. */
function useSessionsEnd(client: QueryClient): void {
  const session = useSession();
  const ended = useEnded();
  const triedMs = useRef(-SOON_MS);
  useEffect(() => {
    if (session === null) {
      return undefined;
    }
    const leftMs = Date.parse(session.expiresAt) - serverNowMs();
    const timer = setTimeout(
      () => {
        if (currentSession() === null) {
          endSession();
        }
      },
      Math.min(leftMs, LONGEST_MS),
    );
    return () => clearTimeout(timer);
  }, [session]);
  useEffect(() => {
    const open = ended && openedSigner();
    if (!open || open.wallet.kind !== "built-in" || !isOf(open, ended.wallet)) {
      return;
    }
    if (performance.now() - triedMs.current < SOON_MS) {
      return;
    }
    triedMs.current = performance.now();
    void client
      .ensureQueryData(exchangeQuery)
      .then(({ chain }) => signInAgain(open, chain.chain_id))
      .catch(() => undefined); // then the reader is told that it has ended
  }, [client, ended]);
}

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { useSigner, type Signer } from "../account/signing.tsx";
import type { Progress, Report, Trade } from "../trading/trader.ts";
import type { VerificationFailed } from "../verify/errors.ts";
import { SigningRefused } from "../wallet/errors.ts";
import { isMismatch } from "./mismatches.tsx";
import { tradeQuery } from "./queries.ts";

/** After so long without a word it can be tried again: nothing that is signed counts twice. */
export const LATE_MS = 30_000;
/** A chain may take longer for its next block. */
const LATE_ON_CHAIN_MS = 120_000;
/** How long the trade is waited for after an action, so that its button is not offered again. */
const ANEW_MS = 3_000;

export type Doing =
  | { readonly is: "idle" }
  | {
      readonly is: "busy";
      readonly what: string;
      readonly late: boolean;
      readonly progress: Progress | null;
    }
  /** The reader has not signed: nothing has happened. */
  | { readonly is: "declined"; readonly what: string }
  | { readonly is: "failed"; readonly what: string; readonly error: unknown }
  | { readonly is: "done"; readonly what: string };

type Act = (signer: Signer, trade: Trade, report: Report) => Promise<unknown>;

export interface Acting {
  readonly doing: Doing;
  /** Does one thing at a time; `what` names it, so that its own button shows how it goes. */
  readonly run: (what: string, act: Act) => Promise<void>;
  /** The same for what needs no signature, and so neither an open wallet nor the chain. */
  readonly ask: (what: string, act: () => Promise<unknown>) => Promise<void>;
  /** Tries again what failed, was declined, or takes too long. */
  readonly again: () => void;
}

/**
 * Does what a trade's viewer wants done: opens his wallet, holds the trade against what was agreed,
 * and only then acts. `mismatch` is told where the exchange's word does not hold.
 */
export function useAct(trade: Trade, mismatch: (error: VerificationFailed) => void): Acting {
  const openSigner = useSigner();
  const client = useQueryClient();
  const [doing, setDoing] = useState<Doing>({ is: "idle" });
  // Who tries again may see another trade than when he began.
  const shown = useRef(trade);
  useEffect(() => {
    shown.current = trade;
  }, [trade]);
  const turn = useRef(0);
  const busy = useRef(false);
  const last = useRef<(() => Promise<void>) | null>(null);

  const start = async (
    what: string,
    act: (begun: () => void, report: Report) => Promise<unknown>,
  ): Promise<void> => {
    const mine = (turn.current += 1);
    const isLast = () => mine === turn.current;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let progress: Progress | null = null;
    const show = (late: boolean) => {
      if (isLast()) {
        setDoing({ is: "busy", what, late, progress });
      }
    };
    const lateAfter = (ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => show(true), ms);
    };
    busy.current = true;
    show(false);
    let ending: Doing = { is: "done", what };
    try {
      const result = await act(
        () => lateAfter(LATE_MS),
        (next) => {
          progress = next;
          lateAfter(LATE_ON_CHAIN_MS);
          show(false);
        },
      );
      if (isTrade(result, trade.id)) {
        client.setQueryData(tradeQuery(trade.id).queryKey, result);
      }
    } catch (error) {
      ending =
        error instanceof SigningRefused ? { is: "declined", what } : { is: "failed", what, error };
      if (isMismatch(error) && isLast()) {
        mismatch(error);
      }
    }
    clearTimeout(timer);
    void client.invalidateQueries({ queryKey: ["account", "trades"] });
    await Promise.race([
      client.invalidateQueries({ queryKey: tradeQuery(trade.id).queryKey }),
      new Promise((over) => setTimeout(over, ANEW_MS)),
    ]);
    // One that was given up, and comes to its end after all, has done what it was to do.
    if (isLast() || ending.is === "done") {
      turn.current += 1;
      busy.current = false;
      setDoing(ending);
    }
  };

  /** Once at a time, until it is late: then the reader may begin it again. */
  const once = (begin: () => Promise<void>): Promise<void> => {
    if (busy.current) {
      return Promise.resolve();
    }
    last.current = begin;
    return begin();
  };

  return {
    doing,
    run: (what, act) =>
      once(() =>
        start(what, async (begun, report) => {
          const signer = await openSigner();
          begun();
          const now = shown.current;
          if (now.viewer.role !== "arbitrator") {
            // What an arbitrator signs is held against the terms alone: he agreed to nothing.
            await signer.trader.checkTrade(now);
          }
          return act(signer, now, report);
        }),
      ),
    ask: (what, act) =>
      once(() =>
        start(what, (begun) => {
          begun();
          return act();
        }),
      ),
    again: () => {
      if (!busy.current || (doing.is === "busy" && doing.late)) {
        void last.current?.();
      }
    },
  };
}

const isTrade = (result: unknown, id: string): result is Trade =>
  typeof result === "object" &&
  result !== null &&
  "viewer" in result &&
  "id" in result &&
  result.id === id;

import { useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";

import { api } from "../api/client.ts";
import { problemOf } from "../api/problems.ts";
import { useAction, type Action } from "../api/useAction.ts";
import { sealPaymentAccount } from "../sealing/paymentAccounts.ts";
import type { Filled } from "./AccountForm.tsx";
import { accountsQuery, type Kept } from "./queries.ts";
import type { Box } from "./useBox.ts";

export interface ToKeep extends Filled {
  readonly method: string;
  /** The account in whose place it comes, as it was seen; null for a new one. */
  readonly seen: Pick<Kept, "id" | "version"> | null;
}

/** Seals a payment account and has the exchange keep it: a new one, or in the place of one. */
export function useKeepAccount(box: Box, done: (kept: ToKeep) => void): Action<ToKeep> {
  const client = useQueryClient();
  // Each seal differs: a retry has to send the very text that may have arrived already.
  const sealed = useRef({ once: "", text: "" });
  return useAction<ToKeep>(async (account, once) => {
    const { method, label, fields, seen } = account;
    if (sealed.current.once !== once) {
      const text = sealPaymentAccount(await box.own(), { method, label, fields });
      sealed.current = { once, text };
    }
    const { text } = sealed.current;
    try {
      if (seen === null) {
        const header = { "idempotency-key": once };
        await api.POST("/v1/payment-accounts", {
          params: { header },
          body: { method, sealed: text },
        });
      } else {
        await api.PUT("/v1/payment-accounts/{account_id}", {
          params: { path: { account_id: seen.id }, header: { "if-match": `"${seen.version}"` } },
          body: { sealed: text },
        });
      }
    } catch (error) {
      // The answer to an earlier try may have been lost: then this very text is kept already.
      if (problemOf(error) !== "precondition-failed" || !(await isKept(seen, text))) {
        void client.invalidateQueries({ queryKey: accountsQuery.queryKey });
        throw error;
      }
    }
    await client.invalidateQueries({ queryKey: accountsQuery.queryKey });
    done(account);
  });
}

async function isKept(seen: ToKeep["seen"], text: string): Promise<boolean> {
  if (seen === null) {
    return false;
  }
  const { data } = await api.GET("/v1/payment-accounts/{account_id}", {
    params: { path: { account_id: seen.id } },
  });
  return data?.sealed === text;
}

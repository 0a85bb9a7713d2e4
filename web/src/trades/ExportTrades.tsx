import { Trans } from "@lingui/react/macro";
import { useState } from "react";

import { api, told } from "../api/client.ts";

const NAME = "trades.csv";

/** Keeps all trades as a file: the exchange wants to know who asks, so that a link will not do. */
export function ExportTrades() {
  const [state, setState] = useState<"idle" | "busy" | "done" | "failed">("idle");
  const save = async () => {
    setState("busy");
    try {
      const file = told(
        await api.GET("/v1/trades/export", {
          params: { query: { format: "csv" } },
          parseAs: "blob",
        }),
      );
      const address = URL.createObjectURL(file);
      const link = document.createElement("a");
      link.href = address;
      link.download = NAME;
      link.click();
      // Not before a slow browser has begun to save it.
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
      setState("done");
    } catch {
      setState("failed");
    }
  };
  return (
    <section className="mt-10">
      <button
        type="button"
        className="button button-quiet"
        aria-disabled={state === "busy"}
        onClick={() => {
          if (state !== "busy") {
            void save();
          }
        }}
      >
        {state === "busy" ? <Trans>One moment…</Trans> : <Trans>Save all trades as a table</Trans>}
      </button>
      <p role="status" className={`text-13 mt-2 ${state === "failed" ? "text-stop" : "text-soft"}`}>
        {state === "done" && <Trans>The file is with your downloads.</Trans>}
        {state === "failed" && <Trans>The file could not be read. Try again.</Trans>}
      </p>
    </section>
  );
}

import { Trans } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";

import { api, told } from "../api/client.ts";
import { useFormat } from "../language/format.ts";
import { Told } from "../shell/Told.tsx";

/** The transactions of the faucet are sent a moment after it has answered. */
const SENT_MS = [2_000, 4_000, 8_000];

/** Coins for trial, on an exchange that has a faucet. */
export function Faucet({ wallet, main = false }: { wallet: string; main?: boolean }) {
  const client = useQueryClient();
  const format = useFormat();
  const once = useRef(crypto.randomUUID());
  const drawing = useMutation({
    mutationFn: async () =>
      told(
        await api.POST("/v1/sandbox/faucet", {
          body: { wallet },
          headers: { "Idempotency-Key": once.current },
        }),
      ),
    onSuccess: () => {
      once.current = crypto.randomUUID();
      const readAnew = () => client.invalidateQueries({ queryKey: ["account", "balances"] });
      SENT_MS.forEach((afterMs) => setTimeout(() => void readAnew(), afterMs));
    },
  });
  const { data, isPending, error } = drawing;
  const given = data?.gifts.map((gift) => format.coins(gift.amount, gift.asset)).join(", ");
  return (
    <div>
      <button
        type="button"
        className={`button ${main ? "button-main" : "button-quiet"}`}
        aria-disabled={isPending}
        onClick={() => !isPending && drawing.mutate()}
      >
        {isPending ? <Trans>Asking for coins…</Trans> : <Trans>Get coins for trial</Trans>}
      </button>
      <div role="status">
        {given !== undefined && (
          <p className="text-safe mt-2">
            <Trans>
              On their way to your wallet: <bdi translate="no">{given}</bdi>
            </Trans>
          </p>
        )}
      </div>
      <Told error={error} />
    </div>
  );
}

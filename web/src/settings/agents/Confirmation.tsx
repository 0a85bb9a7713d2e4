import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { useSigner } from "../../account/signing.tsx";
import { api, type Schema } from "../../api/client.ts";
import { useFormat } from "../../language/format.ts";
import { usePassed } from "../../live/useOnline.ts";
import { Copyable } from "../../shell/Copyable.tsx";
import { PathLink } from "../../shell/PathLink.tsx";
import { Value } from "../../shell/Value.tsx";
import { VerificationFailed } from "../../verify/errors.ts";
import { SigningRefused } from "../../wallet/errors.ts";
import { confirmationsQuery } from "../queries.ts";
import { Refused } from "../Refused.tsx";
import { Sure } from "../Sure.tsx";
import { useIntent } from "../useIntent.ts";
import { Parameters } from "./Parameters.tsx";

/** One thing that a program asked for; `by` is the label of its token, while that lives. */
export function Confirmation({
  asked,
  by,
}: {
  asked: Schema["ConfirmationBody"];
  by: string | undefined;
}) {
  const { t } = useLingui();
  const format = useFormat();
  const lapsed = usePassed(asked.expires_at);
  const steps: Record<Schema["Step"], string> = {
    open_trade: t`Open a trade`,
    payment_sent: t`Say that you have paid`,
    release: t`Give the buyer the coins`,
    refund: t`Give the seller the coins back`,
    cancel: t`Cancel a trade`,
    dispute: t`Call the arbitrator`,
  };
  const states: Record<Schema["ConfirmationState"], string> = {
    pending: t`Lapsed`,
    confirmed: t`Confirmed`,
    refused: t`Refused`,
    expired: t`Lapsed`,
  };
  const open = asked.state === "pending" && !lapsed;
  const tradeId = asked.trade_id ?? asked.parameters["trade_id"];
  return (
    <li className={open ? "card border-wait" : "card"}>
      <h3 className="text-17 font-semibold">{steps[asked.step]}</h3>
      <p className="text-soft">
        {by !== undefined && (
          <>
            <Trans>
              Asked by <Value>{by}</Value>
            </Trans>
            {" · "}
          </>
        )}
        {open ? (
          <Trans>
            until <Value>{format.moment(asked.expires_at)}</Value>
          </Trans>
        ) : (
          states[asked.state]
        )}
      </p>
      <Parameters asked={asked} />
      {tradeId !== undefined && (
        <PathLink
          path={`/trades/${encodeURIComponent(tradeId)}`}
          className="link inline-flex min-h-11 items-center"
        >
          <Trans>See the trade</Trans>
        </PathLink>
      )}
      {open && <Answer asked={asked} action={steps[asked.step]} />}
    </li>
  );
}

function Answer({ asked, action }: { asked: Schema["ConfirmationBody"]; action: string }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const openSigner = useSigner();
  const intent = useIntent();
  const onSettled = () => {
    void client.invalidateQueries({ queryKey: confirmationsQuery.queryKey });
    void client.invalidateQueries({ queryKey: ["account", "trades"] });
    void client.invalidateQueries({ queryKey: ["account", "trade"] });
  };
  const confirm = useMutation({
    mutationFn: async () => {
      const { confirmStep } = await import("../../trading/confirming.ts");
      const { wallet } = await openSigner();
      await confirmStep(wallet, asked);
    },
    onSettled,
  });
  const refuse = useMutation({
    mutationFn: () =>
      api.POST("/v1/confirmations/{confirmation_id}/refuse", {
        params: { path: { confirmation_id: asked.id }, header: intent.header(asked.id) },
      }),
    onSettled,
  });
  const questions: Record<Exclude<Schema["Step"], "open_trade">, string> = {
    payment_sent: t`Say so only after you have paid: your wallet signs it, and the seller relies on it.`,
    release: t`Only after your bank says that the money is there: your wallet signs the coins away, and it cannot be undone.`,
    refund: t`You do not pay, and your wallet signs the coins back. It cannot be undone.`,
    cancel: t`The trade ends, or the coins are asked back.`,
    dispute: t`The arbitrator may look at the trade and decide it.`,
  };
  const busy = confirm.isPending || refuse.isPending;
  return (
    <div className="mt-4">
      <div className="flex flex-wrap items-start gap-3">
        {asked.step !== "open_trade" && (
          <Sure
            action={action}
            question={questions[asked.step]}
            pending={busy}
            act={() => confirm.mutate()}
          />
        )}
        <button
          type="button"
          className="button button-quiet"
          disabled={busy}
          onClick={() => refuse.mutate()}
        >
          <Trans>Refuse</Trans>
        </button>
      </div>
      {asked.step === "open_trade" && (
        <div className="mt-4">
          <p className="text-soft mb-2 max-w-prose">
            <Trans>
              A trade is opened by the command line, which checks what comes of it. Or look at the
              offer, and take it yourself.
            </Trans>
          </p>
          <Copyable text={`tradepost confirm ${asked.id}`} label={t`Command`} />
          <PathLink
            path={`/offers/${encodeURIComponent(asked.parameters["offer_id"] ?? "")}`}
            className="link inline-flex min-h-11 items-center"
          >
            <Trans>See the offer</Trans>
          </PathLink>
        </div>
      )}
      <WhyNot error={confirm.error ?? refuse.error} />
    </div>
  );
}

function WhyNot({ error }: { error: unknown }) {
  if (error instanceof SigningRefused) {
    return null; // the reader has left it
  }
  if (error instanceof VerificationFailed) {
    return (
      <div role="alert" className="text-stop mt-3">
        <p className="font-medium">
          <Trans>
            What the exchange shows is not what you were asked to confirm. Nothing was signed.
          </Trans>
        </p>
        <p lang="en" dir="ltr" translate="no">
          <bdi>{error.message}</bdi>
        </p>
      </div>
    );
  }
  return <Refused error={error} />;
}

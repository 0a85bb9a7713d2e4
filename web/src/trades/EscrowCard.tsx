import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { Value } from "../shell/Value.tsx";
import type { EscrowSeen, Trade } from "../trading/trader.ts";
import { chainChecks } from "./checks.ts";
import { CopyField } from "./CopyField.tsx";
import type { Facts } from "./facts.ts";
import { isMismatch, mismatchWords } from "./mismatches.tsx";
import { escrowQuery } from "./queries.ts";

/** What the chain says of the escrow, read by this page; the exchange's word is held against it. */
export function EscrowCard({ facts }: { facts: Facts }) {
  const { trade, format } = facts;
  const escrow = useQuery(escrowQuery(trade));
  const seen = escrow.data;
  const { terms } = trade.escrow;
  return (
    <section aria-labelledby="escrow" className="card">
      <h2 id="escrow" className="text-20 font-semibold">
        <Trans>Escrow</Trans>
      </h2>
      {seen ? (
        <Seen trade={trade} seen={seen} facts={facts} />
      ) : escrow.isError ? (
        <div className="mt-3" role="alert">
          <p className="text-wait">
            {isMismatch(escrow.error) ? (
              mismatchWords(escrow.error)
            ) : (
              <Trans>The chain could not be read. The coins are not affected.</Trans>
            )}
          </p>
          <button
            type="button"
            className="button button-quiet mt-3"
            onClick={() => void escrow.refetch()}
          >
            <Trans>Try again</Trans>
          </button>
        </div>
      ) : (
        <div className="skeleton mt-3 h-24" aria-busy="true" />
      )}
      <dl className="mt-3">
        <CopyField name={<Trans>Contract</Trans>} text={trade.escrow.contract} code />
        <CopyField name={<Trans>The coins come from</Trans>} text={terms.seller} code />
        {trade.escrow.tx_hash !== null && (
          <CopyField name={<Trans>Last transaction</Trans>} text={trade.escrow.tx_hash} code />
        )}
        {trade.payment_deadline !== null && (
          <>
            <Line name={<Trans>The seller can ask for the coins back from</Trans>}>
              <Value>{format.time(trade.payment_deadline)}</Value>
            </Line>
            <Line name={<Trans>Then the buyer’s time to answer</Trans>}>
              <Value>{format.duration(terms.challenge_window)}</Value>
            </Line>
          </>
        )}
      </dl>
      <p className="mt-3">
        <Link
          to="/verify/$tradeId"
          params={{ tradeId: trade.id }}
          className="link inline-flex min-h-11 items-center"
        >
          <Trans>Check it yourself</Trans>
        </Link>
      </p>
    </section>
  );
}

function Seen({ trade, seen, facts }: { trade: Trade; seen: EscrowSeen; facts: Facts }) {
  const { format } = facts;
  const checks = chainChecks(trade, seen);
  const wrong = checks.some((check) => check.verdict === "wrong");
  const behind = checks.some((check) => check.verdict === "wait" && check.name !== "confirmations");
  const [depth, needed] = [format.count(seen.confirmations), format.count(seen.needed)];
  const block = format.count(seen.blockNumber);
  return (
    <>
      {(!seen.idMatches || !seen.codeKnown || wrong) && <Alarm seen={seen} wrong={wrong} />}
      {behind && !wrong && (
        <p className="bg-wait-wash text-wait rounded-control mt-3 px-3 py-2">
          <Trans>The exchange and the chain are not at the same point yet.</Trans>
        </p>
      )}
      <p
        className={`text-17 mt-3 font-semibold ${seen.status === "none" ? "text-soft" : "text-safe"}`}
      >
        <Status seen={seen} />
      </p>
      {seen.status === "locked" && (
        <p className="figures">
          <Trans>
            <Value>{depth}</Value> of <Value>{needed}</Value> confirmations
          </Trans>
        </p>
      )}
      <ul className="text-13 text-soft mt-2 grid gap-1">
        {seen.paid && (
          <li>
            <Trans>The buyer’s word that the payment was sent is on the chain.</Trans>
          </li>
        )}
        {seen.codeKnown && (
          <li>
            <Trans>The contract’s code is the one that this page knows.</Trans>
          </li>
        )}
        <li>
          {seen.witness === "own" ? (
            <Trans>
              Read by this page from your own node, at block <Value>{block}</Value>.
            </Trans>
          ) : (
            <Trans>
              Read by this page from this exchange’s node, at block <Value>{block}</Value>. A node
              of your own, in the settings, makes it independent.
            </Trans>
          )}
        </li>
      </ul>
    </>
  );
}

/** Where the chain does not say what the exchange says. */
function Alarm({ seen, wrong }: { seen: EscrowSeen; wrong: boolean }) {
  return (
    <div role="alert" className="bg-stop-wash text-stop rounded-control mt-3 px-4 py-3">
      <p className="font-semibold">
        <Trans>The chain says something else than this exchange. Do not pay or release.</Trans>
      </p>
      <ul className="mt-1 list-disc ps-5">
        {!seen.codeKnown && (
          <li>
            <Trans>
              The code at the contract’s address is not that of the escrow this page knows.
            </Trans>
          </li>
        )}
        {!seen.idMatches && (
          <li>
            <Trans>The escrow’s id is not the hash of its terms.</Trans>
          </li>
        )}
        {wrong && (
          <li>
            <Trans>The state of the coins is not the one that the exchange tells.</Trans>
          </li>
        )}
      </ul>
    </div>
  );
}

function Status({ seen }: { seen: EscrowSeen }) {
  switch (seen.status) {
    case "none":
      return <Trans>The chain has no coins in this escrow.</Trans>;
    case "locked":
      return seen.cancelAt === null ? (
        <Trans>The coins are locked.</Trans>
      ) : (
        <Trans>The coins are locked, and the seller asks for them back.</Trans>
      );
    case "released":
      return <Trans>The coins were released to the buyer.</Trans>;
    case "refunded":
    case "cancelled":
      return <Trans>The coins went back to the seller.</Trans>;
    case "settled":
      return <Trans>The coins were shared.</Trans>;
  }
}

const Line = ({ name, children }: { name: ReactNode; children: ReactNode }) => (
  <div className="border-line border-b py-2 last:border-b-0">
    <dt className="text-13 text-soft">{name}</dt>
    <dd>{children}</dd>
  </div>
);

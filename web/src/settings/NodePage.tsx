import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState, type FormEvent } from "react";

import { exchangeQuery } from "../api/queries.ts";
import { keepOwnNode, ownNode } from "../chain/provider.ts";
import type { Schema } from "../api/client.ts";
import { Failure } from "../shell/Failure.tsx";
import { checkNode, isTried, settleNode, tryNode, type NodeFault } from "./node.ts";
import { Part, Rows } from "./Part.tsx";

/** Who shows the page the chain: the exchange's node, or one of the reader's own. */
export function NodePage() {
  const { t } = useLingui();
  const exchange = useQuery(exchangeQuery);
  return (
    <Part
      name={t`Your own node`}
      about={
        <Trans>
          What the page says of coins it reads from the chain by a node. Without one of your own it
          asks the exchange’s, and says so. Your own wallet shows the chain by itself.
        </Trans>
      }
    >
      {exchange.data ? (
        <Node chain={exchange.data.chain} />
      ) : exchange.isError ? (
        <Failure error={exchange.error} retry={() => void exchange.refetch()} />
      ) : (
        <Rows />
      )}
    </Part>
  );
}

function Node({ chain }: { chain: Schema["ChainBody"] }) {
  const [node, setNode] = useState(ownNode);
  const [refused, setRefused] = useState<{ url: string; fault: NodeFault } | null>(null);
  const checked = useQuery({
    queryKey: ["node", node, chain.chain_id, chain.escrow_address],
    queryFn: () => checkNode(node ?? "", chain),
    enabled: node !== null,
    retry: false,
    gcTime: 0,
  });
  const { data: fault } = checked;
  useEffect(() => {
    if (node === null || fault === undefined || !isTried()) {
      return;
    }
    settleNode(fault === null);
    if (fault !== null) {
      setRefused({ url: node, fault });
      setNode(ownNode());
    }
  }, [node, fault]);
  const forget = () => {
    keepOwnNode(null);
    window.location.reload(); // so that the page can ask it no more
  };
  return (
    <>
      {refused !== null && (
        <div role="alert" className="card border-stop mt-6">
          <p className="font-semibold">
            <Trans>That node was not kept.</Trans>
          </p>
          <Fault fault={refused.fault} />
        </div>
      )}
      <section className="card mt-6" aria-labelledby="present">
        <h2 id="present" className="text-20 font-semibold">
          {node === null ? <Trans>The exchange’s node</Trans> : <Trans>Your node</Trans>}
        </h2>
        {node === null ? (
          <p className="text-soft mt-2">
            <Trans>It shows what the exchange wants it to show.</Trans>
          </p>
        ) : (
          <>
            <p className="mt-2 break-all">
              <bdi translate="no" className="font-mono text-13">
                {node}
              </bdi>
            </p>
            <div role="status" className="mt-2" aria-busy={checked.isFetching}>
              {fault === undefined ? (
                <p className="text-soft">
                  <Trans>It is being asked…</Trans>
                </p>
              ) : fault === null ? (
                <p className="text-safe font-medium">
                  <Trans>It is on this exchange’s chain, and has the escrow contract.</Trans>
                </p>
              ) : (
                <Fault fault={fault} />
              )}
            </div>
            <div className="mt-4 flex flex-wrap gap-3">
              <button
                type="button"
                className="button button-quiet"
                disabled={checked.isFetching}
                onClick={() => void checked.refetch()}
              >
                <Trans>Ask it again</Trans>
              </button>
              <button type="button" className="button button-quiet" onClick={forget}>
                <Trans>Use the exchange’s again</Trans>
              </button>
            </div>
          </>
        )}
      </section>
      <Other tried={refused?.url ?? ""} />
    </>
  );
}

function Fault({ fault }: { fault: NodeFault }) {
  return (
    <p className="text-stop mt-2 max-w-prose">
      {fault === "silent" ? (
        <Trans>
          It does not answer this page. See that the address is right, that the node runs, and that
          it lets pages of this exchange ask it (CORS).
        </Trans>
      ) : fault === "other-chain" ? (
        <Trans>It is on another chain than this exchange.</Trans>
      ) : (
        <Trans>
          It does not have the escrow contract’s code at the address that the exchange names. Do not
          send coins there.
        </Trans>
      )}
    </p>
  );
}

function Other({ tried }: { tried: string }) {
  const [url, setUrl] = useState(tried);
  const [wrong, setWrong] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    try {
      tryNode(url.trim());
    } catch {
      setWrong(true);
      return;
    }
    window.location.reload();
  };
  return (
    <form onSubmit={submit} className="mt-8 max-w-xl">
      <label className="block">
        <span className="label">
          <Trans>Address of a node (JSON-RPC)</Trans>
        </span>
        <input
          dir="ltr"
          className="control w-full"
          value={url}
          inputMode="url"
          autoComplete="off"
          spellCheck={false}
          aria-invalid={wrong}
          onChange={(event) => {
            setUrl(event.target.value);
            setWrong(false);
          }}
        />
      </label>
      {wrong && (
        <p role="alert" className="text-stop mt-2">
          <Trans>
            An address begins with https, or with http on this machine, and has no user, question
            mark or hash.
          </Trans>
        </p>
      )}
      <p className="text-soft mt-2">
        <Trans>
          The page is loaded anew, as only then its policy lets it ask that node. It is checked, and
          kept only if it is right. The exchange is told its host, not what follows.
        </Trans>
      </p>
      <button type="submit" className="button button-main mt-4" disabled={url.trim() === ""}>
        <Trans>Try it</Trans>
      </button>
    </form>
  );
}

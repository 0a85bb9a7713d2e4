import { Trans, useLingui } from "@lingui/react/macro";
import { Link, useSearch } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { keptOpening, keptWallet } from "../account/device.ts";
import { useEnded, useSession } from "../account/session.ts";
import { BackWay } from "./BackWay.tsx";
import { NewWay, type Made } from "./NewWay.tsx";
import { OwnWay } from "./OwnWay.tsx";
import { ReadyStep } from "./ReadyStep.tsx";
import { Step } from "./Step.tsx";

/** How one gets an account: with one's own wallet, with one made here, or back into one. */
export function StartPage() {
  const { way } = useSearch({ from: "/start" });
  const session = useSession();
  const [made, setMade] = useState<Made | null>(null);
  // An account that was begun before; one that is begun now is the page's own matter.
  const [resumes] = useState(() => keptOpening() !== null);
  // Without its wallet a session cannot sign: then the wallet is looked for, by any way.
  if (session !== null && keptWallet(session.wallet) !== null) {
    return <ReadyStep session={session} made={made} />;
  }
  if ((resumes && keptOpening() !== null) || way === "new") {
    return <NewWay made={setMade} />;
  }
  if (way === "own") {
    return <OwnWay />;
  }
  return way === "back" ? <BackWay made={setMade} /> : <Ways />;
}

function Ways() {
  const { t } = useLingui();
  const search = useSearch({ from: "/start" });
  const ended = useEnded();
  const go = (way: "own" | "new" | "back") => ({ ...search, way });
  return (
    <Step
      name={t`Start`}
      title={<Trans>Start trading</Trans>}
      lead={
        <Trans>
          You trade from a wallet of your own: nobody else can move its coins, and no e-mail or
          phone number is asked for.
        </Trans>
      }
    >
      <ul className="grid gap-3">
        <Way search={go("new")} main={ended === null} name={<Trans>Create one here</Trans>}>
          <Trans>A new wallet in this browser, in about a minute. Best if you have none.</Trans>
        </Way>
        <Way search={go("own")} main={false} name={<Trans>Use my wallet</Trans>}>
          <Trans>One that is in this browser already, as an extension or an app.</Trans>
        </Way>
        <Way search={go("back")} main={ended !== null} name={<Trans>I have one already</Trans>}>
          <Trans>Back into an account that was made here, also from another device.</Trans>
        </Way>
      </ul>
    </Step>
  );
}

interface WayProps {
  search: { way: "own" | "new" | "back"; then?: string };
  main: boolean;
  name: ReactNode;
  children: ReactNode;
}

function Way({ search, main, name, children }: WayProps) {
  return (
    <li>
      <Link
        to="/start"
        search={search}
        className={`rounded-card block border p-5 ${main ? "bg-brand text-on-brand border-brand" : "bg-sheet border-edge hover:border-ink"}`}
      >
        <span className="text-20 block font-semibold">{name}</span>
        <span className={`mt-1 block ${main ? "" : "text-soft"}`}>{children}</span>
      </Link>
    </li>
  );
}

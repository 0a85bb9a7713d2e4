import { Trans, useLingui } from "@lingui/react/macro";
import type { ReactNode } from "react";

import { Value } from "../shell/Value.tsx";
import type { Facts } from "./facts.ts";
import type { Step } from "./faces.tsx";

const STEPS: Record<Step, { buyer: () => ReactNode; seller: () => ReactNode }> = {
  1: { buyer: () => <Trans>Agreed</Trans>, seller: () => <Trans>Agreed</Trans> },
  2: {
    buyer: () => <Trans>The seller locks the coins</Trans>,
    seller: () => <Trans>You lock the coins</Trans>,
  },
  3: { buyer: () => <Trans>You pay</Trans>, seller: () => <Trans>The buyer pays</Trans> },
  4: {
    buyer: () => <Trans>The seller releases</Trans>,
    seller: () => <Trans>You release</Trans>,
  },
  5: {
    buyer: () => <Trans>You have the coins</Trans>,
    seller: () => <Trans>The buyer has the coins</Trans>,
  },
};
const ALL: readonly Step[] = [1, 2, 3, 4, 5];

interface Props {
  facts: Facts;
  step: Step;
}

const side = ({ role }: Facts) => (role === "buyer" ? "buyer" : "seller");

/** Where a trade stands on its way. */
export function Steps({ facts, step }: Props) {
  const { t } = useLingui();
  const over = facts.trade.state === "completed";
  return (
    <>
      <p className="text-17 font-semibold sm:hidden" aria-hidden="true">
        <StepWords facts={facts} step={step} />
      </p>
      <ol aria-label={t`Steps of this trade`} className="mt-2 grid grid-cols-5 gap-2 sm:mt-0">
        {ALL.map((each) => {
          const done = over || each < step;
          const now = !over && each === step;
          return (
            <li key={each} aria-current={now ? "step" : undefined}>
              <span
                aria-hidden="true"
                className={`block h-1.5 rounded-full ${done ? "bg-safe" : now ? "bg-brand" : "bg-line"}`}
              />
              <span
                className={`text-13 mt-2 max-sm:sr-only sm:block ${now ? "font-semibold" : "text-soft"}`}
              >
                {STEPS[each][side(facts)]()}
                {done && (
                  <span className="sr-only">
                    {" "}
                    <Trans>(done)</Trans>
                  </span>
                )}
              </span>
            </li>
          );
        })}
      </ol>
    </>
  );
}

/** "You pay (step 3 of 5)". */
export function StepWords({ facts, step }: Props) {
  const [now, all] = [facts.format.count(step), facts.format.count(ALL.length)];
  const name = STEPS[step][side(facts)]();
  return (
    <Trans>
      {name} (step <Value>{now}</Value> of <Value>{all}</Value>)
    </Trans>
  );
}

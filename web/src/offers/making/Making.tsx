import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState, type ReactNode } from "react";

import type { Schema } from "../../api/client.ts";
import { useFormat } from "../../language/format.ts";
import { useLive } from "../../live/useLive.ts";
import { faultsOf, firstFaulty, stepOf, type Faults, type Step } from "./check.ts";
import type { Draft } from "./draft.ts";
import { idOf, type Part } from "./inputs.tsx";
import { PairStep } from "./PairStep.tsx";
import { PriceStep } from "./PriceStep.tsx";
import { priceQuery } from "./queries.ts";
import { Review } from "./Review.tsx";
import { TermsStep } from "./TermsStep.tsx";

interface Props {
  draft: Draft;
  exchange: Schema["ExchangeBody"];
  /** Whether an offer that is there is changed, and no new one made. */
  edited: boolean;
  step: Step;
  /** What the exchange has found wrong. */
  refused: Faults;
  change: (next: Partial<Draft>) => void;
  goTo: (step: Step) => void;
  /** The button of the last step, and what failed of it. */
  children: ReactNode;
}

const NO_FAULTS: Faults = new Map();
const STEPS: readonly Step[] = [1, 2, 3, 4];

/** The four steps of an offer: what, at which price, on what terms, and a look at all of it. */
export function Making({ draft, exchange, edited, step, refused, change, goTo, children }: Props) {
  const format = useFormat(exchange.currencies);
  const market = useQuery(priceQuery(draft));
  useLive(draft);
  const faults = faultsOf(draft, exchange);
  const first = firstFaulty(faults);
  // An address can ask for a step that those before it do not lead to.
  const shown: Step = step > first ? first : step;
  const [told, setTold] = useState(false);
  const heading = useStepFocus(shown, refused);
  const seen: Faults = told || step > first ? new Map([...faults, ...refused]) : refused;
  const part: Part = { draft, faults: seen, change };

  const next = () => {
    const here = [...faults.keys()].find((field) => stepOf(field) === shown);
    if (here === undefined) {
      setTold(false);
      goTo((shown + 1) as Step);
      return;
    }
    setTold(true);
    document.getElementById(idOf(here))?.focus();
  };
  return (
    <>
      <Steps shown={shown} first={first} goTo={goTo} />
      <section aria-labelledby="step" className={shown === 4 ? "mt-6" : "mt-6 max-w-3xl"}>
        <h2
          id="step"
          ref={heading}
          tabIndex={-1}
          className="text-20 mb-4 font-semibold outline-none"
        >
          <StepName step={shown} />
        </h2>
        {shown === 1 && <PairStep {...part} exchange={exchange} format={format} fixed={edited} />}
        {shown === 2 && <PriceStep {...part} format={format} market={market.data} />}
        {shown === 3 && <TermsStep {...part} format={format} edited={edited} />}
        {shown === 4 && (
          <Review draft={draft} exchange={exchange} format={format} market={market.data ?? null}>
            {children}
          </Review>
        )}
        <div className="mt-8 flex flex-wrap gap-3">
          {shown < 4 && (
            <button type="button" className="button button-main" onClick={next}>
              <Trans>Next</Trans>
            </button>
          )}
          {shown > 1 && (
            <button
              type="button"
              className="button button-quiet"
              onClick={() => goTo((shown - 1) as Step)}
            >
              <Trans>Back</Trans>
            </button>
          )}
        </div>
      </section>
    </>
  );
}

/** After a change of step its heading takes the focus, or the field that was refused does. */
function useStepFocus(shown: Step, refused: Faults) {
  const heading = useRef<HTMLHeadingElement>(null);
  const before = useRef({ shown, refused: NO_FAULTS });
  useEffect(() => {
    // A field that was put right leaves fewer behind, and the focus where it is.
    const field = [...refused.keys()].find((each) => !before.current.refused.has(each));
    const input = field === undefined ? null : document.getElementById(idOf(field));
    if (input !== null) {
      input.focus();
    } else if (field !== undefined) {
      return; // its step is on the way
    } else if (shown !== before.current.shown) {
      heading.current?.focus();
    }
    before.current = { shown, refused };
  }, [shown, refused]);
  return heading;
}

function Steps({ shown, first, goTo }: { shown: Step; first: Step; goTo: (step: Step) => void }) {
  return (
    <ol className="border-line mt-6 grid grid-cols-4 gap-2 border-b">
      {STEPS.map((step) => (
        <li key={step}>
          <button
            type="button"
            className="text-13 sm:text-15 text-soft aria-[current=step]:border-brand aria-[current=step]:text-ink hover:text-ink -mb-px min-h-11 w-full border-b-2 border-transparent py-2 text-start font-medium disabled:opacity-60"
            aria-current={step === shown ? "step" : undefined}
            disabled={step > first}
            onClick={() => goTo(step)}
          >
            <span className="figures">{step}</span>
            <span className="sr-only sm:not-sr-only">
              {" "}
              <StepName step={step} />
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}

function StepName({ step }: { step: Step }) {
  switch (step) {
    case 1:
      return <Trans>Direction and coin</Trans>;
    case 2:
      return <Trans>Price</Trans>;
    case 3:
      return <Trans>Amounts and terms</Trans>;
    case 4:
      return <Trans>As takers see it</Trans>;
  }
}

import { Trans } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, type ReactNode } from "react";

import type { Format } from "../language/format.ts";
import { Value } from "../shell/Value.tsx";
import { crossed, HOUR_MS, useLeft } from "./useLeft.ts";

interface Props {
  at: string;
  /** What happens then. */
  effect?: ReactNode;
  format: Format;
}

/** The exchange's clock for one step, and what happens at zero. */
export function Deadline({ at, effect, format }: Props) {
  const left = useLeft(at);
  const over = left <= 0;
  useReadAtZero(over);
  return (
    <div className="mt-4">
      <p role="timer" className="flex flex-wrap items-baseline gap-x-2">
        {over ? (
          <span className="font-semibold">
            <Trans>The time is over.</Trans>
          </span>
        ) : (
          <>
            <span className={`text-20 font-semibold ${left < HOUR_MS ? "figures" : ""}`}>
              <Value>{format.left(left)}</Value>
            </span>
            <span className="text-soft text-13">
              <Trans>
                left, until <Value>{format.moment(at)}</Value>
              </Trans>
            </span>
          </>
        )}
      </p>
      {effect && <p className="text-13 text-soft mt-1">{effect}</p>}
      <Announcement left={left} format={format} />
    </div>
  );
}

/** Says what is left when a threshold is crossed, and nothing in between, nor at the start. */
function Announcement({ left, format }: { left: number; format: Format }) {
  const threshold = crossed(left);
  const before = useRef(threshold);
  const news = threshold !== undefined && threshold !== before.current;
  return (
    <p className="sr-only" role="status" data-testid="announced">
      {news &&
        (threshold === 0 ? (
          <Trans>The time is over.</Trans>
        ) : (
          <Trans>
            <Value>{format.duration(threshold)}</Value> left
          </Trans>
        ))}
    </p>
  );
}

/** When a time is over, somebody may do something else now: what is read is old. */
function useReadAtZero(over: boolean) {
  const client = useQueryClient();
  const before = useRef(over);
  useEffect(() => {
    if (over && !before.current) {
      void client.invalidateQueries({ queryKey: ["account"] });
    }
    before.current = over;
  }, [over, client]);
}

/** The same in a row of a list: the number alone. */
export function Left({ at, format }: { at: string; format: Format }) {
  const left = useLeft(at);
  return left <= 0 ? (
    <Trans>The time is over.</Trans>
  ) : (
    <Trans>
      <Value>{format.left(left)}</Value> left
    </Trans>
  );
}

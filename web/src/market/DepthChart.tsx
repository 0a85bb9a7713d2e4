import "uplot/dist/uPlot.min.css";

import { Trans, useLingui } from "@lingui/react/macro";
import { useEffect, useRef } from "react";
import uPlot from "uplot";

import type { Schema } from "../api/client.ts";
import type { Format } from "../language/format.ts";
import { plotted, type Step } from "./levels.ts";

const HEIGHT = 300;

interface Props {
  bids: readonly Step[];
  asks: readonly Step[];
  depth: Schema["DepthAnswer"];
  format: Format;
}

/** A colour of the theme that holds now; a property of CSS has to carry it, to say which one. */
const token =
  (name: string) =>
  ({ root }: uPlot): string => {
    root.style.color = `var(--${name})`;
    return getComputedStyle(root).color;
  };

/** Two stairs: what can be sold, to the left of the market, and what can be bought, to its right. */
export function DepthChart({ bids, asks, depth, format }: Props) {
  const { t } = useLingui();
  const place = useRef<HTMLDivElement>(null);
  const toBuy = t`To buy`;
  const toSell = t`To sell`;
  const text = JSON.stringify([bids, asks]);
  useEffect(() => {
    const element = place.current;
    if (element === null) {
      return undefined;
    }
    const [left, right] = JSON.parse(text) as [Step[], Step[]];
    const write = (at: number) =>
      depth.levels_by === "premium"
        ? format.percent(Math.round(at * 100))
        : format.price(String(at), depth.currency);
    const axis = {
      stroke: token("soft"),
      grid: { stroke: token("line"), width: 1 },
      font: "13px Onest, Vazirmatn, sans-serif",
      ticks: { show: false },
    };
    const chart = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: padded },
          y: { range: (_, __, most) => [0, most * 1.08] },
        },
        axes: [
          { ...axis, values: (_, splits) => splits.map(write), space: 90 },
          {
            ...axis,
            values: (_, splits) => splits.map((each) => format.coins(String(each), "", 4).trim()),
            size: 64,
          },
        ],
        series: [{}, stair(toSell, "soft", "line", -1), stair(toBuy, "brand", "brand-wash", 1)],
      },
      plotted(left, right),
      element,
    );
    const resized = new ResizeObserver(() =>
      chart.setSize({ width: element.clientWidth, height: HEIGHT }),
    );
    resized.observe(element);
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    const redraw = () => chart.redraw();
    dark.addEventListener("change", redraw);
    return () => {
      dark.removeEventListener("change", redraw);
      resized.disconnect();
      chart.destroy();
    };
  }, [text, depth.levels_by, depth.currency, format, toBuy, toSell]);
  return (
    <figure className="mt-4">
      {/* What it shows stands above in words, and in the table: it is drawn for the eye only. */}
      <div ref={place} dir="ltr" className="h-[300px] w-full overflow-hidden" aria-hidden="true" />
      <figcaption className="text-13 text-soft mt-2 flex flex-wrap gap-x-6 gap-y-1">
        <span className="flex items-center gap-2">
          <span className="bg-soft h-0.5 w-5" aria-hidden="true" />
          {toSell}
        </span>
        <span className="flex items-center gap-2">
          <span className="bg-brand h-0.5 w-5" aria-hidden="true" />
          {toBuy}
        </span>
        {depth.levels_by === "premium" ? (
          <span>
            <Trans>Across: percent over the market price. Up: coins, all up to there.</Trans>
          </span>
        ) : (
          <span>
            <Trans>Across: price. Up: coins, all up to there.</Trans>
          </span>
        )}
      </figcaption>
    </figure>
  );
}

/** Some air at both ends, so that the first and the last step can be seen as steps. */
function padded(_: uPlot, least: number, most: number): uPlot.Range.MinMax {
  const air = (most - least || 1) * 0.04;
  return [least - air, most + air];
}

function stair(label: string, stroke: string, fill: string, align: 1 | -1): uPlot.Series {
  const stepped = uPlot.paths.stepped?.({ align });
  return {
    label,
    stroke: token(stroke),
    fill: token(fill),
    width: 2,
    spanGaps: true,
    points: { show: false },
    ...(stepped && { paths: stepped }),
  };
}

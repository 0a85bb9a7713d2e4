import { shortest } from "../decimals.ts";

interface Sum {
  value: string;
  unit: "asset" | "currency";
}

interface Taking {
  exchange: string;
  offerId: string;
  method: string;
  /** What the reader wants; without it the least that the offer takes. */
  amount: Sum | null;
  least: Sum;
  link: string | undefined;
}

/** A word that a shell takes as it is, whoever wrote it. */
function word(text: string): string {
  return /^[\w.:/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The commands that take an offer, for who has neither a wallet nor an account yet. */
export function commands({ exchange, offerId, method, amount, least, link }: Taking): string {
  const { value, unit } = amount ?? { ...least, value: shortest(least.value) };
  return [
    `export TRADEPOST_URL=${word(exchange)}`,
    "tradepost wallet create",
    "tradepost account create",
    [
      `tradepost trade take ${word(offerId)}`,
      `  --method ${word(method)} ${unit === "asset" ? "--amount" : "--fiat"} ${word(value)}`,
      ...(link === undefined ? [] : [`  --link ${word(link)}`]),
    ].join(" \\\n"),
  ].join("\n");
}

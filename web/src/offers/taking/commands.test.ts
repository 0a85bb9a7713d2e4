import { expect, test } from "vitest";

import { commands } from "./commands.ts";

const taking = {
  exchange: "http://127.0.0.1:8000",
  offerId: "0193579a-3b20-7f13-b6d8-4c5d6e7f8091",
  method: "sepa_instant",
  amount: { value: "250", unit: "currency" as const },
  least: { value: "0.1", unit: "asset" as const },
  link: undefined,
};

test("the commands take this offer, by this method, for this amount", () => {
  expect(commands(taking).split("\n")).toEqual([
    "export TRADEPOST_URL=http://127.0.0.1:8000",
    "tradepost wallet create",
    "tradepost account create",
    "tradepost trade take 0193579a-3b20-7f13-b6d8-4c5d6e7f8091 \\",
    "  --method sepa_instant --fiat 250",
  ]);
});

test("without an amount they take the least that can be taken", () => {
  const least = { value: "0.0100000", unit: "asset" as const };
  expect(commands({ ...taking, amount: null, least })).toMatch(/--amount 0\.01$/);
  const whole = { value: "100", unit: "currency" as const };
  expect(commands({ ...taking, amount: null, least: whole })).toMatch(/--fiat 100$/);
});

test("what an exchange sends is one word to a shell, whatever is in it", () => {
  const text = commands({ ...taking, method: "x; rm -rf '~'" });
  expect(text).toContain(`--method 'x; rm -rf '\\''~'\\'''`);
});

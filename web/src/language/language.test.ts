import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { Format } from "./format.ts";
import { LOCALES, preferred } from "./locales.ts";

const ENTRY = /^msgid ((?:".*"\n)+)msgstr ((?:".*"\n?)+)/gm;
const text = (lines: string) => lines.replaceAll(/^"|"$/gm, "").replaceAll("\n", "");

function catalogue(locale: string): Map<string, string> {
  const written = readFileSync(join(import.meta.dirname, `../locales/${locale}.po`), "utf8");
  const entries = [...written.matchAll(ENTRY)].map(
    ([, id = "", said = ""]) => [text(id), text(said)] as const,
  );
  return new Map(entries.filter(([id]) => id !== ""));
}

const parts = (message: string) => (message.match(/<\/?\d+>|\{\w+\}/g) ?? []).sort();

test.each(Object.keys(LOCALES))("%s says everything, with every part that varies", (locale) => {
  const english = catalogue("en");
  const said = catalogue(locale);
  expect(english.size).toBeGreaterThan(100);
  expect([...said.keys()].sort()).toEqual([...english.keys()].sort());
  for (const [id, message] of said) {
    expect(message, id).not.toBe("");
    expect(parts(message), id).toEqual(parts(id));
  }
});

test.each([
  ["de", ["fr"], "de"],
  [null, ["pt-BR", "en"], "pt"],
  [null, ["xx", "zh-Hant-TW"], "zh"],
  ["klingon", ["xx"], "en"],
  ["__proto__", [], "en"],
  ["pseudo", ["fr"], "pseudo"],
] as const)("%s chosen and %o wished speaks %s", (chosen, wished, spoken) => {
  expect(preferred(chosen, wished)).toBe(spoken);
});

const plain = (written: string) => written.replaceAll(/\s/g, " ");

test("decimals are written whole, however long they are", () => {
  const format = new Format("en", (code) => (code === "JPY" ? 0 : 2));
  expect(plain(format.money("12345678901234567890.05", "EUR"))).toBe(
    "EUR 12,345,678,901,234,567,890.05",
  );
  expect(plain(format.money("1500", "JPY"))).toBe("JPY 1,500");
  expect(format.coins("0.101522842639593908", "ETH")).toBe("0.10152284 ETH");
  expect(plain(format.price("0.98765", "EUR"))).toBe("EUR 0.9877");
  expect(format.percent(170)).toBe("1.7%");
});

test("durations are told in the largest unit that tells them whole", () => {
  const format = new Format("en");
  expect([5_400, 86_400, 3_600, 90].map((seconds) => format.duration(seconds))).toEqual([
    "90 minutes",
    "1 day",
    "1 hour",
    "90 seconds",
  ]);
});

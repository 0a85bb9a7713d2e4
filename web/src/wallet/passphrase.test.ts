import { expect, test } from "vitest";

import { passphraseFault } from "./passphrase.ts";

test.each([
  "correct horse battery staple",
  "пусть всегда будет солнце",
  "今日はとても良い天気ですね本当に",
  "kQ7!vN2@pX9#mL4",
  "837164920573918",
])("%s is fine", (passphrase) => {
  expect(passphraseFault(passphrase, "rosa")).toBeNull();
});

test.each([
  ["short", "fourteen chars"],
  ["short", "👩‍🚀👩‍🚀👩‍🚀👩‍🚀"],
  ["long", "long ".repeat(26)],
  ["easy", "aaaaaaaaaaaaaaaaaaaa"],
  ["easy", "abcabcabcabcabcabc"],
  ["easy", "passwordpassword"],
  ["easy", "123456789012345"],
  ["easy", "987654321987654321"],
  ["easy", "qwertyuiopasdfghjkl"],
  ["easy", "rosa-tradepost-rosa-2026"],
])("it is too %s: %s", (fault, passphrase) => {
  expect(passphraseFault(passphrase, "rosa")).toBe(fault);
});

test("accents count once, however a keyboard composed them", () => {
  const composed = "é".repeat(14);
  expect(passphraseFault(composed.normalize("NFD"), "rosa")).toBe("short");
});

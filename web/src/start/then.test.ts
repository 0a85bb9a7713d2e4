import { expect, test } from "vitest";

import { plainPath } from "./then.ts";

test.each([
  "/",
  "/offers/0193579a-3b20",
  "/?asset=ETH&amount=250.5",
  "/trades/1?a=%20b",
  "/wallet",
])("%s is a path of this page", (path) => {
  expect(plainPath(path)).toBe(path);
});

test.each([
  "",
  "wallet",
  "//evil.example",
  "/\\evil.example",
  "/%5cevil/..",
  "https://evil.example/",
  "javascript:alert(1)",
  "/a//b",
  "/a/../b",
  "/a#b",
  "/a\n/b",
  "/a b",
  "/start",
  "/start?then=/",
  `/${"a".repeat(500)}`,
  7,
  undefined,
])("%j is none", (path) => {
  expect(plainPath(path)).toBeUndefined();
});

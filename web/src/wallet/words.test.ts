import { privateKeyToAddress } from "viem/accounts";
import { toHex } from "viem/utils";
import { expect, test } from "vitest";

import { WalletUnusable } from "./errors.ts";
import { isWords, keyOfWords, newWords, tidyWords } from "./words.ts";

// Known to everybody who has a development chain.
const JUNK = "test test test test test test test test test test test junk";
const JUNK_ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

test("new words are twelve, have their checksum, and are new each time", () => {
  const [one, two] = [newWords(), newWords()];
  expect(one.split(" ")).toHaveLength(12);
  expect(isWords(one) && isWords(two)).toBe(true);
  expect(one).not.toBe(two);
});

test("the key is the one that other wallets derive", () => {
  expect(privateKeyToAddress(toHex(keyOfWords(JUNK)))).toBe(JUNK_ADDRESS);
});

test("capitals and spaces make no difference", () => {
  const typed = `  ${JUNK.toUpperCase().replaceAll(" ", " \n ")} `;
  expect(isWords(typed)).toBe(true);
  expect(tidyWords(typed)).toBe(JUNK);
  expect(keyOfWords(typed)).toEqual(keyOfWords(JUNK));
});

test.each([
  ["nothing", ""],
  ["a wrong checksum", JUNK.replace("junk", "test")],
  ["an unknown word", JUNK.replace("junk", "tradepost")],
  ["eleven words", JUNK.replace("test ", "")],
  ["fifteen words", "abandon ".repeat(14) + "address"],
])("%s is no wallet", (_, text) => {
  expect(isWords(text)).toBe(false);
  expect(() => keyOfWords(text)).toThrow(WalletUnusable);
});

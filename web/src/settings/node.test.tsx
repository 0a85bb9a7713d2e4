import { fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { ownNode } from "../chain/provider.ts";
import { exchange } from "../mock/book.ts";
import { openPage } from "../mock/open.tsx";
import { checkNode, isTried, settleNode, tryNode } from "./node.ts";

const answers = vi.hoisted(
  () => ({ eth_chainId: "0x7a69", eth_getCode: "0x6001" }) as Record<string, unknown>,
);

vi.mock("../chain/provider.ts", async (original) => ({
  ...(await original<typeof import("../chain/provider.ts")>()),
  nodeProvider: () => ({
    request: async ({ method }: { method: string }) => {
      if (answers[method] === undefined) {
        throw new Error("The node does not answer.");
      }
      return answers[method];
    },
  }),
}));
vi.mock("../verify/contract.ts", async (original) => ({
  ...(await original<typeof import("../verify/contract.ts")>()),
  isEscrow: (code: string) => code === "0xe5c0",
}));

const URL = "https://node.example/key";

beforeEach(() => {
  sessionStorage.clear();
  Object.assign(answers, { eth_chainId: "0x7a69", eth_getCode: "0xe5c0" });
});

afterEach(() => {
  document.cookie = "tradepost-node=; Path=/; Max-Age=0";
});

test.each([
  [{}, null],
  [{ eth_chainId: "0x1" }, "other-chain"],
  [{ eth_chainId: 31337 }, "silent"],
  [{ eth_chainId: "0xzz" }, "silent"],
  [{ eth_chainId: undefined }, "silent"],
  [{ eth_getCode: "0x" }, "no-contract"],
  [{ eth_getCode: "0x6001" }, "no-contract"],
  [{ eth_getCode: undefined }, "silent"],
])("a node that answers %j is %s", async (said, fault) => {
  Object.assign(answers, said);
  expect(await checkNode(URL, exchange.chain)).toBe(fault);
});

test("what is tried is kept only where it is good, else the one before is", () => {
  localStorage.clear();
  tryNode(URL);
  expect([ownNode(), isTried()]).toEqual([URL, true]);
  settleNode(true);
  expect([ownNode(), isTried()]).toEqual([URL, false]);
  tryNode("https://other.example/");
  settleNode(false);
  expect(ownNode()).toBe(URL);
  expect(() => tryNode("http://far.example/")).toThrow(TypeError);
  expect(isTried()).toBe(false);
});

test("after the reload a good node is kept, and says so", async () => {
  sessionStorage.setItem("tradepost.node.before", "");
  await openPage("/settings/node", {}, null, { "tradepost.node": URL });
  expect(await screen.findByText(/has the escrow contract\.$/)).toBeTruthy();
  expect(ownNode()).toBe(URL);
  expect(isTried()).toBe(false);
});

test("a node of another chain is not kept, and the exchange's is used as before", async () => {
  answers["eth_chainId"] = "0x1";
  sessionStorage.setItem("tradepost.node.before", "");
  await openPage("/settings/node", {}, null, { "tradepost.node": URL });
  expect((await screen.findByRole("alert")).textContent).toMatch(/not kept.*another chain/);
  expect(screen.getByRole("heading", { name: "The exchange’s node" })).toBeTruthy();
  expect(ownNode()).toBeNull();
});

test("a node that was good and is silent now is told so, and stays the reader's", async () => {
  answers["eth_chainId"] = undefined;
  await openPage("/settings/node", {}, null, { "tradepost.node": URL });
  expect(await screen.findByText(/does not answer this page/)).toBeTruthy();
  expect(ownNode()).toBe(URL);
});

test("an address that is none is refused where it was typed", async () => {
  await openPage("/settings/node");
  const typed = await screen.findByLabelText("Address of a node (JSON-RPC)");
  fireEvent.change(typed, { target: { value: "node.example" } });
  fireEvent.click(screen.getByRole("button", { name: "Try it" }));
  await waitFor(() => expect(screen.getByRole("alert").textContent).toMatch(/begins with https/));
  expect(ownNode()).toBeNull();
});

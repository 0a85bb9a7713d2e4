import { beforeEach, expect, test, vi } from "vitest";

import { keepSession } from "../account/session.ts";
import { Chain } from "./chain.ts";
import { exchangeProvider, keepOwnNode, nodeProvider, ownNode } from "./provider.ts";

const URL = "https://node.example/v1/key-of-the-node";

let sent: Request[];

beforeEach(() => {
  localStorage.clear();
  sent = [];
});

/** The network answers so. */
function answers(body: unknown, status = 200): void {
  vi.stubGlobal("fetch", async (input: string, init: RequestInit) => {
    const { signal: _, ...rest } = init;
    sent.push(new Request(input, rest));
    return body instanceof Response ? body : Response.json(body, { status });
  });
}

const chainId = (provider = nodeProvider(URL)) => provider.request({ method: "eth_chainId" });

test("a node is asked by JSON-RPC, and by nothing that tells of the reader", async () => {
  answers({ jsonrpc: "2.0", id: 1, result: "0x1" });
  expect(await chainId()).toBe("0x1");
  const [asked] = sent;
  expect(await asked?.json()).toEqual({
    jsonrpc: "2.0",
    id: 1,
    method: "eth_chainId",
    params: [],
  });
  expect(asked?.credentials).toBe("omit");
  expect(asked?.redirect).toBe("error");
});

test("the exchange's node is asked with the session's token", async () => {
  answers({ result: "0x7a69" });
  expect(await new Chain(exchangeProvider(), 0).chainId()).toBe(31337);
  expect(sent[0]?.url).toBe(`${window.location.origin}/v1/chain/calls`);
  expect(sent[0]?.headers.get("Authorization")).toBeNull();
  keepSession({
    account: { id: "a", name: null, roles: [], wallets: [], created_at: "" },
    token: "tp_secret",
    expiresAt: "2999-01-01T00:00:00Z",
    wallet: "",
  });
  await chainId(exchangeProvider());
  expect(sent[1]?.headers.get("Authorization")).toBe("Bearer tp_secret");
  keepSession(null);
});

test("what the exchange's node refuses is told as a node's refusal", async () => {
  const type = "urn:tradepost:problem:node-refused";
  const data = `0x08c379a0${"0".repeat(62)}20${"0".repeat(63)}2${"6e6f".padEnd(64, "0")}`;
  answers({ type, title: "x", status: 422, code: 3, message: "execution reverted", data }, 422);
  const call = new Chain(exchangeProvider(), 0).call(`0x${"77".repeat(20)}`, "0x");
  await expect(call).rejects.toThrow(
    expect.objectContaining({ kind: "ChainRefused", reason: "no", reverted: true }),
  );
});

test.each([429, 503])("an exchange that is away or busy is no refusal: %i", async (status) => {
  answers({ type: "about:blank", title: "x", status }, status);
  await expect(chainId(exchangeProvider())).rejects.toThrow(
    expect.objectContaining({ kind: "ChainUnreachable" }),
  );
});

test("who may not ask is told so", async () => {
  answers({ type: "urn:tradepost:problem:unauthenticated", title: "Sign in.", status: 401 }, 401);
  await expect(chainId(exchangeProvider())).rejects.toThrow("Sign in.");
});

test.each([
  ["no JSON", new Response("<html>")],
  ["no object", Response.json(null)],
  ["neither result nor error", Response.json({})],
])("an answer of another form is none: %s", async (_, response) => {
  answers(response);
  await expect(chainId()).rejects.toThrow(expect.objectContaining({ kind: "ChainUnreachable" }));
});

test("an answer without an end is cut off", async () => {
  let parts = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      parts += 1;
      controller.enqueue(new Uint8Array(1024 * 1024));
    },
  });
  answers(new Response(body));
  await expect(chainId()).rejects.toThrow(expect.objectContaining({ kind: "ChainUnreachable" }));
  expect(parts).toBeLessThan(12);
});

test("the node's key is in no message", async () => {
  vi.stubGlobal("fetch", async () => {
    throw new TypeError(`connection to ${URL} failed`);
  });
  const failed = await chainId().catch((error: unknown) => String(error));
  expect(failed).not.toContain("key-of-the-node");
});

test.each(["0x", "nonsense", null, {}, 5, `0x${"f".repeat(65)}`])(
  "what is no number is no answer: %j",
  async (result) => {
    answers({ result });
    await expect(new Chain(nodeProvider(URL), 0).chainId()).rejects.toThrow(
      expect.objectContaining({ kind: "ChainUnreachable" }),
    );
  },
);

test("a reader's node is kept on his device, and its origin told in a cookie", () => {
  const set = vi.spyOn(document, "cookie", "set");
  keepOwnNode("https://node.example/v1/key");
  expect(ownNode()).toBe("https://node.example/v1/key");
  expect(set.mock.lastCall?.[0]).toBe(
    "tradepost-node=https://node.example; Path=/; Max-Age=31536000; SameSite=Strict",
  );
  keepOwnNode("http://127.0.0.1:8545");
  expect(set.mock.lastCall?.[0]).toContain("tradepost-node=http://127.0.0.1:8545;");
  keepOwnNode(null);
  expect(ownNode()).toBeNull();
  expect(set.mock.lastCall?.[0]).toContain("tradepost-node=; Path=/; Max-Age=0");
});

test.each([
  "",
  "node.example",
  "http://node.example",
  "ws://127.0.0.1:8545",
  "https://user:word@node.example",
  "https://node.example/?key=1",
  "https://node.example/#x",
  "javascript:alert(1)",
  "http://[::1]:8545",
  "https://[2001:db8::1]",
  "https://node.example; Path=/x",
])("what is no address of a node is refused: %s", (url) => {
  expect(() => keepOwnNode(url)).toThrow(TypeError);
  expect(ownNode()).toBeNull();
});

test("what somebody else has put in its place is no node", () => {
  localStorage.setItem("tradepost.node", "http://evil.example");
  expect(ownNode()).toBeNull();
});

import { currentSession } from "../account/session.ts";
import { ProblemError } from "../api/client.ts";
import type { Provider } from "../wallet/wallet.ts";
import { ChainUnreachable, NodeError } from "./errors.ts";

const WITHIN_MS = 15_000;
/** A block of a busy chain with its transactions is a few of them. */
const LARGEST_ANSWER = 8 * 1024 * 1024;
const NODE_KEY = "tradepost.node";
const NODE_COOKIE = "tradepost-node";
const YEAR_S = 365 * 86_400;
/** Statuses that say nothing about the call: it may be asked again. */
const NO_ANSWER = 500;
const TOO_MANY = 429;

/** The exchange's own node: it shows what the exchange wants it to show. */
export function exchangeProvider(): Provider {
  return {
    async request({ method, params = [] }) {
      const headers: Record<string, string> = { "Content-Type": "application/json" };
      const session = currentSession();
      if (session !== null) {
        headers["Authorization"] = `Bearer ${session.token}`;
      }
      const url = new URL("/v1/chain/calls", window.location.origin).href;
      const { status, answer } = await post(url, headers, { method, params });
      if (status === 200 && "result" in answer) {
        return answer["result"];
      }
      if (answer["type"] === "urn:tradepost:problem:node-refused") {
        throw new NodeError(code(answer["code"]), String(answer["message"] ?? ""), answer["data"]);
      }
      if (status >= NO_ANSWER || status === TOO_MANY || status < 400) {
        throw new ChainUnreachable(`The exchange's node answers ${status}.`);
      }
      throw new ProblemError(status, answer as unknown as ProblemError["problem"], null);
    },
  };
}

/** A node of the reader's own, by its address. */
export function nodeProvider(url: string): Provider {
  return {
    async request({ method, params = [] }) {
      const headers = { "Content-Type": "application/json" };
      const body = { jsonrpc: "2.0", id: 1, method, params };
      const { status, answer } = await post(url, headers, body);
      const error = answer["error"];
      if (typeof error === "object" && error !== null) {
        const said = error as { code?: unknown; message?: unknown; data?: unknown };
        throw new NodeError(code(said.code), String(said.message ?? ""), said.data);
      }
      if (!("result" in answer)) {
        throw new ChainUnreachable(`The node answers ${status}.`);
      }
      return answer["result"];
    },
  };
}

const code = (value: unknown) => (typeof value === "number" ? value : -32603);

async function post(url: string, headers: Record<string, string>, body: unknown) {
  let status: number;
  let answer: unknown;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      // Where a redirect leads is not what the reader chose.
      redirect: "error",
      referrerPolicy: "no-referrer",
      credentials: "omit",
      signal: AbortSignal.timeout(WITHIN_MS),
    });
    status = response.status;
    answer = JSON.parse(await bounded(response));
  } catch {
    // An address may hold a key: it is in no message.
    throw new ChainUnreachable("The node does not answer.");
  }
  if (typeof answer !== "object" || answer === null) {
    throw new ChainUnreachable(`The node answers ${status}.`);
  }
  return { status, answer: answer as Record<string, unknown> };
}

async function bounded(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let length = 0; reader !== undefined;) {
    const { done, value } = await reader.read();
    if (done) {
      break;
    }
    length += value.length;
    if (length > LARGEST_ANSWER) {
      await reader.cancel();
      throw new RangeError("The answer is too large.");
    }
    parts.push(value);
  }
  return new Blob(parts).text();
}

/** The address of the reader's own node; null where he has none. */
export function ownNode(): string | null {
  const kept = localStorage.getItem(NODE_KEY);
  return kept !== null && originOf(kept) !== null ? kept : null;
}

/**
 * Keeps the address of the reader's own node, or forgets it. Its path, which often is a key, stays
 * on this device; its origin goes to the exchange in a cookie, which lets this reader's page connect
 * to it, once that is loaded anew.
 *
 * Throws `TypeError` where it is not `https`, or `http` on this machine, where it has a user, a
 * query or a fragment, and where it is an address of IPv6, which no browser's policy can name.
 */
export function keepOwnNode(url: string | null): void {
  const origin = url === null ? "" : originOf(url);
  if (origin === null) {
    throw new TypeError("A node's address begins with https, or with http on this machine.");
  }
  if (url === null) {
    localStorage.removeItem(NODE_KEY);
  } else {
    localStorage.setItem(NODE_KEY, new URL(url).href);
  }
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  const lasts = origin === "" ? 0 : YEAR_S;
  document.cookie = `${NODE_COOKIE}=${origin}; Path=/; Max-Age=${lasts}; SameSite=Strict${secure}`;
}

/** The origin of an address that a page may ask; null where it is none. */
function originOf(url: string): string | null {
  if (!URL.canParse(url)) {
    return null;
  }
  const { protocol, hostname, origin, username, password, search, hash } = new URL(url);
  const here = ["localhost", "127.0.0.1"].includes(hostname);
  const plain = !username && !password && !search && !hash && !hostname.startsWith("[");
  return plain && (protocol === "https:" || (protocol === "http:" && here)) ? origin : null;
}

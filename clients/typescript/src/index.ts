/**
 * A typed client of a Tradepost exchange. Paths, parameters, bodies and answers are those of its
 * OpenAPI document (`schema.d.ts` is made from it). It signs nothing and holds no wallet.
 *
 *     const client = createClient("https://exchange.example", { token });
 *     const { data } = await client.GET("/v1/trades/{trade_id}", { params: { path: { trade_id } } });
 *
 * Amounts and prices are decimal strings: read them by a library for decimals, never as numbers.
 */
import createFetchClient, { type Client, type Middleware } from "openapi-fetch";

import type { components, paths } from "./schema.d.ts";

export type { components, operations, paths } from "./schema.d.ts";

export type Problem = components["schemas"]["Problem"];

/** The exchange refused, or failed: what it said of that (RFC 9457), if it said anything. */
export class ProblemError extends Error {
  readonly status: number;
  readonly problem: Problem | null;
  /** How long to wait before another try, where the exchange told it. */
  readonly retryAfterS: number | null;

  constructor(status: number, problem: Problem | null, retryAfterS: number | null) {
    super(problem?.title ?? `The exchange answered ${status}.`);
    this.name = "ProblemError";
    this.status = status;
    this.problem = problem;
    this.retryAfterS = retryAfterS;
  }
}

export interface Options {
  /** The bearer token. */
  token?: string;
  /** Instead of the runtime's own `fetch`. */
  fetch?: (request: Request) => Promise<Response>;
  /** How long a request may take; 15 seconds without it. */
  timeoutMs?: number;
}

/** What reads, or does the same however often it is sent. */
const WITHOUT_KEY = /\/v1\/(graphql|chain\/calls)$/;

/**
 * A client of the exchange at `url`, which has to be `https` unless it is on this machine, or what
 * a browser's page came from.
 *
 * Every POST that takes an `Idempotency-Key` gets one where it has none: hand one in to repeat the
 * same intent after a failure. An answer that is no success throws `ProblemError`.
 */
export function createClient(url: string, options: Options = {}): Client<paths> {
  const baseUrl = checkedUrl(url);
  const send = options.fetch ?? ((request: Request) => fetch(request));
  const timeoutMs = options.timeoutMs ?? 15_000;
  const client = createFetchClient<paths>({
    baseUrl,
    // A redirect would hand the token to whom the exchange names.
    redirect: "error",
    fetch: (request) => {
      const signal = AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]);
      return send(new Request(request, { signal }));
    },
  });
  client.use(manners(options.token));
  return client;
}

function manners(token: string | undefined): Middleware {
  return {
    onRequest({ request }) {
      if (token !== undefined) {
        request.headers.set("Authorization", `Bearer ${token}`);
      }
      const once = request.method === "POST" && !WITHOUT_KEY.test(request.url);
      if (once && !request.headers.has("Idempotency-Key")) {
        request.headers.set("Idempotency-Key", crypto.randomUUID());
      }
      return request;
    },
    async onResponse({ response }) {
      // 304 says that what the caller has is still so.
      if (!response.ok && response.status !== 304) {
        throw new ProblemError(response.status, await told(response), retryAfter(response));
      }
      return undefined;
    },
  };
}

async function told(response: Response): Promise<Problem | null> {
  if (!response.headers.get("Content-Type")?.startsWith("application/problem+json")) {
    return null;
  }
  try {
    return (await response.json()) as Problem;
  } catch {
    return null;
  }
}

function retryAfter(response: Response): number | null {
  const text = response.headers.get("Retry-After") ?? "";
  return /^[0-9]{1,6}$/.test(text) ? Number(text) : null;
}

function checkedUrl(text: string): string {
  const url = new URL(text);
  const here =
    ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname) ||
    // A page asks whom it came from: it is no safer than its own code, whichever way that came.
    url.origin === globalThis.location?.origin;
  if (url.protocol !== "https:" && !(url.protocol === "http:" && here)) {
    throw new TypeError("An exchange that is not on this machine is reached by https.");
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new TypeError("An exchange's address has no user, query or fragment.");
  }
  return url.href.replace(/\/$/, "");
}

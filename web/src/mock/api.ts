import { ProblemError, type Schema } from "../api/client.ts";
import { ACCOUNT_ANSWERS } from "./account.ts";
import * as book from "./book.ts";
import { MAKER_ANSWERS } from "./maker.ts";
import { PAYMENT_ANSWERS } from "./payments.ts";
import { START_ANSWERS } from "./start.ts";
import { TRADE_ANSWERS } from "./trades.ts";
import { health } from "./health.ts";
import { PUSH_ANSWERS } from "./push.ts";
import { SETTINGS_ANSWERS } from "./settings.ts";

/** What a request asks for: the parts of its path that vary, and its query. */
export interface Asked {
  id: string;
  query: URLSearchParams;
  /** What a request that writes says; null of others. */
  body: unknown;
  headers: Headers;
}

export type Answer = (asked: Asked) => unknown;

/** A refusal, as the exchange words it. */
export function problem(name: string, status: number, title: string): ProblemError {
  const type = `urn:tradepost:problem:${name}`;
  return new ProblemError(status, { type, title, status, retryable: status >= 500 }, null);
}

const found = (query: URLSearchParams) =>
  book.offers.filter(
    (offer) =>
      offer.direction === (query.get("direction") ?? offer.direction) &&
      (query.get("funded") !== "true" || offer.funded) &&
      (query.get("online") !== "true" || offer.maker_online) &&
      query.getAll("payment_method").every((code) => offer.payment_methods.includes(code)),
  );

/**
 * One mock of the API, for development and for tests of components: `VITE_MOCK=1 npm run dev`.
 *
 * Each answer has the type that the document gives it. A test puts its own in the place of one.
 */
export const ANSWERS = {
  "/v1/exchange": (): Schema["ExchangeBody"] => book.exchange,
  "/v1/markets": (): Schema["MarketsAnswer"] => ({ data: [book.market], next_cursor: null }),
  "/v1/offers": ({ query }: Asked): Schema["OffersAnswer"] => ({
    data: found(query),
    next_cursor: null,
    market: book.index,
  }),
  "/v1/offers/facets": ({ query }: Asked): Schema["FacetsAnswer"] => ({
    total: found(query).length,
    complete: true,
    funded: found(query).filter((offer) => offer.funded).length,
    payment_methods: { sepa_instant: 2, revolut: 1, wise: 1 },
    countries: {},
    assets: { ETH: 2 },
    currencies: { EUR: 2 },
    directions: { sell: 2 },
  }),
  "/v1/offers/:id": ({ id }: Asked): Schema["OfferAnswer"] => {
    const known = book.offers.find((offer) => offer.id === id);
    if (known === undefined) {
      throw problem("not-found", 404, "There is no such thing, or it is not yours to see.");
    }
    return { ...known, deposit_block: null };
  },
  "/v1/offers/:id/quote": ({ query }: Asked): Schema["OffersQuoteAnswer"] => ({
    price: "2462.50",
    premium_bps: -150,
    amount: query.get("amount") ?? "0.101522842639593908",
    fiat_amount: query.get("fiat_amount") ?? "250.00",
    rounded_for: "seller",
    held_until: new Date(Date.parse(book.NOW) + 60_000).toISOString(),
    hold: "a-hold",
    market: book.index,
  }),
  "/v1/markets/:id": (): Schema["InsightsMarketAnswer"] => book.market,
  "/v1/markets/:id/depth": (): Schema["DepthAnswer"] => book.depth,
  "/v1/markets/:id/methods": (): Schema["InsightsMethodsAnswer"] => ({
    data: book.methodRows,
    complete: true,
  }),
  "/v1/markets/:id/trades": (): Schema["TapeAnswer"] => ({ data: book.trades, next_cursor: null }),
  ...MAKER_ANSWERS,
  ...PAYMENT_ANSWERS,
  ...START_ANSWERS,
  ...TRADE_ANSWERS,
  ...ACCOUNT_ANSWERS,
  ...PUSH_ANSWERS,
  ...SETTINGS_ANSWERS,
  "/v1/admin/health": (): Schema["ExchangeHealth"] => health(),
} satisfies Record<string, Answer>;

export type Path = keyof typeof ANSWERS;

/** A `fetch` that asks nobody; `own` answers in the place of the usual ones. */
export function mockFetch(own: Partial<Record<Path, Answer>> = {}): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const answer = find(request.method, url.pathname, { ...ANSWERS, ...own });
    try {
      if (answer === undefined) {
        throw problem("not-found", 404, `The mock has no ${url.pathname}.`);
      }
      const text = await request.text();
      const body: unknown = text === "" ? null : JSON.parse(text);
      const { headers } = request;
      const said = await answer[0]({ id: answer[1], query: url.searchParams, body, headers });
      if (typeof said === "string") {
        return new Response(said, { headers: { "Content-Type": "text/csv" } });
      }
      return said === undefined ? new Response(null, { status: 204 }) : Response.json(said);
    } catch (refusal) {
      if (!(refusal instanceof ProblemError)) {
        throw refusal;
      }
      const { status, problem: body } = refusal;
      const headers = { "Content-Type": "application/problem+json" };
      return new Response(JSON.stringify(body), { status, headers });
    }
  };
}

/**
 * Finds what answers: the name of a path has `:id` where an id stands (the last one is handed on),
 * and the method before it unless that is GET.
 */
function find(
  method: string,
  path: string,
  answers: Record<string, Answer>,
): [Answer, string] | undefined {
  const asked = method === "GET" ? path : `${method} ${path}`;
  const exact = answers[asked];
  if (exact !== undefined) {
    return [exact, ""];
  }
  const ids: string[] = [];
  const name = asked.replace(
    /\/([0-9a-f]{8}-[\w-]{27}|[A-Z]{2,10}\/[A-Z]{3})(?=\/|$)/g,
    (_, id) => {
      ids.push(id as string);
      return "/:id";
    },
  );
  const answer = answers[name];
  return ids.length > 0 && answer ? [answer, ids.at(-1) ?? ""] : undefined;
}

/** A stream that is open and silent, until a test speaks. */
export class MockEventSource extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  static opened: MockEventSource[] = [];
  readyState = MockEventSource.CONNECTING;
  readonly url: string;

  constructor(url: string) {
    super();
    this.url = url;
    MockEventSource.opened.push(this);
    queueMicrotask(() => this.up());
  }

  up(): void {
    this.readyState = MockEventSource.OPEN;
    this.dispatchEvent(new Event("open"));
  }

  says(type: string, message: unknown, lastEventId = ""): void {
    this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(message), lastEventId }));
  }

  /** Cut: the browser comes back by itself, unless the exchange has refused it. */
  cut(refused: boolean): void {
    this.readyState = refused ? MockEventSource.CLOSED : MockEventSource.CONNECTING;
    this.dispatchEvent(new Event("error"));
  }

  close(): void {
    this.readyState = MockEventSource.CLOSED;
  }
}

/** Puts the mock in the place of the network. */
export function installMock(own: Partial<Record<Path, Answer>> = {}): void {
  globalThis.fetch = mockFetch(own);
  globalThis.EventSource = MockEventSource as unknown as typeof EventSource;
}

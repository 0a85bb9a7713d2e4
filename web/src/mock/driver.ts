/**
 * The page's trader without a page: what a line of JSON says is done on an exchange that runs, and
 * a line tells what came of it. The tests of whole trades bundle it and run it by node.
 *
 * `TRADEPOST_ORIGIN` is the exchange's public address, `TRADEPOST_AT` where it listens,
 * `TRADEPOST_NODE` the reader's own node, if he has one, `TRADEPOST_WORDS` his wallet, and `TRADEPOST_STORE` the
 * file that stands for what a browser keeps.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

const given = (name: string): string => process.env[`TRADEPOST_${name}`] ?? "";

/** What a browser keeps, in a file: it outlives a page that is killed. */
class Store {
  readonly #file: string;
  #kept: Record<string, string>;

  constructor(file: string) {
    this.#file = file;
    this.#kept = existsSync(file)
      ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, string>)
      : {};
  }

  get length(): number {
    return Object.keys(this.#kept).length;
  }

  key(at: number): string | null {
    return Object.keys(this.#kept)[at] ?? null;
  }

  getItem(key: string): string | null {
    return this.#kept[key] ?? null;
  }

  setItem(key: string, text: string): void {
    this.#kept[key] = text;
    this.#write();
  }

  removeItem(key: string): void {
    delete this.#kept[key];
    this.#write();
  }

  #write(): void {
    writeFileSync(this.#file, JSON.stringify(this.#kept));
  }
}

const origin = given("ORIGIN");
const whole = globalThis.fetch;
Object.assign(globalThis, {
  window: { location: { origin, protocol: "http:" }, addEventListener: () => undefined },
  document: { cookie: "" },
  fetch: (asked: Request | string, init?: RequestInit) => {
    const url = typeof asked === "string" ? asked : asked.url;
    const there = url.replace(origin, given("AT"));
    return whole(typeof asked === "string" ? there : new Request(there, asked), init);
  },
});
Object.defineProperty(globalThis, "localStorage", { value: new Store(given("STORE")) });

// All of the page's sources look for a browser when they are loaded.
const { api, told } = await import("../api/client.ts");
const { keepSession } = await import("../account/session.ts");
const { exchangeProvider, keepOwnNode, nodeProvider } = await import("../chain/provider.ts");
const { signInMessage } = await import("../sealing/signIn.ts");
const { openDesk } = await import("../trading/desk.ts");
const { traderAt } = await import("../trading/make.ts");
const { builtIn } = await import("../wallet/builtIn.ts");

const CHAIN_ID = 31337;
const POLL_MS = 30;

const node = given("NODE");
keepOwnNode(node === "" ? null : node);
const provider = node === "" ? exchangeProvider() : nodeProvider(node);
const wallet = builtIn(given("WORDS"), provider, CHAIN_ID);
const trader = traderAt(openDesk(wallet, undefined, POLL_MS));
type Trader = typeof trader;

async function signIn(): Promise<string> {
  const { nonce } = told(await api.POST("/v1/nonces"));
  const { now } = told(await api.GET("/v1/time"));
  const message = signInMessage(origin, wallet.address, CHAIN_ID, nonce, new Date(now));
  const body = { message, signature: await wallet.signText(message) };
  const { account, token } = told(await api.POST("/v1/sessions", { body }));
  const { address } = wallet;
  keepSession({ account, token: token.token, expiresAt: token.expires_at, wallet: address });
  return address;
}

async function take(offerId: string, method: string, amount: string, once: string) {
  const path = { offer_id: offerId };
  const offer = told(await api.GET("/v1/offers/{offer_id}", { params: { path } }));
  const params = { path, query: { amount } };
  const quote = told(await api.GET("/v1/offers/{offer_id}/quote", { params }));
  return trader.takeOffer(offer, { method, amount, quote }, once);
}

const reported: unknown[] = [];
const steps: Partial<Record<string, keyof Trader>> = {
  release: "release",
  refund: "refund",
  cancel: "cancel",
  dispute: "dispute",
  settle: "settle",
  lock: "lock",
  lockWays: "lockWays",
  checkTrade: "checkTrade",
  paymentSent: "paymentSent",
  seeEscrow: "seeEscrow",
  sendPaymentDetails: "sendPaymentDetails",
  openPaymentDetails: "openPaymentDetails",
};

/** A step of a trade, which is read anew first, as a page does. */
async function step(name: string, id: string, args: readonly unknown[]): Promise<unknown> {
  const params = { path: { trade_id: id } };
  const trade = told(await api.GET("/v1/trades/{trade_id}", { params }));
  const run = trader[steps[name] as keyof Trader] as (...all: unknown[]) => Promise<unknown>;
  return run(trade, ...args, ...(name === "lock" ? [(at: unknown) => reported.push(at)] : []));
}

const doing: Record<string, (...args: never[]) => Promise<unknown>> = {
  signIn,
  take,
  publish: (said: never, once: string) => trader.publishOffer(said, once),
  balances: () => trader.balances(),
  deposit: (asset: string, amount: string) =>
    trader.deposit(asset, BigInt(amount), (at) => reported.push(at)),
  withdraw: (asset: string, amount: string) =>
    trader.withdraw(asset, BigInt(amount), (at) => reported.push(at)),
  send: (asset: string, amount: string, to: `0x${string}`) =>
    trader.send(asset, BigInt(amount), to, (at) => reported.push(at)),
  reported: async () => reported.splice(0),
};

const inJson = (value: unknown) =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? String(each) : each));

for await (const line of createInterface({ input: process.stdin })) {
  const { id, name, args } = JSON.parse(line) as { id: number; name: string; args: unknown[] };
  const done =
    name in steps
      ? step(name, String(args[0]), args.slice(1))
      : (doing[name] as (...all: unknown[]) => Promise<unknown>)(...args);
  void done.then(
    (result) => process.stdout.write(`${inJson({ id, result: result ?? null })}\n`),
    (error: Error & { kind?: string; problem?: unknown }) => {
      const { kind = error.name, message, problem } = error;
      process.stdout.write(`${inJson({ id, error: { kind, message, problem } })}\n`);
    },
  );
}

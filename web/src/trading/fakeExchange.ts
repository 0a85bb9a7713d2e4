import type { Address, Hex } from "viem";

import { readTerms } from "../verify/shown.ts";
import { type Lie, lied, offerToldSo, stage } from "../verify/stage.ts";
import { escrowId } from "../verify/terms.ts";

/** Answers what is put into it, and keeps what was sent to it. */
export class FakeExchange {
  exchange: Record<string, unknown> = structuredClone(stage.exchange);
  offer: Record<string, unknown> = { ...offerToldSo() };
  trade: Record<string, unknown> = structuredClone(stage.trade);
  wallets: string[] = [];
  sent: { path: string; body: Record<string, unknown>; key: string | null }[] = [];
  /** Lies: what a trade, or a new offer, is told with otherwise. */
  lie: Lie = {};
  offerLie: Lie = {};
  /** How many answers get lost on their way, from now on. */
  loses = 0;

  /** The bodies of the POSTs to paths that end so. */
  posts(end: string): Record<string, unknown>[] {
    return this.sent.filter(({ path }) => path.endsWith(end)).map(({ body }) => body);
  }

  fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const path = new URL(request.url).pathname;
    const isPost = request.method === "POST";
    const text = await request.text();
    const body = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
    if (isPost) {
      this.sent.push({ path, body, key: request.headers.get("Idempotency-Key") });
    }
    const answer = this.#answer(path, isPost, body);
    if (this.loses > 0 && isPost) {
      this.loses -= 1;
      throw new TypeError("The connection was cut.");
    }
    return Response.json(answer);
  };

  #answer(path: string, isPost: boolean, body: Record<string, unknown>): unknown {
    if (path === "/v1/exchange") {
      return this.exchange;
    }
    if (path === "/v1/time") {
      return { now: "2026-11-23T05:00:00Z" };
    }
    if (path === "/v1/nonces") {
      return { nonce: "0".repeat(32), expires_at: "2026-11-23T05:10:00Z" };
    }
    if (path === "/v1/account" || path === "/v1/account/wallets") {
      if (isPost) {
        this.wallets.push(String(body["message"]).split("\n")[1] ?? "");
      }
      return { wallets: this.wallets };
    }
    if (path === "/v1/offers" && isPost) {
      const { shares_coins_with: shared, ...said } = body;
      const pricing = "price" in body ? "fixed" : "floating";
      this.offer = { ...this.offer, pricing, ...said, shares_coins: shared !== undefined };
      return lied(this.offer, this.offerLie);
    }
    if (path.startsWith("/v1/offers/")) {
      return this.offer;
    }
    if (path === "/v1/trades" && isPost) {
      const buyer = {
        encryption_key: body["encryption_key"],
        key_signature: body["key_signature"],
      };
      this.trade = lied(stage.trade, { buyer, payment_method: body["payment_method"] });
    }
    return this.shown();
  }

  /** The trade as it is shown: a liar gives the escrow id that his terms have. */
  shown(): Record<string, unknown> {
    const told = lied(this.trade, this.lie);
    const escrow = told["escrow"] as {
      id: Hex;
      chain_id: number;
      contract: Address;
      terms: unknown;
    };
    escrow.id = escrowId(readTerms(escrow.terms, "terms"), escrow.chain_id, escrow.contract);
    return told;
  }
}

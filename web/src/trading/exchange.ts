import { api, ProblemError, type Schema, told } from "../api/client.ts";
import type { Offer, Trade } from "./trader.ts";

/** The operations that a trader uses; each throws `ProblemError` where the exchange refuses. */
const TRIES = 3;
const PAUSE_MS = 400;

type Keyed = { readonly "idempotency-key": string };

/**
 * Sends one intent: under one key, again where the answer got lost or the exchange was away.
 * `once` is the page's own key, which outlives this call.
 */
async function sendOnce<T>(send: (header: Keyed) => Promise<T>, once?: string): Promise<T> {
  const header = { "idempotency-key": once ?? crypto.randomUUID() };
  for (let tries = 1; tries < TRIES; tries += 1) {
    try {
      return await send(header);
    } catch (error) {
      // A problem is an answer, unless it says that the exchange was away.
      if (error instanceof ProblemError && error.status < 500) {
        throw error;
      }
      await new Promise((done) => setTimeout(done, PAUSE_MS * tries));
    }
  }
  return send(header);
}

export const rules = async () => told(await api.GET("/v1/exchange"));

export const account = async () => told(await api.GET("/v1/account"));

export const time = async () => told(await api.GET("/v1/time")).now;

export const nonce = async () => told(await api.POST("/v1/nonces")).nonce;

export const addWallet = async (body: Schema["ProofBody"]) =>
  told(await api.POST("/v1/account/wallets", { body }));

export const trade = async (id: string): Promise<Trade> =>
  told(await api.GET("/v1/trades/{trade_id}", { params: { path: { trade_id: id } } }));

export const createOffer = (body: Schema["NewOfferBody"], once: string) =>
  sendOnce(
    async (header) => told(await api.POST("/v1/offers", { params: { header }, body })),
    once,
  );

export const closeOffer = (offer: Pick<Offer, "id">) =>
  sendOnce(async (header) => {
    const params = { header, path: { offer_id: offer.id } };
    return told(await api.POST("/v1/offers/{offer_id}/close", { params }));
  });

export const takeOffer = (body: Schema["TakeOfferBody"], once: string): Promise<Trade> =>
  sendOnce(
    async (header) => told(await api.POST("/v1/trades", { params: { header }, body })),
    once,
  );

const of = (id: string, header: Keyed) => ({ header, path: { trade_id: id } });

export const lock = (id: string, body: Schema["LockBody"]): Promise<Trade> =>
  sendOnce(async (header) =>
    told(await api.POST("/v1/trades/{trade_id}/lock", { params: of(id, header), body })),
  );

export const sendPaymentDetails = (id: string, sealed: string): Promise<Trade> =>
  sendOnce(async (header) => {
    const path = "/v1/trades/{trade_id}/payment-details";
    return told(await api.POST(path, { params: of(id, header), body: { sealed } }));
  });

export const paymentSent = (id: string, signature: string): Promise<Trade> =>
  sendOnce(async (header) => {
    const path = "/v1/trades/{trade_id}/payment-sent";
    return told(await api.POST(path, { params: of(id, header), body: { signature } }));
  });

export const release = (id: string, signature: string): Promise<Trade> =>
  sendOnce(async (header) => {
    const path = "/v1/trades/{trade_id}/release";
    return told(await api.POST(path, { params: of(id, header), body: { signature } }));
  });

export const refund = (id: string, signature: string): Promise<Trade> =>
  sendOnce(async (header) => {
    const path = "/v1/trades/{trade_id}/refund";
    return told(await api.POST(path, { params: of(id, header), body: { signature } }));
  });

export const cancel = (id: string, signature: string | null): Promise<Trade> =>
  sendOnce(async (header) => {
    const body = signature === null ? {} : { signature };
    return told(await api.POST("/v1/trades/{trade_id}/cancel", { params: of(id, header), body }));
  });

export const dispute = (id: string, reason: Schema["DisputeBody"]["reason"]): Promise<Trade> =>
  sendOnce(async (header) => {
    const path = "/v1/trades/{trade_id}/dispute";
    return told(await api.POST(path, { params: of(id, header), body: { reason } }));
  });

export const settle = (id: string, body: Schema["SettlementBody"]): Promise<Trade> =>
  sendOnce(async (header) =>
    told(await api.POST("/v1/trades/{trade_id}/settlement", { params: of(id, header), body })),
  );

export const confirm = (id: string, body: Schema["ConfirmBody"]) =>
  sendOnce(async (header) => {
    const params = { header, path: { confirmation_id: id } };
    return told(await api.POST("/v1/confirmations/{confirmation_id}/confirm", { params, body }));
  });

import { createClient, type components } from "tradepost-client";

import { currentSession, endSession } from "../account/session.ts";

export { ProblemError } from "tradepost-client";

export type Schema = components["schemas"];

/** The exchange that this page came from: it never asks another one. */
export const api = createClient(window.location.origin);

api.use({
  onRequest({ request }) {
    const session = currentSession();
    if (session !== null && !request.headers.has("Authorization")) {
      request.headers.set("Authorization", `Bearer ${session.token}`);
    }
    return request;
  },
  onResponse({ response, request }) {
    // The exchange has ended it: what was shown of it is nobody's any more.
    const used = request.headers.get("Authorization");
    const session = currentSession();
    if (response.status === 401 && session !== null && used === `Bearer ${session.token}`) {
      endSession();
    }
    return undefined;
  },
});

/** What was asked for, of an answer that is no problem: those throw. */
export function told<T>({ data }: { data?: T }): T {
  if (data === undefined) {
    throw new TypeError("The exchange answered without a body.");
  }
  return data;
}

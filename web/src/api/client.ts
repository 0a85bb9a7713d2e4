import { createClient, type components } from "tradepost-client";

export { ProblemError } from "tradepost-client";

export type Schema = components["schemas"];

/** The exchange that this page came from: it never asks another one. */
export const api = createClient(window.location.origin);

/** What was asked for, of an answer that is no problem: those throw. */
export function told<T>({ data }: { data?: T }): T {
  if (data === undefined) {
    throw new TypeError("The exchange answered without a body.");
  }
  return data;
}

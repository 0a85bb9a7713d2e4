import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";

import type { Schema } from "../api/client.ts";

export type Scope = Schema["Scope"];

/** What each scope lets a token do, from the harmless to what moves coins. */
export const SCOPES: Readonly<Record<Scope, MessageDescriptor>> = {
  "account:read": msg`See your account, its tokens and what happens to it`,
  "offers:read": msg`See your offers`,
  "trades:read": msg`See your trades`,
  "webhooks:read": msg`See your webhooks`,
  "confirmations:read": msg`See what programs ask you to confirm`,
  "confirmations:ask": msg`Ask you to confirm something`,
  "offers:write": msg`Publish and change offers`,
  "webhooks:write": msg`Send what happens to your account elsewhere`,
  "account:write": msg`Make and revoke tokens, and change your account`,
  "trades:write": msg`Open trades and go on with them`,
  "escrow:release": msg`Hand in your signature that gives coins away`,
  "confirmations:write": msg`Confirm in your name what a program asks for`,
};

export const ALL_SCOPES = Object.keys(SCOPES) as Scope[];

/** What an agent needs, and nothing by which it could act without its owner. */
export const AGENT: readonly Scope[] = [
  "offers:read",
  "trades:read",
  "confirmations:read",
  "confirmations:ask",
];

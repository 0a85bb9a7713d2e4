import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";

/** Which events a webhook can be sent, by subject: the exchange knows single types as well. */
export const FILTERS: Readonly<Record<string, MessageDescriptor>> = {
  "trade.*": msg`Your trades`,
  "offer.*": msg`Your offers`,
  "saved.*": msg`Saved searches that found something`,
  "confirmation.*": msg`What programs ask you to confirm`,
  "webhook.*": msg`Webhooks that were disabled`,
};

export const EVERYTHING = "*";

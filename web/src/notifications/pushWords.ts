import type { I18n, MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";

import { LOCALES, isLocale } from "../language/locales.ts";
import { tagOf } from "../language/load.ts";
import type { PushWords } from "../offline/push.ts";

/** What the exchange's push messages mean (`docs/push.md`), in the words of the page's own news. */
const NEWS: Readonly<Record<string, MessageDescriptor>> = {
  taken: msg`Your offer was taken`,
  escrowed: msg`The coins are locked: you can pay now`,
  escrow_lost: msg`The chain has taken the lock back: do not pay or release until it is there`,
  details: msg`The seller’s payment details are here`,
  payment_sent: msg`The buyer says that the money is sent: look into your account`,
  completed: msg`You have the coins: the trade is complete`,
  asked_back: msg`The seller asks for the coins back: if you have paid, say so now`,
  refunded: msg`The seller has the coins again: the trade has ended`,
  cancelled: msg`The trade was cancelled before any coins were locked`,
  expired: msg`The coins were not locked in time: the trade has ended`,
  disputed: msg`The trade is in dispute: the arbitrator may decide it`,
  share_signed: msg`Somebody signed how to share the coins: look at it`,
  resolved: msg`The coins were shared as agreed: the trade has ended`,
};

/** The words of the language that is spoken now, for the service worker. */
export function pushWords(i18n: I18n): PushWords {
  return {
    lang: tagOf(i18n.locale),
    dir: isLocale(i18n.locale) ? LOCALES[i18n.locale].dir : "ltr",
    news: Object.fromEntries(Object.entries(NEWS).map(([news, words]) => [news, i18n._(words)])),
    other: i18n._(msg`A trade went on`),
  };
}

import { i18n, type Messages } from "@lingui/core";

import { kept, keep } from "../settings/kept.ts";
import { LOCALES, preferred, type Spoken } from "./locales.ts";

const catalogs = import.meta.glob<{ messages: Messages }>("../locales/*.po");

/** Speaks a language from now on: its messages, its direction, its name in the document. */
export async function speak(locale: Spoken): Promise<void> {
  const load = catalogs[`../locales/${locale}.po`];
  if (load === undefined) {
    throw new TypeError(`There is no catalogue of ${locale}.`);
  }
  const { messages } = await load();
  i18n.loadAndActivate({ locale, messages });
  document.documentElement.lang = tagOf(locale);
  document.documentElement.dir = locale === "pseudo" ? "ltr" : LOCALES[locale].dir;
}

/** Speaks what the reader has chosen before, or what his browser asks for. */
export function speakFirst(): Promise<void> {
  return speak(preferred(kept("language"), navigator.languages));
}

export async function choose(locale: Spoken): Promise<void> {
  await speak(locale);
  keep("language", locale);
}

/** The tag by which `Intl` and screen readers know the language. */
export function tagOf(locale: string): string {
  return locale === "pseudo" ? "en" : locale;
}

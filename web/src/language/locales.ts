/** What the page speaks: each language in its own words, and the direction in which it is written. */
export const LOCALES = {
  en: { name: "English", dir: "ltr" },
  es: { name: "Español", dir: "ltr" },
  pt: { name: "Português", dir: "ltr" },
  ar: { name: "العربية", dir: "rtl" },
  ru: { name: "Русский", dir: "ltr" },
  zh: { name: "中文", dir: "ltr" },
  hi: { name: "हिन्दी", dir: "ltr" },
  fr: { name: "Français", dir: "ltr" },
  de: { name: "Deutsch", dir: "ltr" },
} as const;

export type Locale = keyof typeof LOCALES;
/** English in strange letters: what is not in them was never handed to translators. */
export type Spoken = Locale | "pseudo";

export function isLocale(text: string | null | undefined): text is Locale {
  return text != null && Object.hasOwn(LOCALES, text);
}

/** The chosen language, else the first of the reader's that the page speaks, else English. */
export function preferred(chosen: string | null, wished: readonly string[]): Spoken {
  if (chosen === "pseudo" || isLocale(chosen)) {
    return chosen;
  }
  return wished.map((wish) => wish.split("-")[0]).find(isLocale) ?? "en";
}

/**
 * The service worker's part of push messages: it says in the reader's language what happened to a
 * trade while no page is open. The words are the page's, which hands them over (`notifications/
 * pushWords.ts`); they lie in a cache of the worker's own.
 */

/** A sentence for each news, and one for any other. */
export interface PushWords {
  readonly lang: string;
  readonly dir: "ltr" | "rtl";
  readonly news: Readonly<Record<string, string>>;
  readonly other: string;
}

/** What of a worker's world is used here: its types cannot stand beside those of a document. */
export interface Pushed extends Event {
  readonly data: { json(): unknown } | null;
  waitUntil(done: Promise<unknown>): void;
}
export interface PushScope {
  readonly registration: {
    getNotifications(of: { tag: string }): Promise<readonly { readonly title: string }[]>;
    showNotification(title: string, options: object): Promise<void>;
  };
  readonly clients: {
    matchAll(how: { type: "window" }): Promise<readonly { readonly focused: boolean }[]>;
  };
}

const CACHE = "push";
const WORDS = "/push-words";
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MOST_CHARACTERS = 200;
/** Said where the page's words are gone, as a browser may drop what it keeps. */
const OTHERWISE: Readonly<Record<string, string>> = {
  en: "A trade went on",
  es: "Un intercambio ha avanzado",
  pt: "Uma negociação avançou",
  ar: "تقدمت إحدى الصفقات",
  ru: "Сделка продвинулась",
  zh: "一笔交易有了进展",
  hi: "एक सौदा आगे बढ़ा",
  fr: "Un échange a avancé",
  de: "Ein Handel ist weitergegangen",
};

/** Shows what a message says. Each one is shown: browsers allow no silent ones. */
export function onPush(event: Pushed, scope: PushScope): void {
  event.waitUntil(tell(read(event), scope));
}

/** What a message says; it came sealed from the exchange, but of any version of it. */
function read(event: Pushed): { news: string; trade: string | null } {
  try {
    const said = event.data?.json() as { news?: unknown; trade?: unknown } | null | undefined;
    const trade = typeof said?.trade === "string" && ID.test(said.trade) ? said.trade : null;
    return { news: typeof said?.news === "string" ? said.news : "", trade };
  } catch {
    return { news: "", trade: null };
  }
}

async function tell(said: { news: string; trade: string | null }, scope: PushScope): Promise<void> {
  const words = await keptWords();
  const title = Object.hasOwn(words.news, said.news) ? words.news[said.news] : words.other;
  const tag = said.trade ?? "push";
  const [[before], tabs] = await Promise.all([
    scope.registration.getNotifications({ tag }),
    scope.clients.matchAll({ type: "window" }),
  ]);
  // Who looks at the page is told by it; who has this on his screen already is not woken again.
  const silent = tabs.some(({ focused }) => focused);
  await scope.registration.showNotification(title ?? words.other, {
    tag,
    lang: words.lang,
    dir: words.dir,
    icon: "/icon-192.png",
    silent,
    renotify: !silent && before !== undefined && before.title !== title,
    data: { path: said.trade === null ? "/notifications" : `/trades/${said.trade}` },
  });
}

/** Keeps the words that the page has handed over; false where these are none. */
export async function keepWords(given: unknown): Promise<boolean> {
  if (!isWords(given)) {
    return false;
  }
  const cache = await caches.open(CACHE);
  await cache.put(WORDS, new Response(JSON.stringify(given)));
  return true;
}

async function keptWords(): Promise<PushWords> {
  try {
    const answer = await (await caches.open(CACHE)).match(WORDS);
    const words: unknown = await answer?.json();
    if (isWords(words)) {
      return words;
    }
  } catch {
    // what is kept is broken, or nothing can be kept
  }
  const wished = navigator.languages.map((language) => language.split("-")[0] ?? "");
  const lang = wished.find((each) => Object.hasOwn(OTHERWISE, each)) ?? "en";
  const other = OTHERWISE[lang] ?? "";
  return { lang, dir: lang === "ar" ? "rtl" : "ltr", news: {}, other };
}

function isWords(given: unknown): given is PushWords {
  const { lang, dir, news, other } = (given ?? {}) as Partial<Record<keyof PushWords, unknown>>;
  const isText = (text: unknown) =>
    typeof text === "string" && text.length > 0 && text.length <= MOST_CHARACTERS;
  return (
    isText(lang) &&
    (dir === "ltr" || dir === "rtl") &&
    isText(other) &&
    typeof news === "object" &&
    news !== null &&
    Object.values(news).every(isText)
  );
}

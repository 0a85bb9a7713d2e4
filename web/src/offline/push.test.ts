import { beforeEach, expect, test, vi } from "vitest";

import { keepWords, onPush, type PushScope, type PushWords } from "./push.ts";

const TRADE = "0193579a-4d30-7b11-8f5e-6a7b8c9d0e1f";
const WORDS: PushWords = {
  lang: "fr",
  dir: "ltr",
  news: { taken: "Votre offre a été prise" },
  other: "Une transaction a avancé",
};

/** A worker's caches, of which one is used. */
class Caches {
  readonly kept = new Map<string, string>();
  async open() {
    return {
      put: async (name: string, answer: Response) => void this.kept.set(name, await answer.text()),
      match: async (name: string) => {
        const text = this.kept.get(name);
        return text === undefined ? undefined : new Response(text);
      },
    };
  }
}

interface Shown {
  title: string;
  tag: string;
  silent: boolean;
  renotify: boolean;
  lang: string;
  dir: string;
  data: { path: string };
}

let kept: Caches;
let shown: Shown[];
let focused: boolean;
const scope: PushScope = {
  registration: {
    getNotifications: async ({ tag }) => shown.filter((each) => each.tag === tag).slice(-1),
    showNotification: async (title, options) => {
      shown.push({ title, ...(options as Omit<Shown, "title">) });
    },
  },
  clients: { matchAll: async () => [{ focused }] },
};

beforeEach(() => {
  kept = new Caches();
  shown = [];
  focused = false;
  vi.stubGlobal("caches", kept);
  vi.stubGlobal("navigator", { languages: ["de-AT", "en"] });
  return () => vi.unstubAllGlobals();
});

/** A message comes; `said` is what it reads as, or a text that is no JSON. */
async function comes(said: unknown): Promise<Shown> {
  let done: Promise<unknown> = Promise.resolve();
  const data = {
    json: () => {
      if (typeof said === "string") {
        throw new SyntaxError("It is no JSON.");
      }
      return said;
    },
  };
  const event = Object.assign(new Event("push"), {
    data: said === undefined ? null : data,
    waitUntil: (waited: Promise<unknown>) => (done = waited),
  });
  onPush(event, scope);
  await done;
  const last = shown.at(-1);
  if (last === undefined) {
    throw new Error("Nothing is shown.");
  }
  return last;
}

test("it says what happened in the reader's language, and leads to the trade", async () => {
  expect(await keepWords(WORDS)).toBe(true);
  const said = await comes({ news: "taken", trade: TRADE });
  expect(said).toMatchObject({
    title: "Votre offre a été prise",
    lang: "fr",
    dir: "ltr",
    tag: TRADE,
    silent: false,
    renotify: false,
    data: { path: `/trades/${TRADE}` },
  });
});

test("news of a later version are said in general", async () => {
  await keepWords(WORDS);
  const names = ["unheard_of", "toString", "__proto__", ""];
  for (const news of names) {
    expect((await comes({ news, trade: TRADE })).title).toBe("Une transaction a avancé");
  }
});

test.each([undefined, "{", null, 7, {}, { trade: "../admin" }, { news: 1, trade: [TRADE] }])(
  "what is broken is shown all the same, and leads to no strange place: %j",
  async (said) => {
    await keepWords(WORDS);
    expect(await comes(said)).toMatchObject({
      title: "Une transaction a avancé",
      data: { path: "/notifications" },
    });
  },
);

test("of a trade the newest stands, with a sound only where it says something else", async () => {
  await keepWords(WORDS);
  expect((await comes({ news: "taken", trade: TRADE })).renotify).toBe(false);
  expect((await comes({ news: "taken", trade: TRADE })).renotify).toBe(false);
  expect((await comes({ news: "more", trade: TRADE })).renotify).toBe(true);
  expect(new Set(shown.map(({ tag }) => tag)).size).toBe(1);
});

test("who looks at the page is not woken", async () => {
  focused = true;
  await comes({ news: "taken", trade: TRADE });
  expect(await comes({ news: "more", trade: TRADE })).toMatchObject({
    silent: true,
    renotify: false,
  });
});

test("without the page's words it says one sentence, in the browser's language", async () => {
  expect((await comes({ news: "taken", trade: TRADE })).title).toBe(
    "Ein Handel ist weitergegangen",
  );
  vi.stubGlobal("navigator", { languages: ["ar"] });
  expect(await comes({ news: "taken", trade: TRADE })).toMatchObject({ lang: "ar", dir: "rtl" });
  vi.stubGlobal("navigator", { languages: ["nl", "toString"] });
  expect((await comes({ news: "taken", trade: TRADE })).title).toBe("A trade went on");
});

test.each([
  null,
  7,
  "words",
  {},
  { ...WORDS, dir: "up" },
  { ...WORDS, other: "" },
  { ...WORDS, other: "x".repeat(201) },
  { ...WORDS, news: null },
  { ...WORDS, news: { taken: 1 } },
])("what are no words is not kept: %j", async (given) => {
  expect(await keepWords(given)).toBe(false);
  expect(kept.kept.size).toBe(0);
});

test("broken words are none", async () => {
  kept.kept.set("/push-words", "{");
  expect((await comes({ news: "taken", trade: TRADE })).title).toBe(
    "Ein Handel ist weitergegangen",
  );
});

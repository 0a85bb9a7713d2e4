import type { QueryClient, QueryKey } from "@tanstack/react-query";

import { currentSession, onSessionChange } from "../account/session.ts";

/**
 * Keeps what was read last of the reader's trades on this device, so that he sees it without a
 * network. It is one text, of one account, of bounded size, and gone when he signs out. Of what is
 * sealed it has no more than the exchange itself: what was opened is in no query.
 */
const KEY = "tradepost.trades";
const MOST_TRADES = 30;
const MOST_CHARACTERS = 500_000;
/** Several answers that come together are written once. */
const PAUSE_MS = 500;

interface Kept {
  readonly key: QueryKey;
  readonly data: unknown;
  /** When it was read, in milliseconds since 1970 by this device. */
  readonly at: number;
}

/**
 * The lists of trades, and each trade alone; nothing else of it, such as what the chain said. And
 * what the exchange says of itself to everybody, without which no sum could be written.
 */
function isKept(key: QueryKey): boolean {
  if (key.length === 1) {
    return key[0] === "exchange";
  }
  return (
    key[0] === "account" &&
    (key[1] === "trades" || (key[1] === "trade" && key.length === 3 && typeof key[2] === "string"))
  );
}

/** Gives a new client what was kept of who is signed in. */
export function restoreTrades(client: QueryClient): QueryClient {
  // It waits for its page, however late that is opened.
  client.setQueryDefaults(["account", "trades"], { gcTime: Infinity });
  client.setQueryDefaults(["account", "trade"], { gcTime: Infinity });
  client.setQueryDefaults(["exchange"], { gcTime: Infinity });
  for (const { key, data, at } of read(currentSession()?.account.id)) {
    client.setQueryData(key, data, { updatedAt: at });
  }
  return client;
}

/** Keeps what the client reads of trades from now on; call what it returns to end that. */
export function keepTrades(client: QueryClient): () => void {
  let owner = currentSession()?.account.id;
  let kept = read(owner);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const unsubscribe = client.getQueryCache().subscribe(({ type, query }) => {
    if (type !== "updated" || query.state.status !== "success" || !isKept(query.queryKey)) {
      return;
    }
    const { queryKey: key, queryHash, state } = query;
    const before = kept.find((one) => JSON.stringify(one.key) === queryHash);
    if (owner === undefined || state.dataUpdatedAt <= (before?.at ?? 0)) {
      return;
    }
    kept = [
      { key, data: state.data, at: state.dataUpdatedAt },
      ...kept.filter((one) => one !== before),
    ];
    timer ??= setTimeout(() => {
      timer = undefined;
      kept = write(owner, kept);
    }, PAUSE_MS);
  });
  const leave = onSessionChange(() => {
    const now = currentSession()?.account.id;
    if (now === owner) {
      return;
    }
    clearTimeout(timer);
    timer = undefined;
    owner = now;
    kept = [];
    forget();
    // Whoever comes next on this device is shown nothing of it.
    client.removeQueries({ queryKey: ["account"] });
  });
  return () => {
    clearTimeout(timer);
    unsubscribe();
    leave();
  };
}

function read(owner: string | undefined): readonly Kept[] {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "null") as {
      owner?: unknown;
      kept?: unknown;
    } | null;
    if (found === null) {
      return [];
    }
    if (owner !== undefined && found.owner === owner && Array.isArray(found.kept)) {
      return (found.kept as Kept[]).filter(
        ({ key, at }) => Array.isArray(key) && isKept(key) && typeof at === "number",
      );
    }
  } catch {
    // what is broken is as good as nothing
  }
  forget();
  return [];
}

/** Writes as many as there is room for, the newest first; tells which. */
function write(owner: string | undefined, kept: readonly Kept[]): readonly Kept[] {
  const lists = kept.filter(({ key }) => key[1] !== "trade");
  const single = kept.filter(({ key }) => key[1] === "trade").slice(0, MOST_TRADES);
  let room = MOST_CHARACTERS;
  const fitting = [...lists, ...single].filter((one) => {
    const length = JSON.stringify(one).length;
    const fits = length <= room;
    room -= fits ? length : 0;
    return fits;
  });
  try {
    localStorage.setItem(KEY, JSON.stringify({ owner, kept: fitting }));
  } catch {
    forget(); // no room: half of it would be worse than nothing
  }
  return fitting;
}

function forget(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // a browser that keeps nothing has nothing to forget
  }
}

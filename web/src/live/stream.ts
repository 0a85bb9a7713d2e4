/**
 * Follows channels of the exchange's stream, and goes on where it was after each cut.
 *
 * A public stream comes back by itself with the last number that it has (`EventSource` does that),
 * until the exchange refuses it; from then on it is opened anew here, later each time. A stream of
 * an account is opened by a ticket, which is good for one time: each cut takes a new one.
 */
export interface Heard {
  /** A numbered or priced message came: what was read of that channel may be old. */
  onMessage(type: Told, message: unknown): void;
  /** Messages are missing for good: read all of it anew. */
  onGap(): void;
  onState(connected: boolean): void;
}

/** What is told of what happens; the other messages are the stream's own. */
const TOLD = ["offer", "price", "event"] as const;
export type Told = (typeof TOLD)[number];

export interface Opening {
  /** Where it goes on: the text of a `resume_from`. */
  from?: string;
  /** Gets a ticket for one stream; without it only public channels can be followed. */
  ticket?: () => Promise<string>;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
/** What the exchange keeps to until it says otherwise, and how many may be missing. */
const HEARTBEAT_MS = 15_000;
const MISSED = 3;

/** Opens the stream; call what it returns to leave it. */
export function follow(
  channels: readonly string[],
  heard: Heard,
  { from = "", ticket }: Opening = {},
): () => void {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let waitMs = FIRST_WAIT_MS;
  let heartbeatMs = HEARTBEAT_MS;
  let position = from;
  let left = false;

  const again = () => {
    clearTimeout(silence);
    source?.close();
    source = undefined;
    heard.onState(false);
    clearTimeout(retry);
    retry = setTimeout(() => void connect(), waitMs);
    waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
  };
  // A line can be dead without anybody being told: heartbeats are what proves that it is not.
  const alive = () => {
    clearTimeout(silence);
    silence = setTimeout(again, MISSED * heartbeatMs);
  };
  const read = (event: Event): unknown => {
    alive();
    const { data, lastEventId } = event as MessageEvent<string>;
    position = lastEventId || position;
    try {
      return JSON.parse(data) as unknown;
    } catch {
      return null;
    }
  };
  const connect = async () => {
    const query = new URLSearchParams(channels.map((channel) => ["channels", channel]));
    if (position) {
      query.set("resume_from", position);
    }
    if (ticket !== undefined) {
      try {
        query.set("ticket", await ticket());
      } catch {
        if (!left) {
          again();
        }
        return;
      }
    }
    if (!left) {
      listen(new EventSource(`/v1/stream?${query}`));
    }
  };
  const listen = (opened: EventSource) => {
    source = opened;
    opened.addEventListener("open", () => {
      alive();
      heard.onState(true);
    });
    for (const type of ["subscribed", "heartbeat"]) {
      opened.addEventListener(type, read);
    }
    opened.addEventListener("welcome", (event) => {
      // Only who was let in has come through: an address that opens and closes is asked ever later.
      waitMs = FIRST_WAIT_MS;
      const { heartbeat_s: s } = (read(event) ?? {}) as { heartbeat_s?: unknown };
      heartbeatMs = typeof s === "number" && s > 0 && s <= 600 ? s * 1_000 : HEARTBEAT_MS;
      alive();
    });
    for (const type of TOLD) {
      opened.addEventListener(type, (event) => heard.onMessage(type, read(event)));
    }
    opened.addEventListener("resync_required", (event) => {
      read(event);
      heard.onGap();
    });
    opened.addEventListener("error", () => {
      if (ticket !== undefined || opened.readyState === EventSource.CLOSED) {
        again();
      } else {
        clearTimeout(silence); // the browser comes back by itself
        heard.onState(false);
      }
    });
  };
  void connect();
  return () => {
    left = true;
    clearTimeout(retry);
    clearTimeout(silence);
    source?.close();
  };
}

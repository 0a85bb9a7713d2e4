/**
 * Follows channels of the exchange's stream, and goes on where it was after each cut.
 *
 * `EventSource` comes back by itself with the last number that it has, until the exchange refuses
 * it; from then on it is opened anew here, later each time.
 */
export interface Heard {
  /** A numbered or priced message came: what was read of that channel may be old. */
  onMessage(type: "offer" | "price", message: unknown): void;
  /** Messages are missing for good: read all of it anew. */
  onGap(): void;
  onState(connected: boolean): void;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** Opens the stream; call what it returns to leave it. */
export function follow(
  channels: readonly string[],
  heard: Heard,
  open: (url: string) => EventSource = (url) => new EventSource(url),
): () => void {
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waitMs = FIRST_WAIT_MS;
  let position = "";

  const remember = (event: Event): unknown => {
    const { data, lastEventId } = event as MessageEvent<string>;
    position = lastEventId || position;
    try {
      return JSON.parse(data) as unknown;
    } catch {
      return null;
    }
  };
  const connect = () => {
    const query = new URLSearchParams(channels.map((channel) => ["channels", channel]));
    if (position) {
      query.set("resume_from", position);
    }
    source = open(`/v1/stream?${query}`);
    source.addEventListener("open", () => {
      waitMs = FIRST_WAIT_MS;
      heard.onState(true);
    });
    for (const type of ["welcome", "subscribed", "heartbeat"]) {
      source.addEventListener(type, remember);
    }
    for (const type of ["offer", "price"] as const) {
      source.addEventListener(type, (event) => heard.onMessage(type, remember(event)));
    }
    source.addEventListener("resync_required", (event) => {
      remember(event);
      heard.onGap();
    });
    source.addEventListener("error", () => {
      heard.onState(false);
      if (source.readyState === EventSource.CLOSED) {
        clearTimeout(timer);
        timer = setTimeout(connect, waitMs);
        waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
      }
    });
  };
  connect();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}

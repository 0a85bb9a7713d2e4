import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { MockEventSource } from "../mock/api.ts";
import { follow } from "./stream.ts";

const heard = { onMessage: vi.fn(), onGap: vi.fn(), onState: vi.fn() };

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", MockEventSource);
  MockEventSource.opened = [];
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.clearAllMocks();
});

const last = () => MockEventSource.opened.at(-1) as MockEventSource;

test("what is told is passed on, and a gap too", () => {
  const leave = follow(["offers:ETH-EUR"], heard);
  last().says("offer", { seq: 7 });
  last().says("resync_required", {});
  expect(heard.onMessage).toHaveBeenCalledWith("offer", { seq: 7 });
  expect(heard.onGap).toHaveBeenCalledOnce();
  leave();
  expect(last().readyState).toBe(MockEventSource.CLOSED);
});

test("a stream that was refused is opened anew where it was, later each time", () => {
  const leave = follow(["offers:ETH-EUR"], heard);
  last().says("offer", {}, "offers:ETH-EUR=7");
  last().cut(true);
  expect(heard.onState).toHaveBeenLastCalledWith(false);
  vi.advanceTimersByTime(999);
  expect(MockEventSource.opened).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(new URL(last().url, "http://x").searchParams.get("resume_from")).toBe("offers:ETH-EUR=7");
  last().cut(true);
  vi.advanceTimersByTime(1_999);
  expect(MockEventSource.opened).toHaveLength(2);
  vi.advanceTimersByTime(1);
  expect(MockEventSource.opened).toHaveLength(3);
  leave();
});

test("a cut that the browser mends by itself is left to it", () => {
  const leave = follow(["offers:ETH-EUR"], heard);
  last().cut(false);
  vi.advanceTimersByTime(60_000);
  expect(MockEventSource.opened).toHaveLength(1);
  last().up();
  expect(heard.onState).toHaveBeenLastCalledWith(true);
  leave();
});

test("nothing is opened after the page was left", () => {
  const leave = follow(["offers:ETH-EUR"], heard);
  last().cut(true);
  leave();
  vi.advanceTimersByTime(60_000);
  expect(MockEventSource.opened).toHaveLength(1);
});

test("a line without heartbeats is dead, and opened anew where it was", () => {
  const leave = follow(["offers:ETH-EUR"], heard);
  last().up();
  last().says("welcome", { heartbeat_s: 5 }, "offers:ETH-EUR=7");
  vi.advanceTimersByTime(14_999);
  last().says("heartbeat", {}, "offers:ETH-EUR=8");
  vi.advanceTimersByTime(14_999);
  expect(MockEventSource.opened).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(heard.onState).toHaveBeenLastCalledWith(false);
  expect(last().readyState).toBe(MockEventSource.CLOSED);
  vi.advanceTimersByTime(1_000);
  expect(new URL(last().url, "http://x").searchParams.get("resume_from")).toBe("offers:ETH-EUR=8");
  leave();
});

test("an account's stream takes a new ticket after each cut, later after each refusal", async () => {
  const tickets = ["one", "two"];
  const ticket = vi.fn(async () => {
    const next = tickets.shift();
    if (next === undefined) {
      throw new Error("no more");
    }
    return next;
  });
  const leave = follow(["trades"], heard, { ticket });
  await vi.advanceTimersByTimeAsync(0);
  expect(new URL(last().url, "http://x").searchParams.get("ticket")).toBe("one");
  last().says("event", { event: {} }, "trades=42");
  expect(heard.onMessage).toHaveBeenCalledWith("event", { event: {} });
  last().cut(false); // the browser would come back with the ticket that is used up
  expect(last().readyState).toBe(MockEventSource.CLOSED);
  await vi.advanceTimersByTimeAsync(1_000);
  const query = new URL(last().url, "http://x").searchParams;
  expect([query.get("ticket"), query.get("resume_from")]).toEqual(["two", "trades=42"]);
  last().cut(true);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(ticket).toHaveBeenCalledTimes(3);
  await vi.advanceTimersByTimeAsync(3_999);
  expect(ticket).toHaveBeenCalledTimes(3);
  await vi.advanceTimersByTimeAsync(1);
  expect(ticket).toHaveBeenCalledTimes(4);
  expect(MockEventSource.opened).toHaveLength(2);
  leave();
});

test("a ticket that comes after the page was left opens nothing", async () => {
  const leave = follow(["trades"], heard, { ticket: async () => "late" });
  leave();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(MockEventSource.opened).toHaveLength(0);
});

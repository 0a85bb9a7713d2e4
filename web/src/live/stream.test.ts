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

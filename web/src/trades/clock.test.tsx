import { act, cleanup, render, screen } from "@testing-library/react";
import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { setClock } from "../api/clock.ts";
import { Format } from "../language/format.ts";
import { speak } from "../language/load.ts";
import { Deadline } from "./Deadline.tsx";
import { crossed } from "./useLeft.ts";

const NOW = Date.parse("2026-11-24T05:00:00Z");
const after = (ms: number) => new Date(NOW + ms).toISOString();
const client = new QueryClient();

beforeEach(async () => {
  await speak("en");
  vi.useFakeTimers();
  // This device is a day behind the exchange.
  vi.setSystemTime(NOW - 86_400_000);
  setClock(new Date(NOW).toISOString());
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const show = (leftMs: number) =>
  render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={client}>
        <Deadline at={after(leftMs)} effect="It is over then." format={new Format("en")} />
      </QueryClientProvider>
    </I18nProvider>,
  );

const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
const announced = () => screen.getByTestId("announced").textContent;

test("it counts by the exchange's clock, not by this device's", async () => {
  show(90 * 60_000);
  expect(screen.getByRole("timer").textContent).toMatch(/^1 hr 30 min/);
  await pass(60_000);
  expect(screen.getByRole("timer").textContent).toMatch(/^1 hr 29 min/);
});

test("thresholds are announced, and nothing in between or at the start", async () => {
  show(16 * 60_000);
  expect(announced()).toBe("");
  await pass(30_000);
  expect(screen.getByRole("timer").textContent).toMatch(/^15:(29|30)/);
  expect(announced()).toBe("");
  await pass(31_000);
  expect(announced()).toBe("15 minutes left");
  await pass(60_000);
  expect(announced()).toBe("15 minutes left");
  await pass(9 * 60_000);
  expect(announced()).toBe("5 minutes left");
  await pass(4 * 60_000);
  expect(announced()).toBe("1 minute left");
  const read = vi.spyOn(client, "invalidateQueries");
  await pass(61_000);
  expect(announced()).toBe("The time is over.");
  expect(screen.getByRole("timer").textContent).toBe("The time is over.");
  expect(read).toHaveBeenCalledWith({ queryKey: ["account"] });
});

test("a time that was over before the page was opened is no news", () => {
  const read = vi.spyOn(client, "invalidateQueries");
  show(-5_000);
  expect(screen.getByRole("timer").textContent).toBe("The time is over.");
  expect(announced()).toBe("");
  expect(read).not.toHaveBeenCalled();
});

test.each([
  [3_600_001, undefined],
  [3_600_000, 3_600],
  [900_001, 3_600],
  [59_999, 60],
  [0, 0],
  [-1, 0],
])("of %i ms the last threshold is %s", (left, threshold) => {
  expect(crossed(left)).toBe(threshold);
});

test.each([
  [0, "0:00"],
  [65_000, "1:05"],
  [3_599_999, "59:59"],
  [3_600_000, "1 hr 0 min"],
  [2 * 86_400_000 + 3 * 3_600_000, "2 days 3 hr"],
])("%i ms left are %s", (left, text) => {
  expect(new Format("en").left(left)).toBe(text);
});

import type { Schema } from "../api/client.ts";
import { tagOf } from "../language/load.ts";

type Day = Schema["WorkingSpan"]["day"];

export const DAYS: readonly Day[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** A day of the week in the reader's language. */
export function dayName(day: Day, locale: string): string {
  // 2024 began on a Monday.
  const date = new Date(Date.UTC(2024, 0, 1 + DAYS.indexOf(day)));
  return new Intl.DateTimeFormat(tagOf(locale), { weekday: "long", timeZone: "UTC" }).format(date);
}

/** The spans of each day that has some, in the week's order. */
export function byDay(
  spans: readonly Schema["WorkingSpan"][],
): readonly { day: Day; times: readonly string[] }[] {
  return DAYS.map((day) => ({
    day,
    times: spans
      .filter((span) => span.day === day)
      .map(({ opens, closes }) => `${opens}–${closes}`)
      .sort(),
  })).filter(({ times }) => times.length > 0);
}

import { useSyncExternalStore } from "react";

import { keep, kept } from "../settings/kept.ts";

let shown = false;
const heard = new Set<() => void>();

function set(now: boolean): void {
  shown = now;
  heard.forEach((tell) => tell());
}

/** Lets a newcomer be shown around once he leaves the start; nobody is shown around twice. */
export function dueTour(): void {
  if (kept("tour") === null) {
    keep("tour", "due");
  }
}

export const isTourDue = (): boolean => kept("tour") === "due";

export function showTour(): void {
  keep("tour", "done");
  set(true);
}

export const leaveTour = (): void => set(false);

function subscribe(tell: () => void): () => void {
  heard.add(tell);
  return () => heard.delete(tell);
}

export const useTour = (): boolean => useSyncExternalStore(subscribe, () => shown);

import { plainPath } from "./then.ts";

const WAYS = ["own", "new", "back"] as const;

/** What the address of the start says: which way in, and where to go afterwards. */
export interface StartSearch {
  way?: (typeof WAYS)[number];
  then?: string;
}

export function readStart(raw: Record<string, unknown>): StartSearch {
  const way = WAYS.find((each) => each === raw["way"]);
  const then = plainPath(raw["then"]);
  return { ...(way && { way }), ...(then !== undefined && { then }) };
}

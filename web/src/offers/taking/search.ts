import { readSearch, type BookSearch } from "../search.ts";

/** What the address of an offer says: how much is wanted of it, and what opens it. */
export interface OfferSearch extends Pick<BookSearch, "amount" | "unit" | "method"> {
  link?: string;
}

export function readOffer(raw: Record<string, unknown>): OfferSearch {
  const { amount, unit, method } = readSearch(raw);
  const link = raw["link"];
  return {
    ...(amount && { amount }),
    ...(unit && { unit }),
    ...(method && { method }),
    ...(typeof link === "string" && /^[\w-]{1,64}$/.test(link) && { link }),
  };
}

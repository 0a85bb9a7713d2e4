import { keep, kept } from "../../settings/kept.ts";
import { emptyDraft, type Draft } from "./draft.ts";
import type { Step } from "./check.ts";

export interface KeptDraft {
  readonly draft: Draft;
  /** How far its maker had come. */
  readonly step: Step;
}

/** The draft of a new offer that this browser keeps; null where there is none. */
export function keptDraft(): KeptDraft | null {
  const found = parsed(kept("draft"));
  return found && { draft: found.draft, step: found.step };
}

export function keepDraft(draft: KeptDraft | null): void {
  keep("draft", draft && JSON.stringify(draft));
}

/** Changes of an offer that were begun: of which one, and as it was then. */
export interface KeptEdit extends KeptDraft {
  readonly offerId: string;
  readonly version: number;
  readonly before: Draft;
}

export function keptEdit(offerId: string): KeptEdit | null {
  const found = parsed(kept("edit"));
  return found?.offerId === offerId && found.before !== undefined && found.version !== undefined
    ? { ...found, offerId, before: found.before, version: found.version }
    : null;
}

export function keepEdit(edit: KeptEdit | null): void {
  keep("edit", edit && JSON.stringify(edit));
}

/** What was kept, with everything that a draft of this form has; null where that is not so. */
function parsed(text: string | null): (Partial<KeptEdit> & KeptDraft) | null {
  try {
    const found = JSON.parse(text ?? "null") as (Partial<KeptEdit> & KeptDraft) | null;
    if (found === null || ![1, 2, 3, 4].includes(found.step)) {
      return null;
    }
    return isDraft(found.draft) && (found.before === undefined || isDraft(found.before))
      ? found
      : null;
  } catch {
    return null; // it is not what this page wrote
  }
}

/** An earlier page may have kept fewer fields, or others. */
function isDraft(found: unknown): boolean {
  const empty = emptyDraft({ direction: "sell", asset: "", currency: "" });
  return Object.entries(empty).every(([name, value]) => {
    const has = (found as Record<string, unknown>)[name];
    return (
      name === "hours" ||
      (typeof has === typeof value && Array.isArray(has) === Array.isArray(value))
    );
  });
}

/** Controls, formatting, private and unassigned code points, separators of lines. */
const DECEIVING = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;
/** Joiners without which Persian and Hindi cannot be written. */
const NEEDED = /[\u200c\u200d]/g;

/** A text in its composed form, trimmed, with single spaces; null where a character deceives. */
export function clean(typed: string): string | null {
  const composed = typed.normalize("NFC").trim();
  return DECEIVING.test(composed.replace(NEEDED, "")) ? null : composed.replace(/\s+/gu, " ");
}

/** A number without what people put between its digits. */
export const squeezed = (text: string): string => text.replace(/[ .\-/]/g, "");

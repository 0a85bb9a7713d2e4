/** What this browser keeps of a reader's choices; nothing of it reaches the exchange. */
type Choice = "language" | "theme" | "pair" | "tour" | "draft" | "edit" | "alerts" | "push";

export function kept(choice: Choice): string | null {
  try {
    return localStorage.getItem(`tradepost.${choice}`);
  } catch {
    return null; // a browser can refuse to keep anything
  }
}

export function keep(choice: Choice, value: string | null): void {
  try {
    if (value === null) {
      localStorage.removeItem(`tradepost.${choice}`);
    } else {
      localStorage.setItem(`tradepost.${choice}`, value);
    }
  } catch {
    // then the choice holds for this visit
  }
}

import type { ReactNode } from "react";

/** What a program or a person wrote: it keeps its own direction, and translators leave it alone. */
export function Value({ children, strong = false }: { children: ReactNode; strong?: boolean }) {
  return (
    <bdi
      translate="no"
      className={strong ? "text-ink font-semibold whitespace-nowrap" : "whitespace-nowrap"}
    >
      {children}
    </bdi>
  );
}

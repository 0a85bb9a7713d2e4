import { useEffect, useRef, type ReactNode } from "react";

import { useBadge } from "./badge.ts";

let first = true;

/**
 * A page's heading. After a change of page it takes the focus, so that a screen reader tells the new
 * page and the keyboard goes on from its top; the first page of a visit begins as pages do.
 */
export function Title({ name, children }: { name: string; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const badge = useBadge();
  useEffect(() => {
    if (!first) {
      heading.current?.focus({ preventScroll: true });
    }
    first = false;
  }, []);
  useEffect(() => {
    document.title = `${badge > 0 ? `(${badge}) ` : ""}${name} · Tradepost`;
  }, [name, badge]);
  return (
    <h1
      ref={heading}
      tabIndex={-1}
      className="text-32 sm:text-40 font-semibold tracking-tight text-balance"
    >
      {children}
    </h1>
  );
}

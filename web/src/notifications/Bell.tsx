import { lazy, Suspense } from "react";

import { useSession } from "../account/session.ts";

const Attendant = lazy(() => import("./Attendant.tsx"));

/**
 * The bell of the shell, for who is signed in. With it comes all that goes on beside the pages: the
 * account's stream, and what tells the reader of news.
 */
export function Bell() {
  const session = useSession();
  return (
    session !== null && (
      <Suspense fallback={<span className="size-11 shrink-0" />}>
        <Attendant key={session.account.id} accountId={session.account.id} />
      </Suspense>
    )
  );
}

import { Navigate, useRouter } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { useSession, type Session } from "../account/session.ts";

/** What is somebody's own: whoever is not signed in goes to do that first, and comes back. */
export function SignedIn({ children }: { children: (session: Session) => ReactNode }) {
  const session = useSession();
  return session === null ? <ToStart /> : children(session);
}

function ToStart() {
  const router = useRouter();
  // Where he came to, not where he is led: that is told to this page too, before it is gone.
  const [then] = useState(() => router.state.location.href);
  // Its route is another folder's, whose map need not be read for this one.
  return <Navigate to={"/start" as "/"} search={{ then } as never} replace />;
}

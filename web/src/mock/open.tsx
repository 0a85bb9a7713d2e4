import { cleanup, render } from "@testing-library/react";

import { keepSession, type Session } from "../account/session.ts";
import { SigningContext, type OpenSigner } from "../account/signing.tsx";
import { App } from "../App.tsx";
import { speak } from "../language/load.ts";
import { installMock, MockEventSource, type Path } from "./api.ts";
import { NOW } from "./book.ts";
import { session as visitor } from "./maker.ts";

type Own = Parameters<typeof installMock>[0];

/**
 * Opens the whole page at an address, over the mock exchange, for a test of what it shows. `kept`
 * is what the browser has kept, and `session` whose device it is.
 */
export async function openPage(
  address: string,
  own: Own = {},
  session: Session | null = null,
  kept: Readonly<Record<string, string>> = {},
) {
  localStorage.clear();
  Object.entries(kept).forEach(([name, value]) => localStorage.setItem(name, value));
  keepSession(session);
  return reopenPage(address, own);
}

/** As after a reload: what the browser has kept is still there. */
export async function reopenPage(address: string, own: Own = {}, openSigner?: OpenSigner) {
  cleanup();
  MockEventSource.opened = [];
  installMock(own);
  window.scrollTo = () => undefined;
  window.history.replaceState(null, "", address);
  await speak("en");
  const page = <App />;
  return render(openSigner ? <SigningContext value={openSigner}>{page}</SigningContext> : page);
}

/** Opens it as somebody who is signed in, and signs by what `openSigner` gives. */
export async function openSignedIn(address: string, own: Own, openSigner: OpenSigner) {
  localStorage.clear();
  keepSession(visitor());
  return reopenPage(address, own, openSigner);
}

export { NOW };
export type { Path };

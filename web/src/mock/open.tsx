import { cleanup, render } from "@testing-library/react";

import { keepSession, type Session } from "../account/session.ts";
import { App } from "../App.tsx";
import { speak } from "../language/load.ts";
import { installMock, MockEventSource, type Path } from "./api.ts";
import { NOW } from "./book.ts";

/**
 * Opens the whole page at an address, over the mock exchange, for a test of what it shows. `kept`
 * is what the browser has kept, and `session` whose device it is.
 */
export async function openPage(
  address: string,
  own: Parameters<typeof installMock>[0] = {},
  session: Session | null = null,
  kept: Readonly<Record<string, string>> = {},
) {
  cleanup();
  localStorage.clear();
  Object.entries(kept).forEach(([name, value]) => localStorage.setItem(name, value));
  keepSession(session);
  MockEventSource.opened = [];
  installMock(own);
  window.scrollTo = () => undefined;
  window.history.replaceState(null, "", address);
  await speak("en");
  return render(<App />);
}

export { NOW };
export type { Path };

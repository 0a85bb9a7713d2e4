import { cleanup, render } from "@testing-library/react";

import { App } from "../App.tsx";
import { speak } from "../language/load.ts";
import { installMock, MockEventSource, type Path } from "./api.ts";
import { NOW } from "./book.ts";

/** Opens the whole page at an address, over the mock exchange, for a test of what it shows. */
export async function openPage(address: string, own: Parameters<typeof installMock>[0] = {}) {
  cleanup();
  localStorage.clear();
  MockEventSource.opened = [];
  installMock(own);
  window.scrollTo = () => undefined;
  window.history.replaceState(null, "", address);
  await speak("en");
  return render(<App />);
}

export { NOW };
export type { Path };

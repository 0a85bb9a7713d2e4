import { act, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { I18nProvider } from "@lingui/react";
import { i18n } from "@lingui/core";
import { expect, test, vi } from "vitest";

import { speak } from "../language/load.ts";
import { NewPage } from "./NewPage.tsx";
import { watch } from "./worker.ts";

class Worker extends EventTarget {
  state = "installing";
  postMessage = vi.fn();
}

class Registration extends EventTarget {
  waiting: Worker | null = null;
  installing: Worker | null = null;
  update = async () => undefined;
}

test("a new page is offered once it waits, not while something is done, and takes over when asked", async () => {
  const container = Object.assign(new EventTarget(), { controller: null as object | null });
  vi.stubGlobal("navigator", { ...navigator, serviceWorker: container });
  await speak("en");
  const client = new QueryClient();
  render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={client}>
        <NewPage />
      </QueryClientProvider>
    </I18nProvider>,
  );
  const registration = new Registration();
  watch(registration as unknown as ServiceWorkerRegistration);
  const installs = () => {
    const worker = new Worker();
    registration.installing = worker;
    registration.dispatchEvent(new Event("updatefound"));
    worker.state = "installed";
    registration.waiting = worker;
    act(() => worker.dispatchEvent(new Event("statechange")) as unknown as void);
    return worker;
  };

  installs(); // the first of this browser
  expect(screen.queryByText("A new version of this page is ready.")).toBeNull();
  container.controller = {};
  const second = installs();
  expect(
    screen.getByText("A new version of this page is ready.").closest("[role=status]"),
  ).toBeTruthy();

  let finish = () => {};
  const doing = client.getMutationCache().build(client, {
    mutationFn: () => new Promise<void>((resolve) => (finish = resolve)),
  });
  await act(async () => void doing.execute(undefined));
  await waitFor(() => expect(screen.queryByRole("button", { name: "Reload" })).toBeNull());
  await act(async () => finish());

  expect(second.postMessage).not.toHaveBeenCalled();
  fireEvent.click(await screen.findByRole("button", { name: "Reload" }));
  expect(second.postMessage).toHaveBeenCalledWith("take over");
  vi.unstubAllGlobals();
});

import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";

import { openPage } from "../mock/open.tsx";

test("a language is spoken at once, in its direction, and kept", async () => {
  await openPage("/settings");
  fireEvent.click(await screen.findByRole("radio", { name: "العربية" }));
  await waitFor(() => expect(document.documentElement.dir).toBe("rtl"));
  expect(document.documentElement.lang).toBe("ar");
  expect(await screen.findByRole("heading", { name: "الإعدادات" })).toBeTruthy();
  expect(localStorage.getItem("tradepost.language")).toBe("ar");
});

test("a theme is shown at once and kept, and the system's is the absence of one", async () => {
  await openPage("/settings");
  fireEvent.click(await screen.findByRole("radio", { name: "Dark" }));
  expect(document.documentElement.dataset["theme"]).toBe("dark");
  fireEvent.click(screen.getByRole("radio", { name: "As the system" }));
  expect(document.documentElement.dataset["theme"]).toBeUndefined();
  expect(localStorage.getItem("tradepost.theme")).toBeNull();
});

import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";

import { keep } from "../settings/kept.ts";
import { openPage } from "../mock/open.tsx";
import { leaveTour } from "./state.ts";

afterEach(() => {
  act(leaveTour);
});

const press = async (name: string) => fireEvent.click(await screen.findByRole("button", { name }));
const stop = (name: string) => screen.findByRole("dialog", { name });

test("it is opened from the book, goes on, back, and to the page it is about", async () => {
  await openPage("/");
  const opener = await screen.findByRole("button", { name: "How it works" });
  opener.focus();
  fireEvent.click(opener);
  const first = await stop("The offers");
  await waitFor(() => expect(document.activeElement?.textContent).toBe("The offers"));
  expect(first.textContent).toContain("1 of 5");
  await press("Next");
  await stop("An offer");
  await press("Back");
  await stop("The offers");
  for (const name of ["An offer", "The escrow", "Your wallet", "Settings"]) {
    await press("Next");
    await stop(name);
  }
  expect(document.activeElement?.textContent).toBe("Settings");
  fireEvent.click(screen.getByRole("link", { name: "Go there" }));
  await waitFor(() => expect(window.location.pathname).toBe("/settings"));
  expect(await screen.findByRole("heading", { level: 1, name: "Settings" })).toBeTruthy();
  await stop("Settings");
  await press("Done");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});

test("Escape leaves it at once, gives the focus back, and it does not come again", async () => {
  await openPage("/");
  const opener = await screen.findByRole("button", { name: "How it works" });
  opener.focus();
  fireEvent.click(opener);
  fireEvent.keyDown(await stop("The offers"), { key: "Escape" });
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  await waitFor(() => expect(document.activeElement).toBe(opener));
  expect(localStorage.getItem("tradepost.tour")).toBe("done");
});

test("a newcomer sees it once, after the start", async () => {
  await openPage("/start");
  await screen.findByRole("heading", { level: 1 });
  act(() => keep("tour", "due"));
  expect(screen.queryByRole("dialog")).toBeNull();
  fireEvent.click(screen.getByRole("link", { name: /Tradepost/ }));
  await stop("The offers");
  await press("Leave");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  fireEvent.click(screen.getByRole("link", { name: "Settings" }));
  await screen.findByRole("heading", { level: 1, name: "Settings" });
  expect(screen.queryByRole("dialog")).toBeNull();
});

import { fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { session } from "../mock/account.ts";
import { problem } from "../mock/api.ts";
import { NOW } from "../mock/book.ts";
import { health } from "../mock/health.ts";
import { openPage } from "../mock/open.tsx";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(NOW), shouldAdvanceTime: true });
});

afterEach(() => {
  vi.useRealTimers();
});

const line = (name: string) => screen.getByRole("heading", { name }).closest("li")?.textContent;

test("it is not there for who is not signed in, or has not the role", async () => {
  await openPage("/admin");
  expect(await screen.findByRole("heading", { name: "Nothing is here" })).toBeTruthy();
  const hidden = () => {
    throw problem("not-found", 404, "There is no such thing, or it is not yours to see.");
  };
  await openPage("/admin", { "/v1/admin/health": hidden }, session);
  expect(await screen.findByRole("heading", { name: "Nothing is here" })).toBeTruthy();
});

test("an exchange that is well says so, with its figures, and is looked at again", async () => {
  let block = 812;
  const chain = () => ({ ...health().chain, block });
  await openPage("/admin", { "/v1/admin/health": () => health({ chain: chain() }) }, session);
  expect(await screen.findByText("All is well.")).toBeTruthy();
  expect(line("The chain")).toMatch(/Well.*block 812, which is 6 seconds old.*nothing beyond it/);
  expect(line("Coins in the contract")).toMatch(/Owes 12\.5 ETH, and holds 12\.5 ETH\.$/);
  expect(line("Settlements")).toMatch(/1\.25 coins for gas, enough for about 2,200/);
  expect(line("Deadlines of trades")).toMatch(/None is late\.1 trade waits for a ruling/);
  block = 813;
  fireEvent.click(screen.getByRole("button", { name: "Look again" }));
  await waitFor(() => expect(line("The chain")).toContain("block 813"));
});

test("what is not well says how, and what to do about it", async () => {
  const reserves = {
    good: false,
    assets: [{ asset: "ETH", owed: "12.5", held: "12", missing: "0.5" }],
  };
  const prices = {
    ...health().prices,
    good: false,
    fresh: 11,
    stale: [{ base: "ETH", quote: "EUR", age_s: 7_263 }],
  };
  const late = { ...health().relayer, good: false, late: 2 };
  const asked = () => health({ reserves, prices, relayer: late });
  await openPage("/admin", { "/v1/admin/health": asked }, session);
  expect(await screen.findByText("Something needs you: it is marked below.")).toBeTruthy();
  expect(line("Coins in the contract")).toMatch(/0\.5 ETH are missing.*rebuild-escrows --dry-run/);
  expect(line("Prices")).toMatch(/ETH\/EUR is 2 hours old.*kraken: 12 pairs/);
  expect(line("Settlements")).toMatch(/wait for too long/);
  expect(line("The chain")).not.toContain("tradepost watch");
});

test("what could not be looked at is not called well", async () => {
  const asked = () =>
    health({
      chain: { ...health().chain, blocks_behind: null },
      reserves: { good: null, assets: [] },
      relayer: { ...health().relayer, good: null, balance: null, settlements_left: null },
    });
  await openPage("/admin", { "/v1/admin/health": asked }, session);
  expect(await screen.findByText(/not everything could/)).toBeTruthy();
  expect(line("Coins in the contract")).toMatch(/Not known now.*does not answer now/);
});

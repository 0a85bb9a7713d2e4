import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import type { Schema } from "../api/client.ts";
import { problem } from "../mock/api.ts";
import { openPage } from "../mock/open.tsx";
import { seenAs, trade, trader, trades } from "../mock/trades.ts";
import type { Trade } from "../trading/trader.ts";

type Own = Parameters<typeof openPage>[1];

const list = async (name: string) =>
  within((await screen.findByRole("heading", { name })).parentElement ?? document.body);

const open = (own: Own = {}) => openPage("/trades", own, trader);
const page = (data: readonly Trade[], next_cursor: string | null = null): Schema["TradePage"] => ({
  data: [...data],
  next_cursor,
});

test("what needs the viewer is first, by what is over first, and leads to its action", async () => {
  const soon = seenAs(trade("payment_sent", "seller"), { deadline_at: "2026-11-24T05:10:00Z" });
  await open({ "/v1/trades": () => page([trade("escrowed", "buyer"), soon, ...trades.slice(8)]) });
  const mine = await list("Your move");
  const links = mine.getAllByRole("link");
  expect(links[0]?.textContent).toBe("Release 0.1 ETH");
  expect(links[0]?.getAttribute("href")).toBe(`/trades/${soon.id}`);
  expect(links.map((link) => link.className.includes("button-main"))).toEqual([
    true,
    ...links.slice(1).map(() => false),
  ]);
  expect(mine.getByText(/^(10:00|9:5\d)$/)).toBeTruthy();
  const done = await list("Done");
  expect(done.getByText(/^You bought/).textContent).toBe("You bought 0.1 ETH for EUR\u00a0250.00");
});

test("each trade stands in one list", async () => {
  await open();
  await list("Your move");
  expect(screen.getAllByRole("listitem").filter((row) => row.querySelector("bdi"))).toHaveLength(
    trades.length,
  );
});

test("an old trade that is open is found behind a page of done ones", async () => {
  const old = trade("payment_sent", "seller");
  const asked: string[] = [];
  await open({
    "/v1/trades": ({ query }) => {
      asked.push(query.toString());
      const state = query.get("state");
      if (state !== null) {
        return page(state === old.state ? [old] : []);
      }
      return query.get("cursor") === null
        ? page([trade("completed", "buyer")], "next")
        : page([trade("expired", "buyer")]);
    },
  });
  expect(await (await list("Your move")).findByRole("link", { name: /Release/ })).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: "Show earlier trades" }));
  expect(await (await list("Done")).findByText("This trade has expired")).toBeTruthy();
  expect(asked).toContain("limit=50&cursor=next");
  expect(screen.queryByRole("button", { name: "Show earlier trades" })).toBeNull();
});

test("without trades it says how one begins", async () => {
  await open({ "/v1/trades": () => page([]) });
  expect(await screen.findByText(/You have no trades yet/)).toBeTruthy();
  expect(screen.getByRole("link", { name: "See all offers" })).toBeTruthy();
});

test("what fails is told and tried again", async () => {
  let fails = true;
  await open({
    "/v1/trades": () => {
      if (fails) {
        throw problem("forbidden", 403, "The token does not have the scope.");
      }
      return page(trades);
    },
  });
  expect(await screen.findByText("The token does not have the scope.")).toBeTruthy();
  fails = false;
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("heading", { name: "Your move" })).toBeTruthy();
});

test("all trades are saved as a file, asked for with the token", async () => {
  await open();
  const asked = vi.spyOn(globalThis, "fetch");
  const saved: string[] = [];
  URL.createObjectURL = () => "blob:trades";
  URL.revokeObjectURL = () => undefined;
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (
    this: HTMLAnchorElement,
  ) {
    saved.push(`${this.download} ${this.getAttribute("href")}`);
  });
  fireEvent.click(await screen.findByRole("button", { name: "Save all trades as a table" }));
  expect(await screen.findByText("The file is with your downloads.")).toBeTruthy();
  expect(saved).toEqual(["trades.csv blob:trades"]);
  await waitFor(() => expect(asked).toHaveBeenCalled());
  const request = asked.mock.calls
    .map(([input]) => input as Request)
    .find(({ url }) => url.includes("export"));
  expect(request?.headers.get("Authorization")).toBe("Bearer a-token");
});

import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { MockEventSource, problem } from "../mock/api.ts";
import { index, NOW, offer } from "../mock/book.ts";
import { session } from "../mock/maker.ts";
import { openPage } from "../mock/open.tsx";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(NOW), shouldAdvanceTime: true });
});

afterEach(() => {
  vi.useRealTimers();
});

const rows = async () => (await screen.findAllByRole("listitem")).map((row) => row.textContent);

test("a row says trader, price, what that is for the reader, and limits", async () => {
  await openPage("/");
  const [first, second] = await rows();
  expect(first).toMatch(
    /rosa.*EUR\s2,462\.50.*1\.5% below market.*From EUR\s50\.00 to EUR\s5,000\.00/,
  );
  expect(second).toMatch(/6f8e4a11.*2% above market.*From 0\.1 ETH to 2 ETH/);
});

test("an own offer leads to where it is changed", async () => {
  const visitor = session();
  const account = { ...visitor.account, id: "0193579a-1c3e-7c4b-9f0a-2b1d6f8e4a10" };
  await openPage("/", {}, { ...visitor, account });
  const [first, second] = await rows();
  expect(first).toMatch(/Yours$/);
  expect(second).toMatch(/Buy$/);
  const own = screen.getByRole("link", { name: /^Yours: ETH at/ });
  expect(own.getAttribute("href")).toMatch(/^\/my\/offers\//);
});

test("what is typed goes into the address once it is a number", async () => {
  await openPage("/");
  const amount = await screen.findByLabelText("Amount");
  fireEvent.change(amount, { target: { value: "1e5" } });
  expect(await screen.findByText("Write a number, as 250 or 0.25.")).toBeTruthy();
  fireEvent.change(amount, { target: { value: "250,5" } });
  await waitFor(() => expect(window.location.search).toBe("?amount=250.5"));
});

test("nothing found says why, and the filters can be cleared", async () => {
  const none = { data: [], next_cursor: null, market: index };
  await openPage("/?method=wise&amount=9", { "/v1/offers": () => none });
  expect(await screen.findByText(/Your filters leave no offer/)).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: "Clear filters" }));
  await waitFor(() => expect(window.location.search).toBe(""));
  expect((screen.getByLabelText("Amount") as HTMLInputElement).value).toBe("");
});

test("without a fresh price it says what is missing for it", async () => {
  const none = { data: [], next_cursor: null, market: null };
  await openPage("/", { "/v1/offers": () => none });
  expect(await screen.findByText(/no fresh market price of this pair, so/)).toBeTruthy();
});

test("a failure says what is safe, and is tried again", async () => {
  let failing = true;
  await openPage("/", {
    "/v1/offers": () => {
      if (failing) {
        throw problem("quota-exceeded", 429, "You ask too much.");
      }
      return { data: [offer()], next_cursor: null, market: index };
    },
  });
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("Escrowed coins are not affected");
  failing = false;
  fireEvent.click(within(alert).getByRole("button", { name: "Try again" }));
  expect(await rows()).toHaveLength(1);
});

test("more offers come by the cursor of the last page", async () => {
  const cursors: (string | null)[] = [];
  await openPage("/", {
    "/v1/offers": ({ query }) => {
      cursors.push(query.get("cursor"));
      const more = query.has("cursor");
      const id = `0193579a-3b20-7f13-b6d8-4c5d6e7f809${more ? 2 : 1}`;
      return { data: [offer({ id })], next_cursor: more ? null : "next", market: index };
    },
  });
  fireEvent.click(await screen.findByRole("button", { name: "Show more offers" }));
  await waitFor(() => expect(screen.getAllByRole("listitem")).toHaveLength(2));
  expect(cursors).toEqual([null, "next"]);
  expect(screen.queryByRole("button", { name: "Show more offers" })).toBeNull();
});

test("what the stream tells is read anew", async () => {
  let price = "2462.50";
  await openPage("/", {
    "/v1/offers": () => ({ data: [offer({ price })], next_cursor: null, market: index }),
  });
  await rows();
  price = "2400.00";
  MockEventSource.opened.at(-1)?.says("offer", { seq: 1 });
  await waitFor(async () => expect((await rows())[0]).toMatch(/2,400\.00/), { timeout: 3_000 });
});

test("a price that has had its time is marked as old", async () => {
  await openPage("/", {
    "/v1/offers": () => ({
      data: [offer()],
      next_cursor: null,
      market: { ...index, valid_until: "2026-11-24T04:59:00Z" },
    }),
  });
  expect(await screen.findByText("This price is old")).toBeTruthy();
});

test("an offer tells what an amount comes to, and how it is taken", async () => {
  await openPage(`/offers/${offer().id}?amount=250`);
  expect((await screen.findByText("You pay")).nextSibling?.textContent).toMatch(/EUR\s250\.00/);
  expect(screen.getByText("0.10152284 ETH")).toBeTruthy();
  await waitFor(() =>
    expect(screen.getByRole("group", { name: "Commands" }).textContent).toContain(
      "--method sepa_instant --fiat 250",
    ),
  );
});

test("an amount that the offer does not take is told as that", async () => {
  await openPage(`/offers/${offer().id}?amount=9`, {
    "/v1/offers/:id/quote": () => {
      throw problem("amount-out-of-range", 422, "The amount is outside of the range.");
    },
  });
  expect(await screen.findByText("This amount is outside of the offer’s limits.")).toBeTruthy();
});

test.each(["/offers/0193579a-0000-7000-8000-000000000000", "/nowhere"])(
  "%s is nothing",
  async (path) => {
    await openPage(path);
    expect(await screen.findByRole("heading", { name: "Nothing is here" })).toBeTruthy();
  },
);

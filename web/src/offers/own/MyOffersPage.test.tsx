import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";

import { problem } from "../../mock/api.ts";
import { ownOffer } from "../../mock/maker.ts";
import { openPage, openSignedIn } from "../../mock/open.tsx";
import { mockSigner } from "../../mock/signer.ts";

/** jsdom has no modal dialogs. */
beforeEach(() => {
  HTMLDialogElement.prototype.showModal = function show() {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function close() {
    this.open = false;
  };
});

const idAt = (at: number) => `0193579a-3b20-7f13-b6d8-4c5d6e7f8a0${at}`;
type Own = Parameters<typeof openSignedIn>[1];
const open = (own: Own, path = "/my/offers") => openSignedIn(path, own, mockSigner().asked);
const mine = (...offers: ReturnType<typeof ownOffer>[]) => ({
  "/v1/my/offers": () => ({ data: offers, next_cursor: null }),
});
const press = async (name: string) => fireEvent.click(await screen.findByRole("button", { name }));

test("who is not signed in is told why", async () => {
  await openPage("/my/offers");
  expect(await screen.findByText("Your offers belong to your account here.")).toBeTruthy();
});

test("without any it says what one is, and leads to the first", async () => {
  await open(mine());
  expect(await screen.findByText("You have made no offers yet")).toBeTruthy();
  const link = screen.getByRole("link", { name: "Create an offer" });
  expect(link.getAttribute("href")).toBe("/offers/new");
});

test("offers stand by their state, and say why nobody finds them", async () => {
  await open(
    mine(
      ownOffer({ id: idAt(1), funded: true }),
      ownOffer({ id: idAt(2), hidden_because: "too_little_left", remaining_amount: "10.00" }),
      ownOffer({ id: idAt(3), state: "paused", hidden_because: "away" }),
      ownOffer({ id: idAt(4), state: "closed", hidden_because: "closed" }),
    ),
  );
  const group = async (name: string) =>
    within((await screen.findByRole("heading", { level: 2, name })).parentElement as HTMLElement);
  const live = (await group("Live")).getAllByRole("listitem").map((row) => row.textContent);
  expect(live[0]).toMatch(/You sell ETH for EUR.*In the book.*Coins are in the contract/);
  expect(live[0]).not.toMatch(/Trades of your account/);
  expect(live[1]).toMatch(/EUR\s10\.00 left of EUR\s5,000\.00.*Too little is left/);
  expect(live[1]).toMatch(/Trades of your account/);
  expect((await group("Paused")).getByText(/two takes in a row were missed/)).toBeTruthy();
  const closed = await group("Closed");
  expect(closed.queryByRole("button", { name: /Pause|Resume|Close/ })).toBeNull();
  expect(closed.getByRole("button", { name: /Duplicate/ })).toBeTruthy();
});

test("more come by the cursor", async () => {
  await open({
    "/v1/my/offers": ({ query }) => ({
      data: [ownOffer({ id: query.get("cursor") === "next" ? idAt(2) : idAt(1) })],
      next_cursor: query.has("cursor") ? null : "next",
    }),
  });
  await press("Show more offers");
  await waitFor(() => expect(screen.getAllByRole("button", { name: /Pause/ })).toHaveLength(2));
});

test("an offer is paused once, however often one clicks, and resumed", async () => {
  let state: "active" | "paused" = "active";
  const keys: (string | null)[] = [];
  await open({
    "/v1/my/offers": () => ({ data: [ownOffer({ state })], next_cursor: null }),
    "POST /v1/offers/:id/pause": ({ headers }) => {
      keys.push(headers.get("Idempotency-Key"));
      state = "paused";
      return ownOffer({ state, version: 2 });
    },
    "POST /v1/offers/:id/resume": () => {
      state = "active";
      return ownOffer({ state, version: 3 });
    },
  });
  const pause = await screen.findByRole("button", { name: "Pause ETH/EUR" });
  fireEvent.click(pause);
  fireEvent.click(pause);
  await press("Resume ETH/EUR");
  expect(await screen.findByRole("button", { name: "Pause ETH/EUR" })).toBeTruthy();
  expect(keys).toHaveLength(1);
});

test("a lost answer is retried under the same key; one that is paused elsewhere is as wished", async () => {
  let state: "active" | "paused" = "active";
  const keys: (string | null)[] = [];
  await open({
    "/v1/my/offers": () => ({ data: [ownOffer({ state })], next_cursor: null }),
    "/v1/offers/:id": () => ownOffer({ state }),
    "POST /v1/offers/:id/pause": ({ headers }) => {
      keys.push(headers.get("Idempotency-Key"));
      if (keys.length === 1) {
        throw problem("internal-error", 500, "Something failed.");
      }
      state = "paused";
      throw problem("offer-state-conflict", 409, "The offer's state does not allow this.");
    },
  });
  await press("Pause ETH/EUR");
  expect((await screen.findByRole("alert")).textContent).toMatch(/nothing is done twice/);
  await press("Pause ETH/EUR");
  expect(await screen.findByRole("button", { name: "Resume ETH/EUR" })).toBeTruthy();
  expect(screen.queryByRole("alert")).toBeNull();
  expect(new Set(keys).size).toBe(1);
});

test("closing is asked once", async () => {
  const close = vi.fn(() => ownOffer({ state: "closed", version: 2 }));
  let state: "active" | "closed" = "active";
  await open({
    "/v1/my/offers": () => ({ data: [ownOffer({ state })], next_cursor: null }),
    "POST /v1/offers/:id/close": () => {
      state = "closed";
      return close();
    },
  });
  await press("Close ETH/EUR");
  expect(close).not.toHaveBeenCalled();
  const dialog = screen.getByRole("dialog");
  fireEvent.click(within(dialog).getByRole("button", { name: "Leave it" }));
  expect(screen.queryByRole("dialog")).toBeNull();
  await press("Close ETH/EUR");
  await press("Close it");
  expect(await screen.findByRole("heading", { name: "Closed" })).toBeTruthy();
  expect(close).toHaveBeenCalledTimes(1);
});

test("a margin is changed where it stands, against the version that was seen", async () => {
  const changes: unknown[] = [];
  let version = 1;
  let margin = -150;
  await open({
    "/v1/my/offers": () => ({
      data: [ownOffer({ version, margin_bps: margin })],
      next_cursor: null,
    }),
    "PATCH /v1/offers/:id": ({ headers, body }) => {
      changes.push([headers.get("If-Match"), body]);
      if (changes.length === 1) {
        version = 2;
        throw problem("precondition-failed", 412, "It has changed.");
      }
      [version, margin] = [3, 50];
      return ownOffer({ version, margin_bps: margin });
    },
  });
  await press("Change the margin, -1.5%");
  const input = screen.getByLabelText<HTMLInputElement>(/Percent above the market/);
  expect(input.value).toBe("-1.5");
  fireEvent.change(input, { target: { value: "x" } });
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Save" }).disabled).toBe(true);
  fireEvent.change(input, { target: { value: "0,5" } });
  await press("Save");
  expect((await screen.findByRole("alert")).textContent).toMatch(/changed elsewhere/);
  await press("Save");
  expect(await screen.findByRole("button", { name: "Change the margin, 0.5%" })).toBeTruthy();
  expect(changes).toEqual([
    ['"1"', { margin_bps: 50 }],
    ['"2"', { margin_bps: 50 }],
  ]);
});

test("a duplicate is a draft that is still to be published", async () => {
  await open(mine(ownOffer({ state: "closed", terms: "My words", margin_bps: 125 })));
  await press("Duplicate ETH/EUR");
  const margin = await screen.findByLabelText<HTMLInputElement>(/Percent above the market/);
  expect(margin.value).toBe("1.25");
  expect(window.location.pathname).toBe("/offers/new");
});

test("all of an offer is edited in the same steps; only what changed is sent", async () => {
  const offer = ownOffer();
  const patch = vi.fn();
  await open(
    {
      ...mine(offer),
      "/v1/offers/:id": () => offer,
      "PATCH /v1/offers/:id": ({ headers, body }) => {
        patch(headers.get("If-Match"), body);
        return offer;
      },
    },
    `/my/offers/${offer.id}`,
  );
  const sell = await screen.findByRole<HTMLInputElement>("radio", { name: /^Sell/ });
  expect(sell.closest("fieldset")?.disabled).toBe(true);
  await press("Next");
  fireEvent.change(await screen.findByLabelText(/Never below/), { target: { value: "2300" } });
  await press("Next");
  fireEvent.change(await screen.findByLabelText(/Your terms/), {
    target: { value: "In your own name." },
  });
  await press("Next");
  await press("Save");
  await waitFor(() => expect(window.location.pathname).toBe("/my/offers"));
  expect(patch.mock.calls).toEqual([['"1"', { limit_price: "2300", terms: "In your own name." }]]);
  expect(localStorage.getItem("tradepost.edit")).toBeNull();
});

test("an edit of what has changed since is told, keeps what was typed and takes over the rest", async () => {
  let now = ownOffer();
  const patch = vi.fn();
  await open(
    {
      "/v1/offers/:id": () => now,
      "PATCH /v1/offers/:id": ({ headers, body }) => {
        patch(headers.get("If-Match"), body);
        if (patch.mock.calls.length === 1) {
          now = ownOffer({ version: 5, max_amount: "400.00" });
          throw problem("precondition-failed", 412, "It has changed.");
        }
        return now;
      },
    },
    `/my/offers/${now.id}?step=3`,
  );
  fireEvent.change(await screen.findByLabelText(/Your terms/), { target: { value: "Mine" } });
  await press("Next");
  await press("Save");
  expect((await screen.findByRole("alert")).textContent).toMatch(/changed elsewhere/);
  expect(screen.getByText("400.00", { exact: false, selector: "dd bdi" })).toBeTruthy();
  await press("Save");
  await waitFor(() => expect(patch).toHaveBeenCalledTimes(2));
  expect(patch.mock.calls[1]).toEqual(['"5"', { terms: "Mine" }]);
});

test("somebody else's offer cannot be edited", async () => {
  await open(
    { "/v1/offers/:id": () => ownOffer({ maker: { id: idAt(9), name: "rosa" } }) },
    `/my/offers/${idAt(1)}`,
  );
  expect(await screen.findByRole("heading", { name: "Nothing is here" })).toBeTruthy();
});

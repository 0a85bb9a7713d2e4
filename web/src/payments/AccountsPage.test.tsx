import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";

import { problem } from "../mock/api.ts";
import { openPage, openSignedIn } from "../mock/open.tsx";
import { paymentAccount } from "../mock/payments.ts";
import { mockBox, mockSigner } from "../mock/signer.ts";
import { sealPaymentAccount } from "../sealing/paymentAccounts.ts";
import { SigningRefused } from "../wallet/errors.ts";

const PAGE = "/settings/payment-accounts";
const IBAN = "DE89370400440532013000";

/** jsdom has no modal dialogs. */
beforeEach(() => {
  HTMLDialogElement.prototype.showModal = function show() {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function close() {
    this.open = false;
  };
});

const sealed = (iban = IBAN) =>
  sealPaymentAccount(mockBox(), {
    method: "sepa_instant",
    label: "Household",
    fields: { account_holder: "Rosa Luz", iban },
  });
const kept = (version = 1) => paymentAccount({ version, sealed: sealed() });
const field = (name: string) => screen.getByLabelText<HTMLInputElement>(name);
const type = (name: string, value: string) => fireEvent.change(field(name), { target: { value } });
const press = (name: string) => fireEvent.click(screen.getByRole("button", { name }));

async function chooseSepa() {
  fireEvent.click(await screen.findByRole("button", { name: "Add a payment account" }));
  fireEvent.click(await screen.findByRole("button", { name: /SEPA Instant/ }));
  await screen.findByLabelText("IBAN");
}

test("who is not signed in is told why, and led in and back", async () => {
  await openPage(PAGE);
  const link = await screen.findByRole("link", { name: "Sign in or begin" });
  expect(link.getAttribute("href")).toBe(`/start?then=${encodeURIComponent(PAGE)}`);
});

test("accounts are sealed until their owner opens them", async () => {
  const { asked } = mockSigner();
  await openSignedIn(PAGE, { "/v1/payment-accounts": () => ({ data: [kept()] }) }, asked);
  expect(await screen.findByText("Sealed")).toBeTruthy();
  expect(await screen.findByRole("heading", { name: /SEPA Instant/ })).toBeTruthy();
  expect(screen.queryByText(/Rosa Luz/)).toBeNull();
  press("Open them");
  expect(await screen.findByText("Rosa Luz")).toBeTruthy();
  expect(screen.getByText("DE89 3704 0044 0532 0130 00")).toBeTruthy();
  expect(screen.getByText("Household")).toBeTruthy();
});

test("who leaves his wallet is where he was", async () => {
  const refuse = vi.fn(() => Promise.reject(new SigningRefused("no")));
  await openSignedIn(PAGE, { "/v1/payment-accounts": () => ({ data: [kept()] }) }, refuse);
  await screen.findByText("Sealed");
  press("Open them");
  await waitFor(() => expect(refuse).toHaveBeenCalled());
  expect(await screen.findByRole("button", { name: "Open them" })).toBeTruthy();
  expect(screen.queryByRole("alert")).toBeNull();
});

test("what does not open with this wallet says so, and can still be deleted", async () => {
  const { asked } = mockSigner();
  const foreign = paymentAccount({ sealed: "1:bm90aGluZw" });
  await openSignedIn(PAGE, { "/v1/payment-accounts": () => ({ data: [foreign] }) }, asked);
  await screen.findByText("Sealed");
  press("Open them");
  expect(await screen.findByText(/does not open with this wallet/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Edit SEPA Instant" })).toBeNull();
  expect(screen.getByRole("button", { name: "Delete SEPA Instant" })).toBeTruthy();
});

test("a fault is told at its field, and nothing is sealed", async () => {
  const { asked } = mockSigner();
  const post = vi.fn();
  await openSignedIn(PAGE, { "POST /v1/payment-accounts": post }, asked);
  await chooseSepa();
  type("IBAN", "DE89370400440532013001");
  press("Seal and keep it");
  expect(await screen.findByText("This is needed.")).toBeTruthy();
  expect(screen.getByText("There can be no such number: compare it digit by digit.")).toBeTruthy();
  expect(field("IBAN").getAttribute("aria-invalid")).toBe("true");
  expect(document.activeElement).toBe(field("Account holder"));
  expect(post).not.toHaveBeenCalled();
});

test("a new one is sealed once, sent once, and sent again as it was after a lost answer", async () => {
  const { asked } = mockSigner();
  const sent: { body: unknown; once: string | null }[] = [];
  let lost = true;
  await openSignedIn(
    PAGE,
    {
      "POST /v1/payment-accounts": ({ body, headers }) => {
        sent.push({ body, once: headers.get("Idempotency-Key") });
        if (lost) {
          throw problem("internal-error", 500, "Something failed.");
        }
        return kept();
      },
    },
    asked,
  );
  await chooseSepa();
  type("Account holder", "Rosa Luz");
  type("IBAN", "de89 3704 0044 0532 0130 00");
  press("Seal and keep it");
  press("One moment…");
  expect((await screen.findByRole("alert")).textContent).toMatch(/nothing is done twice/);
  expect(sent).toHaveLength(1);
  lost = false;
  press("Seal and keep it");
  expect(await screen.findByRole("button", { name: "Add a payment account" })).toBeTruthy();
  expect(sent).toHaveLength(2);
  expect(sent[1]).toEqual(sent[0]);
  const { sealed: text } = sent[0]?.body as { sealed: string };
  expect(mockBox().open(text)).toContain(IBAN);
});

test("an edit says which version it saw; one that changed elsewhere is read anew", async () => {
  const { asked } = mockSigner();
  let version = 1;
  const seen: (string | null)[] = [];
  await openSignedIn(
    PAGE,
    {
      "/v1/payment-accounts": () => ({ data: [kept(version)] }),
      "/v1/payment-accounts/:id": () => kept(version),
      "PUT /v1/payment-accounts/:id": ({ headers }) => {
        seen.push(headers.get("If-Match"));
        if (seen.length === 1) {
          version = 2;
          throw problem("precondition-failed", 412, "It has changed.");
        }
        return kept(3);
      },
    },
    asked,
  );
  await screen.findByText("Sealed");
  press("Open them");
  fireEvent.click(await screen.findByRole("button", { name: "Edit SEPA Instant" }));
  type("Account holder", "Rosa M. Luz");
  press("Save");
  expect((await screen.findByRole("alert")).textContent).toMatch(/changed elsewhere/);
  await waitFor(() => expect(field("Account holder").value).toBe("Rosa Luz"));
  press("Save");
  await waitFor(() => expect(seen).toEqual(['"1"', '"2"']));
});

test("a delete is asked once, and a second one finds it gone", async () => {
  const { asked } = mockSigner();
  let there = true;
  const gone = vi.fn(() => {
    there = false;
    throw problem("not-found", 404, "There is no such thing.");
  });
  await openSignedIn(
    PAGE,
    {
      "/v1/payment-accounts": () => ({ data: there ? [kept()] : [] }),
      "DELETE /v1/payment-accounts/:id": gone,
    },
    asked,
  );
  fireEvent.click(await screen.findByRole("button", { name: "Delete SEPA Instant" }));
  const dialog = screen.getByRole("dialog");
  expect(gone).not.toHaveBeenCalled();
  fireEvent.click(within(dialog).getByRole("button", { name: "Delete" }));
  expect(await screen.findByText(/You have none yet/)).toBeTruthy();
});

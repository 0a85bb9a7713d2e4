import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";

import { SigningContext } from "../account/signing.tsx";
import { makeQueryClient } from "../api/queries.ts";
import { speak } from "../language/load.ts";
import { installMock } from "../mock/api.ts";
import { paymentAccount } from "../mock/payments.ts";
import { mockBox, mockSigner } from "../mock/signer.ts";
import { sealPaymentAccount } from "../sealing/paymentAccounts.ts";
import { ChooseAccount } from "./ChooseAccount.tsx";

const FIELDS = { account_holder: "Rosa Luz", iban: "DE89370400440532013000" };
const mine = () => {
  const account = { method: "sepa_instant", label: "Household", fields: FIELDS };
  return paymentAccount({ sealed: sealPaymentAccount(mockBox(), account) });
};

beforeEach(cleanup);

async function show(own: Parameters<typeof installMock>[0]) {
  installMock(own);
  await speak("en");
  const choose = vi.fn();
  render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={makeQueryClient()}>
        <SigningContext value={mockSigner().asked}>
          <ChooseAccount method="sepa_instant" action="Send it" pending={false} choose={choose} />
        </SigningContext>
      </QueryClientProvider>
    </I18nProvider>,
  );
  return choose;
}

const fill = () => {
  const type = (name: string, value: string) =>
    fireEvent.change(screen.getByLabelText(name), { target: { value } });
  type("Account holder", "Ana Luz");
  type("IBAN", "FR14 2004 1010 0505 0001 3M02 606");
};
const ANA = { account_holder: "Ana Luz", iban: "FR1420041010050500013M02606" };

test("one of the reader's own accounts is opened, shown and chosen; those of others are left out", async () => {
  const wise = paymentAccount({ id: "0193579a-5a10-7d22-8f31-6b7c8d9e0f13", method: "wise" });
  const choose = await show({ "/v1/payment-accounts": () => ({ data: [mine(), wise] }) });
  fireEvent.click(await screen.findByRole("button", { name: "Open your payment accounts" }));
  expect(await screen.findByText("Household")).toBeTruthy();
  expect(screen.getAllByRole("radio")).toHaveLength(2);
  fireEvent.click(screen.getByRole("button", { name: "Send it" }));
  expect(choose).toHaveBeenCalledWith(FIELDS);
});

test("without one the form stands there; what is used once is not kept", async () => {
  const post = vi.fn();
  const choose = await show({ "POST /v1/payment-accounts": post });
  await screen.findByLabelText("IBAN");
  fill();
  fireEvent.click(screen.getByRole("checkbox", { name: "Keep it, sealed, for the next time" }));
  fireEvent.click(screen.getByRole("button", { name: "Send it" }));
  expect(choose).toHaveBeenCalledWith(ANA);
  expect(post).not.toHaveBeenCalled();
});

test("what is to be kept is kept once, then chosen", async () => {
  const post = vi.fn(() => mine());
  const choose = await show({ "POST /v1/payment-accounts": post });
  await screen.findByLabelText("IBAN");
  fill();
  fireEvent.click(screen.getByRole("button", { name: "Send it" }));
  await waitFor(() => expect(choose).toHaveBeenCalledWith(ANA));
  fireEvent.click(screen.getByRole("button", { name: "Send it" }));
  expect(choose).toHaveBeenCalledTimes(2);
  expect(post).toHaveBeenCalledTimes(1);
});

import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { problem, type Path } from "../mock/api.ts";
import { installDialogs } from "../mock/dialog.ts";
import { NOW, openPage } from "../mock/open.tsx";
import { rosa, session as rosas, signedIn } from "../mock/start.ts";
import { extension, ownWalletOf, quickly, signerOf, walletOf, WORDS } from "../mock/wallets.ts";
import { short } from "../shell/short.ts";
import { SigningRefused } from "../wallet/errors.ts";
import { ownWallets } from "../wallet/own.ts";
import { makeVault } from "../wallet/vault.ts";
import { newWords } from "../wallet/words.ts";
import { IDLE_MS, keepOpen, lock, openedSigner } from "./opened.ts";
import { currentSession, endedSession, endSession, keepSession } from "./session.ts";

vi.mock("../wallet/inWorker.ts", async () => ({
  inWorker: (await import("../mock/wallets.ts")).quickly,
}));
vi.mock("../wallet/builtIn.ts", async () => ({
  builtIn: (await import("../mock/wallets.ts")).walletOf,
}));
vi.mock("../wallet/own.ts", () => ({ ownWallets: vi.fn() }));
vi.mock("../trading/make.ts", async () => ({
  makeTrader: (await import("../mock/wallets.ts")).traderOf,
}));
vi.mock("../trading/balances.ts", () => ({
  readBalances: () => Promise.resolve([{ asset: "ETH", wallet: 10n ** 18n, deposited: 0n }]),
}));
vi.mock("../chain/provider.ts", () => ({
  ownNode: () => null,
  exchangeProvider: () => ({ request: () => Promise.reject(new Error("No node.")) }),
}));

const PASSPHRASE = "correct horse battery staple";
const WALLET = walletOf(WORDS);
const TO = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const account = { ...rosa, wallets: [WALLET.address] };
const session = { ...rosas, account, wallet: WALLET.address };

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(NOW), shouldAdvanceTime: true });
  installDialogs();
  lock();
});

afterEach(() => {
  act(() => keepSession(null));
  vi.useRealTimers();
});

async function kept(kind: "built-in" | "own" = "built-in"): Promise<Record<string, string>> {
  const opener = { kind: "passphrase", name: "rosa", passphrase: PASSPHRASE } as const;
  const { vault } = await makeVault(WORDS, opener, quickly);
  const one = kind === "own" ? { kind, id: "org.example.fox", name: "Fox" } : { kind, vault };
  return { "tradepost.wallets": JSON.stringify({ [WALLET.address.toLowerCase()]: one }) };
}

const open = async (own: Partial<Record<Path, () => unknown>> = {}, kind?: "own") =>
  openPage("/wallet", own, session, await kept(kind));
const press = async (name: string | RegExp) =>
  fireEvent.click(await screen.findByRole("button", { name }));

/** Comes to where a signature is asked for. */
async function send(): Promise<HTMLElement> {
  await press("Send ETH");
  fireEvent.change(await screen.findByLabelText("To the address"), { target: { value: TO } });
  fireEvent.change(screen.getByLabelText("Amount in ETH"), { target: { value: "0.25" } });
  await press("Continue");
  const confirm = await screen.findByRole("button", { name: "Confirm 0.25 ETH" });
  confirm.focus();
  fireEvent.click(confirm);
  return confirm;
}

test("a locked wallet is opened by its passphrase, and then it is sent", async () => {
  await open();
  await send();
  const field = await screen.findByLabelText("Passphrase");
  expect(screen.getByRole("dialog", { name: "Open your wallet" })).toBeTruthy();
  await waitFor(() => expect(document.activeElement).toBe(field));
  fireEvent.change(field, { target: { value: "another long passphrase" } });
  await press("Open");
  expect(await screen.findByText("This passphrase does not open the wallet.")).toBeTruthy();
  fireEvent.change(field, { target: { value: PASSPHRASE } });
  await press("Open");
  expect(await screen.findByText("It is on the chain.")).toBeTruthy();
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(openedSigner()?.trader.send).toHaveBeenCalledWith(
    "ETH",
    250_000_000_000_000_000n,
    TO,
    expect.any(Function),
  );
});

test("leaving the dialog sends nothing, and gives the focus back", async () => {
  await open();
  const confirm = await send();
  const dialog = await screen.findByRole("dialog");
  fireEvent(dialog, new Event("cancel", { cancelable: true }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(await screen.findByText(/You said no/)).toBeTruthy();
  await waitFor(() => expect(document.activeElement).toBe(confirm));
  expect(openedSigner()).toBeNull();
});

test("an own wallet has to show the same account", async () => {
  const another = ownWalletOf(newWords());
  const connect = vi
    .fn()
    .mockResolvedValueOnce(another)
    .mockRejectedValueOnce(new SigningRefused())
    .mockResolvedValue(ownWalletOf(WORDS));
  vi.mocked(ownWallets).mockImplementation((listen) => {
    listen([extension(WORDS, { connect })]);
    return () => undefined;
  });
  await open({}, "own");
  await send();
  await screen.findByRole("dialog", { name: "Connect Fox" });
  await press("Connect");
  expect((await screen.findByRole("alert")).textContent).toContain(
    `has ${short(another.address)} chosen`,
  );
  await press("Connect");
  expect(await screen.findByText(/You said no/)).toBeTruthy();
  expect(openedSigner()).toBeNull();
  await press("Connect");
  expect(await screen.findByText("It is on the chain.")).toBeTruthy();
});

test("an open wallet asks for nothing, until it is locked or half an hour is over", async () => {
  await open();
  act(() => keepOpen(signerOf(WALLET)));
  await press(/Your account: rosa/);
  const line = await screen.findAllByRole("button", { name: "Lock the wallet" });
  fireEvent.click(line[0] as HTMLElement);
  expect(openedSigner()).toBeNull();
  act(() => keepOpen(signerOf(WALLET)));
  vi.setSystemTime(Date.parse(NOW) + IDLE_MS - 1_000);
  expect(openedSigner()).not.toBeNull();
  vi.setSystemTime(Date.parse(NOW) + 2 * IDLE_MS);
  expect(openedSigner()).toBeNull();
});

test("a wallet that nobody uses is locked by itself", () => {
  keepOpen(signerOf(WALLET));
  vi.advanceTimersByTime(IDLE_MS + 1);
  expect(openedSigner()).toBeNull();
});

test("who is not signed in is led to the start, and back from there", async () => {
  await openPage("/settings");
  fireEvent.click(await screen.findByRole("link", { name: "Start" }));
  await waitFor(() => expect(window.location.search).toBe("?then=%2Fsettings"));
});

test("a session that ends while the wallet is open is begun anew by itself", async () => {
  const asked: string[] = [];
  await open({
    "POST /v1/sessions": () => {
      asked.push("session");
      return signedIn(account);
    },
  });
  act(() => keepOpen(signerOf(WALLET)));
  act(endSession);
  await waitFor(() => expect(currentSession()).not.toBeNull());
  expect(asked).toEqual(["session"]);
  expect(screen.queryByText("Your session has ended.")).toBeNull();
});

test("else it is told, and one sign-in brings it back", async () => {
  await open({ "POST /v1/sessions": () => signedIn(account) });
  await screen.findByRole("button", { name: /Your account/ });
  act(endSession);
  expect(await screen.findByText("Your session has ended.")).toBeTruthy();
  await press("Sign in again");
  await screen.findByRole("dialog", { name: "Your session has ended: sign in again" });
  fireEvent.change(await screen.findByLabelText("Passphrase"), { target: { value: PASSPHRASE } });
  await press("Open");
  await waitFor(() => expect(currentSession()?.wallet).toBe(WALLET.address));
  expect(openedSigner()?.wallet.address).toBe(WALLET.address);
  expect(screen.queryByText("Your session has ended.")).toBeNull();
});

test("a session ends at its time by the exchange's clock", async () => {
  const expiresAt = new Date(Date.parse(NOW) + 60_000).toISOString();
  await openPage("/wallet", {}, { ...session, expiresAt }, await kept());
  await screen.findByRole("button", { name: /Your account/ });
  expect(currentSession()).not.toBeNull();
  await act(() => vi.advanceTimersByTimeAsync(61_000));
  expect(currentSession()).toBeNull();
  expect(endedSession()?.wallet).toBe(WALLET.address);
});

test("what the exchange refuses with 401 ends the session", async () => {
  await open({
    "/v1/account/backup": () => {
      throw problem("unauthenticated", 401, "Sign in first.");
    },
  });
  expect(await screen.findByText("Your session has ended.")).toBeTruthy();
});

test("signing out ends it here and there, and locks", async () => {
  const tokens: (string | null)[] = [];
  await open({
    "DELETE /v1/sessions/current": ({ headers }: { headers: Headers }) => {
      tokens.push(headers.get("Authorization"));
    },
  } as Partial<Record<Path, () => unknown>>);
  act(() => keepOpen(signerOf(WALLET)));
  await press(/Your account: rosa/);
  fireEvent.click((await screen.findAllByRole("button", { name: "Sign out" }))[0] as HTMLElement);
  expect(currentSession()).toBeNull();
  expect(openedSigner()).toBeNull();
  await waitFor(() => expect(tokens).toEqual([`Bearer ${session.token}`]));
  expect(endedSession()).toBeNull();
  expect(screen.queryByText(/could not be told/)).toBeNull();
  expect(localStorage.getItem("tradepost.wallets")).not.toBeNull();
});

test("it is told where the exchange could not be", async () => {
  await open({
    "DELETE /v1/sessions/current": () => {
      throw problem("busy", 503, "Too much at once.");
    },
  });
  await press(/Your account: rosa/);
  fireEvent.click((await screen.findAllByRole("button", { name: "Sign out" }))[0] as HTMLElement);
  expect(await screen.findByText(/but the exchange could not be told/)).toBeTruthy();
  expect(currentSession()).toBeNull();
});

test("the account's menu opens, is left by Escape, and gives the focus back", async () => {
  await open();
  const button = await screen.findByRole("button", { name: /Your account: rosa/ });
  fireEvent.click(button);
  expect(button.getAttribute("aria-expanded")).toBe("true");
  const lines = document.getElementById(button.getAttribute("aria-controls") ?? "");
  expect([...(lines?.querySelectorAll("a") ?? [])].map((line) => line.textContent)).toEqual(
    expect.arrayContaining(["Wallet", "Settings"]),
  );
  fireEvent.keyDown(document, { key: "Escape" });
  expect(button.getAttribute("aria-expanded")).toBe("false");
  expect(document.activeElement).toBe(button);
});

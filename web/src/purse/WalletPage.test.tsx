import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { keepOpen, lock } from "../account/opened.ts";
import type { Signer } from "../account/signing.tsx";
import { ChainRefused, ChainUnreachable, Unfinished } from "../chain/errors.ts";
import { problem, type Path } from "../mock/api.ts";
import { installDialogs } from "../mock/dialog.ts";
import { NOW, openPage } from "../mock/open.tsx";
import { backup, rosa, session as rosas } from "../mock/start.ts";
import { progress, quickly, signerOf, walletOf, WORDS } from "../mock/wallets.ts";
import { FundsMissing } from "../trading/errors.ts";
import type { Report } from "../trading/trader.ts";
import { WrongContract } from "../verify/errors.ts";
import { NATIVE } from "../verify/terms.ts";
import { makeVault, type Vault } from "../wallet/vault.ts";
import { download } from "./download.ts";
import { keepPending, pendingOf } from "./pending.ts";

const { balances, node } = vi.hoisted(() => ({ balances: vi.fn(), node: vi.fn() }));

vi.mock("../wallet/inWorker.ts", async () => ({
  inWorker: (await import("../mock/wallets.ts")).quickly,
}));
vi.mock("../trading/balances.ts", () => ({ readBalances: balances }));
vi.mock("../chain/provider.ts", () => ({
  ownNode: () => null,
  exchangeProvider: () => ({ request: node }),
}));
vi.mock("./download.ts", () => ({ download: vi.fn() }));

const PASSPHRASE = "correct horse battery staple";
const WALLET = walletOf(WORDS);
const TO = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const ETH = { asset: "ETH", wallet: 3n * 10n ** 18n, deposited: 5n * 10n ** 17n };
const USDT = { asset: "USDT", wallet: 0n, deposited: 0n };
const session = {
  ...rosas,
  account: { ...rosa, wallets: [WALLET.address] },
  wallet: WALLET.address,
};
const HASH = progress().hash;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(NOW), shouldAdvanceTime: true });
  installDialogs();
  lock();
  balances.mockResolvedValue([ETH, USDT]);
  node.mockImplementation(({ method }: { method: string }) =>
    Promise.resolve(method === "eth_gasPrice" ? "0x3b9aca00" : null),
  );
});

afterEach(() => {
  vi.useRealTimers();
});

const sealed = async (name = "rosa") =>
  (await makeVault(WORDS, { kind: "passphrase", name, passphrase: PASSPHRASE }, quickly)).vault;

async function open(
  own: Partial<Record<Path, (asked: never) => unknown>> = {},
  vault?: Vault,
): Promise<Signer> {
  const kept = { kind: "built-in", vault: vault ?? (await sealed()) };
  await openPage("/wallet", own as Parameters<typeof openPage>[1], session, {
    "tradepost.wallets": JSON.stringify({ [WALLET.address.toLowerCase()]: kept }),
  });
  const signer = signerOf(WALLET);
  act(() => keepOpen(signer));
  await screen.findByRole("heading", { level: 2, name: "Receive" });
  return signer;
}

const press = async (name: string | RegExp) =>
  fireEvent.click(await screen.findByRole("button", { name }));
const type = (label: string, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });

async function fill(kind: "Send" | "Deposit" | "Withdraw", amount: string) {
  const button = await screen.findByRole("button", { name: `${kind} ETH` });
  button.focus();
  fireEvent.click(button);
  if (kind === "Send") {
    type("To the address", TO);
  }
  type("Amount in ETH", amount);
  await press("Continue");
}

test("it shows what is in the wallet and in the contract, and the address as a code", async () => {
  await open();
  const list = (
    await screen.findByText("In your wallet", { selector: "li:first-child dt" })
  ).closest("li");
  expect(list?.textContent).toMatch(/In your wallet3 ETHIn the contract0\.5 ETH/);
  expect(screen.getByText("None yet: receive some, or buy from an offer.")).toBeTruthy();
  expect(screen.getByRole("img", { name: "Your address as a QR code" })).toBeTruthy();
  expect(screen.getByRole("group", { name: "Your address" }).textContent).toBe(WALLET.address);
  expect(balances).toHaveBeenCalledWith(WALLET.address);
});

test("nothing is asked of those who have not started", async () => {
  await openPage("/wallet");
  const link = (await screen.findAllByRole("link", { name: "Start" })).at(-1);
  expect(link?.getAttribute("href")).toBe("/start?then=%2Fwallet");
  expect(balances).not.toHaveBeenCalled();
});

test("where the chain cannot be read it is told, and tried again", async () => {
  balances.mockRejectedValue(new ChainUnreachable("silent"));
  await open();
  const alert = await screen.findByRole("alert", {}, { timeout: 8_000 });
  balances.mockResolvedValue([ETH, USDT]);
  fireEvent.click(within(alert).getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("3 ETH")).toBeTruthy();
}, 15_000);

test.each([
  ["0x123", "1", /An address is 0x and 40/],
  [TO.replace("C8", "c8"), "1", /check digits \(EIP-55\) do not fit/],
  [WALLET.address, "1", /your own address/],
  ["0x5FbDB2315678afecb367f032d93F642f64180aa3", "1", /a contract of the exchange/],
  [TO, "0", /Write a number/],
  [TO, "0.0000000000000000001", /Write a number/],
  [TO, "3.000000000000000001", /There is no more than/],
])("sending to %s of %s is stopped", async (to, amount, told) => {
  const { trader } = await open();
  await press("Send ETH");
  type("To the address", to);
  type("Amount in ETH", amount);
  await press("Continue");
  expect(await screen.findByText(told)).toBeTruthy();
  expect(screen.queryByRole("button", { name: /^Confirm/ })).toBeNull();
  expect(trader.send).not.toHaveBeenCalled();
});

test("an address without check digits is marked", async () => {
  await open();
  await press("Send ETH");
  type("To the address", TO.toLowerCase());
  expect(screen.getByText(/has no check digits/)).toBeTruthy();
});

test("what is sent is said once more, followed, and then done", async () => {
  const { trader } = await open();
  await fill("Send", "0,25");
  expect(await screen.findByText(TO)).toBeTruthy();
  let report: Report = () => undefined;
  let done = () => {};
  vi.mocked(trader.send).mockImplementation((_asset, _amount, _to, tell) => {
    report = tell;
    return new Promise((resolve) => {
      done = resolve;
    });
  });
  await press("Confirm 0.25 ETH");
  await waitFor(() => expect(trader.send).toHaveBeenCalledTimes(1));
  expect(trader.send).toHaveBeenCalledWith("ETH", 25n * 10n ** 16n, TO, expect.any(Function));
  act(() => report(progress()));
  expect(await screen.findByText("It was sent, and waits for a block.")).toBeTruthy();
  expect(pendingOf(WALLET.address)).toEqual([
    expect.objectContaining({ hash: HASH, kind: "send", amount: "0.25", asset: "ETH" }),
  ]);
  act(() => report(progress({ confirmations: 1 })));
  expect(await screen.findByText("It is in a block; one more confirms it.")).toBeTruthy();
  act(() => report(progress({ state: "replaced" })));
  expect(await screen.findByText(/replaced it by another one/)).toBeTruthy();
  act(() => report(progress({ state: "confirmed", confirmations: 2 })));
  expect(pendingOf(WALLET.address)).toEqual([]);
  await act(async () => done());
  await press("Done");
  expect(screen.queryByText("It is on the chain.")).toBeNull();
  expect(document.activeElement).toBe(screen.getByRole("button", { name: "Send ETH" }));
});

test("“All” leaves what the network may ask for it", async () => {
  await open();
  await press("Send ETH");
  await press("All");
  // A gwei for each of 150,000 units of gas, twice.
  await waitFor(() =>
    expect((screen.getByLabelText("Amount in ETH") as HTMLInputElement).value).toBe("2.9997"),
  );
});

test("all of a deposit can be drawn, as its fee is paid from the wallet", async () => {
  const { trader } = await open();
  await press("Withdraw ETH");
  await press("All");
  await waitFor(() =>
    expect((screen.getByLabelText("Amount in ETH") as HTMLInputElement).value).toBe("0.5"),
  );
  await press("Continue");
  await press("Confirm 0.5 ETH");
  expect(await screen.findByText("It is on the chain.")).toBeTruthy();
  expect(trader.withdraw).toHaveBeenCalledWith("ETH", 5n * 10n ** 17n, expect.any(Function));
});

test("a deposit says what it is good for", async () => {
  const { trader } = await open();
  await press("Deposit ETH");
  expect(screen.getByText(/can be locked for a trade without a fee of the network/)).toBeTruthy();
  type("Amount in ETH", "1");
  await press("Continue");
  await press("Confirm 1 ETH");
  expect(await screen.findByText("It is on the chain.")).toBeTruthy();
  expect(trader.deposit).toHaveBeenCalledWith("ETH", 10n ** 18n, expect.any(Function));
});

test.each([
  [new ChainRefused("replaced"), /took the place of this one/],
  [new ChainRefused("insufficient funds"), /The chain refuses it: insufficient funds/],
  [new ChainUnreachable("silent"), /node does not answer/],
  [new Unfinished("late"), /do not send it again/],
  [new FundsMissing(NATIVE, 2n, 1n), /which also pays the network’s fee/],
  [new WrongContract("other code"), /nothing was signed: WrongContract/],
])("%s is told, and nothing is lost", async (error, told) => {
  const { trader } = await open();
  await fill("Send", "1");
  vi.mocked(trader.send).mockRejectedValue(error);
  await press("Confirm 1 ETH");
  expect((await screen.findByRole("alert")).textContent).toMatch(told);
  expect(screen.getByRole("button", { name: "Confirm 1 ETH" })).toBeTruthy();
});

test("what was on its way before a reload is followed on the chain", async () => {
  const vault = await sealed();
  const other = `0x${"7b".repeat(32)}`;
  node.mockImplementation(({ method, params }: { method: string; params: string[] }) =>
    Promise.resolve(
      method === "eth_getTransactionReceipt" && params[0] === HASH ? { status: "0x1" } : null,
    ),
  );
  localStorage.clear();
  const kept = { kind: "deposit", amount: "1", asset: "ETH", at: Date.parse(NOW) } as const;
  keepPending(WALLET.address, { ...kept, hash: HASH });
  keepPending(WALLET.address, { ...kept, hash: other, at: Date.parse(NOW) - 3_600_000 });
  const pending = { ...localStorage } as Record<string, string>;
  await openPage("/wallet", {}, session, {
    ...pending,
    "tradepost.wallets": JSON.stringify({
      [WALLET.address.toLowerCase()]: { kind: "built-in", vault },
    }),
  });
  expect(await screen.findByText("It is on the chain")).toBeTruthy();
  expect(await screen.findByText(/replaced, or never sent/)).toBeTruthy();
  const seen = screen.getAllByRole("button", { name: "Seen" });
  seen.forEach((button) => fireEvent.click(button));
  await waitFor(() => expect(screen.queryByText("On their way")).toBeNull());
  expect(pendingOf(WALLET.address)).toEqual([]);
});

test("a wallet without a backup is backed up, the first time as the first", async () => {
  const vault = await sealed();
  const seen: (string | null)[] = [];
  let kept: string | null = null;
  await open(
    {
      "/v1/account/backup": () => {
        if (kept === null) {
          throw problem("backup-missing", 404, "The account has no such backup.");
        }
        return backup(kept);
      },
      "PUT /v1/account/backup": (asked: { body: unknown; headers: Headers }) => {
        seen.push(asked.headers.get("If-None-Match"));
        kept = (asked.body as { vault: string }).vault;
        return backup(kept);
      },
    } as Parameters<typeof open>[0],
    vault,
  );
  await press("Back up");
  expect(await screen.findByText(/Backed up on this exchange, encrypted/)).toBeTruthy();
  expect(seen).toEqual(["*"]);
  expect(JSON.parse(kept ?? "")).toEqual(vault);
});

test("a backup with another lock is told, and replaced only as it was seen", async () => {
  const other = JSON.stringify(await sealed());
  const seen: (string | null)[] = [];
  await open({
    "/v1/account/backup": () => backup(other, 4),
    "PUT /v1/account/backup": (asked: { headers: Headers }) => {
      seen.push(asked.headers.get("If-Match"));
      return backup(other, 5);
    },
  } as Parameters<typeof open>[0]);
  expect(await screen.findByText(/opens with another passphrase or passkey/)).toBeTruthy();
  await press("Replace the backup");
  await waitFor(() => expect(seen).toEqual(['"4"']));
});

test("the backup is saved as a file, and the words are shown to who can open it", async () => {
  const vault = await sealed();
  await open({}, vault);
  await press("Save as a file");
  const [name, text] = vi.mocked(download).mock.lastCall ?? [];
  expect(name).toBe("tradepost-wallet-rosa.json");
  expect(JSON.parse(text ?? "")).toEqual(vault);
  await press("Show the 12 words");
  fireEvent.change(await screen.findByLabelText("Passphrase"), { target: { value: PASSPHRASE } });
  await press("Open");
  const words = await screen.findByRole("list", { name: "Your 12 words" });
  expect(within(words).getAllByText("test")).toHaveLength(11);
  await press("Hide the words");
  expect(screen.queryByRole("list", { name: "Your 12 words" })).toBeNull();
});

test("coins for trial are asked for once, with one key over a retry", async () => {
  const keys: (string | null)[] = [];
  await open({
    "POST /v1/sandbox/faucet": ({ headers }: { headers: Headers }) => {
      keys.push(headers.get("Idempotency-Key"));
      if (keys.length === 1) {
        throw problem("faucet-resting", 429, "You have drawn enough for today.");
      }
      return {
        wallet: WALLET.address,
        gifts: [{ asset: "ETH", amount: "1", tx_hash: HASH }],
        draws_left: 8,
      };
    },
  } as Parameters<typeof open>[0]);
  await press("Get coins for trial");
  expect(await screen.findByText("You have drawn enough for today.")).toBeTruthy();
  await press("Get coins for trial");
  expect(await screen.findByText(/On their way to your wallet/)).toBeTruthy();
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBe(keys[1]);
});

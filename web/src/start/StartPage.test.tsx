import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { lock, openedSigner } from "../account/opened.ts";
import { currentSession } from "../account/session.ts";
import { problem } from "../mock/api.ts";
import { NOW, openPage } from "../mock/open.tsx";
import { backup, rosa, signedIn } from "../mock/start.ts";
import { extension, ownWalletOf, walletOf, WORDS } from "../mock/wallets.ts";
import { SigningRefused, WrongNetwork } from "../wallet/errors.ts";
import { ownWallets } from "../wallet/own.ts";
import { makePasskey, passkeysWork, usePasskey as askPasskey } from "../wallet/passkey.ts";
import { makeVault, type Opener, type Vault } from "../wallet/vault.ts";

vi.mock("../wallet/inWorker.ts", async () => ({
  inWorker: (await import("../mock/wallets.ts")).quickly,
}));
vi.mock("../wallet/builtIn.ts", async () => ({
  builtIn: (await import("../mock/wallets.ts")).walletOf,
}));
vi.mock("../wallet/own.ts", () => ({ ownWallets: vi.fn() }));
vi.mock("../wallet/passkey.ts", () => ({
  passkeysWork: vi.fn(),
  makePasskey: vi.fn(),
  usePasskey: vi.fn(),
}));
vi.mock("../trading/make.ts", async () => ({
  makeTrader: (await import("../mock/wallets.ts")).traderOf,
}));
vi.mock("../trading/balances.ts", () => ({ readBalances: () => Promise.resolve([]) }));
vi.mock("../chain/provider.ts", () => ({
  ownNode: () => null,
  exchangeProvider: () => ({ request: () => Promise.reject(new Error("No node.")) }),
}));

const PASSPHRASE = "correct horse battery staple";
const PASSKEY: Opener = {
  kind: "passkey",
  name: "rosa",
  credential: "Y3JlZA",
  prf: new Uint8Array(32).fill(7),
};
const ADDRESS = walletOf(WORDS).address;
const mine = { ...rosa, wallets: [ADDRESS] };

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(NOW), shouldAdvanceTime: true });
  lock();
  vi.mocked(passkeysWork).mockResolvedValue(false);
  vi.mocked(ownWallets).mockImplementation((listen) => {
    listen([extension()]);
    return () => undefined;
  });
});

afterEach(() => {
  vi.useRealTimers();
});

const press = async (name: string | RegExp) =>
  fireEvent.click(await screen.findByRole("button", { name }));
const type = async (label: string | RegExp, value: string) =>
  fireEvent.change(await screen.findByLabelText(label), { target: { value } });
const heading = (name: string | RegExp) => screen.findByRole("heading", { level: 1, name });

async function nameAndPassphrase(name = "rosa") {
  await type("Name", name);
  await type("Passphrase", PASSPHRASE);
  await press("Continue");
}

/** Reads the words off the page, and writes those that are asked for. */
async function writeDownAndConfirm(): Promise<string> {
  await heading("Write down these 12 words");
  const items = within(screen.getByRole("list", { name: "Your 12 words" })).getAllByRole(
    "listitem",
  );
  const words = items.map((item) => item.lastChild?.textContent ?? "");
  await press("I have written them down");
  for (const field of await screen.findAllByLabelText(/^Word number/)) {
    const at = Number(/\d+/.exec((field as HTMLInputElement).labels?.[0]?.textContent ?? "")?.[0]);
    fireEvent.change(field, { target: { value: words[at - 1] } });
  }
  await press("Create my account");
  return words.join(" ");
}

/** The exchange as far as an account is made there, and what it was asked. */
function exchange(account: typeof rosa = { ...rosa, wallets: [], created_at: NOW }) {
  const asked: string[] = [];
  const kept = { backup: null as string | null, proof: "", name: account.name };
  return {
    asked,
    kept,
    answers: {
      "POST /v1/accounts": ({ body }: { body: unknown }) => {
        asked.push("account");
        kept.name = (body as { name: string }).name;
        return signedIn({ ...account, name: kept.name });
      },
      "POST /v1/account/wallets": ({ body }: { body: unknown }) => {
        asked.push("wallet");
        kept.proof = (body as { message: string }).message;
        return { ...account, name: kept.name, wallets: [/^0x\w+$/m.exec(kept.proof)?.[0] ?? ""] };
      },
      "/v1/account/backup": () => {
        if (kept.backup === null) {
          throw problem("backup-missing", 404, "The account has no such backup.");
        }
        return backup(kept.backup);
      },
      "PUT /v1/account/backup": ({ body, headers }: { body: unknown; headers: Headers }) => {
        asked.push(`backup ${headers.get("If-None-Match") ?? headers.get("If-Match")}`);
        kept.backup = (body as { vault: string }).vault;
        return backup(kept.backup);
      },
    },
  };
}

test("a wallet is made here: name, words, three of them again, account, wallet, backup", async () => {
  const { asked, kept, answers } = exchange();
  await openPage("/start", answers);
  fireEvent.click(await screen.findByRole("link", { name: /Create one here/ }));
  await nameAndPassphrase();
  const words = await writeDownAndConfirm();
  await heading("You are ready, rosa");
  await waitFor(() => expect(asked).toEqual(["account", "wallet", "backup *"]));
  expect(kept.proof).toContain("wants you to sign in with your Ethereum account");
  const vault = JSON.parse(kept.backup ?? "") as Vault;
  expect(vault.address).toBe(walletOf(words).address);
  expect(currentSession()?.wallet).toBe(vault.address);
  expect(openedSigner()?.wallet.address).toBe(vault.address);
  expect(localStorage.getItem("tradepost.opening")).toBeNull();
  const stored = JSON.stringify({ ...localStorage });
  expect(stored).toContain(vault.sealed);
  // A single word can be a name of something that is kept; two that follow each other cannot.
  const pairs = words.split(" ").flatMap((word, at, all) => (at > 0 ? [[all[at - 1], word]] : []));
  const near = pairs.filter(([a, b]) => new RegExp(`\\b${a}\\W{1,5}${b}\\b`).test(stored));
  expect(near).toEqual([]);
  expect(stored).not.toContain(PASSPHRASE);
});

test("a name and a passphrase that would not do are told at their fields", async () => {
  await openPage("/start?way=new");
  await type("Name", "Ro");
  await type("Passphrase", "too short");
  await press("Continue");
  expect(screen.getByText(/3 to 30 small letters/).className).toContain("text-stop");
  expect(document.activeElement).toBe(screen.getByLabelText("Name"));
  expect(screen.getByText("A passphrase has 15 characters or more.")).toBeTruthy();
  await type("Name", "rosa");
  await type("Passphrase", "rosarosarosarosa");
  await press("Continue");
  expect(screen.getByText(/repeats itself/)).toBeTruthy();
  expect(screen.queryByText("Write down these 12 words")).toBeNull();
});

test("a password manager is told what the fields are, and the passphrase can be looked at", async () => {
  await openPage("/start?way=new");
  const field = (await screen.findByLabelText("Passphrase")) as HTMLInputElement;
  expect(field.autocomplete).toBe("new-password");
  expect((screen.getByLabelText("Name") as HTMLInputElement).autocomplete).toBe("username");
  expect(field.type).toBe("password");
  await press("Show Passphrase");
  expect(field.type).toBe("text");
});

test("words that are not those asked for are told, and nothing is made", async () => {
  const { asked, answers } = exchange();
  await openPage("/start?way=new", answers);
  await nameAndPassphrase();
  await press("I have written them down");
  const fields = await screen.findAllByLabelText(/^Word number/);
  expect(fields).toHaveLength(3);
  await press("Create my account");
  expect(screen.getAllByText("It is another word.")).toHaveLength(3);
  expect(document.activeElement).toBe(fields[0]);
  expect(asked).toEqual([]);
  expect(localStorage.getItem("tradepost.wallets")).toBeNull();
});

test("the words cannot be copied until the reader says so", async () => {
  await openPage("/start?way=new");
  await nameAndPassphrase();
  await heading("Write down these 12 words");
  expect(screen.getByRole("list", { name: "Your 12 words" }).className).toContain("select-none");
  expect(screen.queryByRole("button", { name: "Copy" })).toBeNull();
  await press("Let me copy them");
  expect(screen.getByRole("button", { name: "Copy" })).toBeTruthy();
});

test("a name that is taken is told at its field, and the words stay", async () => {
  const { asked, kept, answers } = exchange();
  await openPage("/start?way=new", {
    ...answers,
    "POST /v1/accounts": (request) => {
      if ((request.body as { name: string }).name === "rosa") {
        throw problem("name-taken", 409, "This name belongs to another account.");
      }
      return answers["POST /v1/accounts"](request);
    },
    "POST /v1/sessions": () => {
      throw problem("sign-in-refused", 401, "They do not belong together.");
    },
  });
  await nameAndPassphrase();
  const words = await writeDownAndConfirm();
  expect(await screen.findByText(/This name belongs to somebody else/)).toBeTruthy();
  await nameAndPassphrase("rosa2");
  await heading("You are ready, rosa2");
  await waitFor(() => expect(asked).toEqual(["account", "wallet", "backup *"]));
  const vault = JSON.parse(kept.backup ?? "") as Vault;
  expect(vault.lock.name).toBe("rosa2");
  expect(vault.address).toBe(walletOf(words).address);
});

test("an account whose wallet was not added yet is gone on with after a reload", async () => {
  const { asked, answers } = exchange();
  const away = {
    ...answers,
    "POST /v1/account/wallets": () => {
      throw problem("busy", 503, "Too much at once.");
    },
  };
  await openPage("/start?way=new", away);
  await nameAndPassphrase();
  const words = await writeDownAndConfirm();
  expect(await screen.findByText(/nothing is lost/)).toBeTruthy();
  expect(currentSession()).toBeNull();
  expect(asked).toEqual(["account"]);

  const kept = { ...localStorage } as Record<string, string>;
  const secrets: string[] = [];
  const back = {
    ...answers,
    "POST /v1/accounts": () => {
      throw problem("name-taken", 409, "This name belongs to another account.");
    },
    "POST /v1/sessions": ({ body }: { body: unknown }) => {
      secrets.push((body as { passphrase: string }).passphrase);
      return signedIn({ ...rosa, wallets: [], created_at: NOW });
    },
  };
  await openPage("/start", back, null, kept);
  await heading("Finish your account");
  await type("Passphrase", "another long passphrase");
  await press("Open");
  expect(await screen.findByText("This passphrase does not open the wallet.")).toBeTruthy();
  await type("Passphrase", PASSPHRASE);
  await press("Open");
  await heading("You are ready, rosa");
  await waitFor(() => expect(asked).toEqual(["account", "wallet", "backup *"]));
  expect(secrets).toEqual([expect.stringMatching(/^[\w-]{43}$/)]);
  expect(currentSession()?.wallet).toBe(walletOf(words).address);
});

test("a failure in the middle is tried again where it was, with the same key", async () => {
  const { asked, answers } = exchange();
  const keys: (string | null)[] = [];
  await openPage("/start?way=new", {
    ...answers,
    "POST /v1/accounts": (request) => {
      keys.push(request.headers.get("Idempotency-Key"));
      if (keys.length === 1) {
        throw problem("busy", 503, "Too much at once.");
      }
      return answers["POST /v1/accounts"](request);
    },
  });
  await nameAndPassphrase();
  await writeDownAndConfirm();
  await press("Try again");
  await heading("You are ready, rosa");
  await waitFor(() => expect(asked).toEqual(["account", "wallet", "backup *"]));
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBe(keys[1]);
});

test("without a backup one is ready all the same, told, and asked to back up", async () => {
  const { kept, answers } = exchange();
  let isAway = true;
  await openPage("/start?way=new", {
    ...answers,
    "PUT /v1/account/backup": (request) => {
      if (isAway) {
        throw problem("busy", 503, "Too much at once.");
      }
      return answers["PUT /v1/account/backup"](request);
    },
  });
  await nameAndPassphrase();
  await writeDownAndConfirm();
  await heading("You are ready, rosa");
  expect(await screen.findByText(/could not be kept at the exchange yet/)).toBeTruthy();
  await press("Back up");
  expect((await screen.findByRole("alert")).textContent).toContain("Too much at once.");
  isAway = false;
  await press("Back up");
  await waitFor(() => expect(screen.queryByText("Your wallet is on this device only")).toBeNull());
  expect(JSON.parse(kept.backup ?? "")).toHaveProperty("lock.name", "rosa");
});

test("a passkey locks it, where the browser has them", async () => {
  vi.mocked(passkeysWork).mockResolvedValue(true);
  vi.mocked(makePasskey).mockRejectedValueOnce(new SigningRefused()).mockResolvedValue(PASSKEY);
  const { kept, answers } = exchange();
  await openPage("/start?way=new", answers);
  await type("Name", "rosa");
  fireEvent.click(await screen.findByRole("radio", { name: "A passkey" }));
  await press("Continue");
  expect(await screen.findByText(/You said no/)).toBeTruthy();
  await press("Continue");
  await writeDownAndConfirm();
  await heading("You are ready, rosa");
  expect((JSON.parse(kept.backup ?? "") as Vault).lock.kind).toBe("passkey");
});

test("an own wallet that says no is asked again, and then signs in", async () => {
  const connect = vi
    .fn()
    .mockRejectedValueOnce(new SigningRefused())
    .mockRejectedValueOnce(new WrongNetwork(31337))
    .mockResolvedValue(ownWalletOf(WORDS));
  vi.mocked(ownWallets).mockImplementation((listen) => {
    listen([extension(WORDS, { connect })]);
    return () => undefined;
  });
  await openPage("/start?way=own&then=%2Fsettings", {
    "POST /v1/sessions": () => signedIn(mine),
  });
  await press("Fox");
  expect(await screen.findByText(/You said no/)).toBeTruthy();
  await press("Try again");
  expect(await screen.findByText(/on another network/)).toBeTruthy();
  expect(screen.getByText("31337")).toBeTruthy();
  await press("Try again");
  await heading("Settings");
  expect(window.location.pathname).toBe("/settings");
  expect(currentSession()?.wallet).toBe(ADDRESS);
});

test("where no wallet announces itself it says what to do", async () => {
  vi.mocked(ownWallets).mockImplementation((listen) => {
    listen([]);
    return () => undefined;
  });
  await openPage("/start?way=own");
  expect(
    await screen.findByText(/No wallet has announced itself/, {}, { timeout: 3_000 }),
  ).toBeTruthy();
  expect(screen.getByRole("link", { name: "Create one here" })).toBeTruthy();
});

const sealed = async (
  opener: Opener = { kind: "passphrase", name: "rosa", passphrase: PASSPHRASE },
) => (await makeVault(WORDS, opener)).vault;

test("back by name and passphrase: the backup is fetched, opened, and kept here", async () => {
  const vault = JSON.stringify(await sealed());
  const { answers } = exchange();
  let tries = 0;
  await openPage("/start?way=back&then=%2Fsettings", {
    ...answers,
    "POST /v1/sessions": () => {
      tries += 1;
      if (tries === 1) {
        throw problem("sign-in-refused", 401, "They do not belong together.");
      }
      return signedIn(mine);
    },
    "/v1/account/backup": ({ headers }) => {
      expect(headers.get("Authorization")).toBe(`Bearer ${signedIn().token.token}`);
      return backup(vault);
    },
  });
  await nameAndPassphrase();
  expect(
    await screen.findByText("The name and the passphrase do not belong together."),
  ).toBeTruthy();
  await press("Continue");
  await heading("Settings");
  expect(currentSession()?.wallet).toBe(ADDRESS);
  expect(localStorage.getItem("tradepost.wallets")).toContain((JSON.parse(vault) as Vault).sealed);
});

test("back by passkey", async () => {
  vi.mocked(passkeysWork).mockResolvedValue(true);
  vi.mocked(askPasskey).mockResolvedValue(PASSKEY);
  const vault = JSON.stringify(await sealed(PASSKEY));
  await openPage("/start?way=back&then=%2Fsettings", {
    "POST /v1/sessions": () => signedIn(mine),
    "/v1/account/backup": () => backup(vault),
  });
  await press("Use a passkey");
  await heading("Settings");
});

test("an account whose backup is missing gets its wallet back by its words", async () => {
  const { answers } = exchange();
  await openPage("/start?way=back&then=%2Fsettings", {
    ...answers,
    "POST /v1/sessions": () => signedIn(mine),
  });
  await nameAndPassphrase();
  await heading("Use the 12 words");
  await type(/The 12 words/, "test test");
  await press("Continue");
  expect(await screen.findByText(/missing or misspelt/)).toBeTruthy();
  await type(/The 12 words/, `  ${WORDS.toUpperCase()} `);
  await press("Continue");
  await heading("Settings");
  expect(currentSession()?.wallet).toBe(ADDRESS);
});

test("an account without a wallet gets new words, and is finished", async () => {
  const { asked, answers } = exchange();
  await openPage("/start?way=back", {
    ...answers,
    "POST /v1/accounts": () => {
      throw problem("name-taken", 409, "This name belongs to another account.");
    },
    "POST /v1/sessions": () => signedIn({ ...rosa, wallets: [], created_at: NOW }),
  });
  await nameAndPassphrase();
  await writeDownAndConfirm();
  await heading("You are ready, rosa");
  await waitFor(() => expect(asked).toEqual(["wallet", "backup *"]));
});

test("back by the words alone, locked anew on this device", async () => {
  await openPage("/start?way=back&then=%2Fsettings", { "POST /v1/sessions": () => signedIn(mine) });
  await press("Use the 12 words");
  await type(/The 12 words/, WORDS);
  await type("Passphrase", PASSPHRASE);
  await press("Continue");
  await heading("Settings");
  expect(localStorage.getItem("tradepost.wallets")).toContain(ADDRESS);
});

test("words that are new here get an account with a name, and are not asked for again", async () => {
  const { asked, answers } = exchange();
  await openPage("/start?way=back", answers);
  await press("Use the 12 words");
  await type(/The 12 words/, WORDS);
  fireEvent.click(screen.getByRole("radio", { name: /No: it gets a new account/ }));
  await press("Continue");
  await nameAndPassphrase();
  await heading("You are ready, rosa");
  await waitFor(() => expect(asked).toEqual(["account", "wallet", "backup *"]));
  expect(currentSession()?.wallet).toBe(ADDRESS);
});

test("back by a backup file; another file is none", async () => {
  await openPage("/start?way=back&then=%2Fsettings", { "POST /v1/sessions": () => signedIn(mine) });
  const input = await screen.findByLabelText("Open a backup file");
  fireEvent.change(input, { target: { files: [new File(["{}"], "a.json")] } });
  expect(await screen.findByText("This file is no backup of a wallet.")).toBeTruthy();
  fireEvent.change(input, {
    target: { files: [new File([JSON.stringify(await sealed())], "b.json")] },
  });
  await screen.findByRole("button", { name: "Another account" });
  await type("Passphrase", PASSPHRASE);
  await press("Open");
  await heading("Settings");
});

test("who has signed out opens the wallet of this device, without his name", async () => {
  const kept = {
    [ADDRESS.toLowerCase()]: { kind: "built-in", vault: await sealed() },
  };
  await openPage(
    "/start?way=back&then=%2Fsettings",
    { "POST /v1/sessions": () => signedIn(mine) },
    null,
    { "tradepost.wallets": JSON.stringify(kept) },
  );
  await type("Passphrase", PASSPHRASE);
  await press("Open");
  await heading("Settings");
});

test("on a sandbox a newcomer is shown the faucet, and an offer that is answered at once", async () => {
  const { answers } = exchange();
  const terms = "Sandbox: answers at once, and keeps to the rules.";
  const { offer, index } = await import("../mock/book.ts");
  const prompt = offer({ id: "0193579a-3b20-7f13-b6d8-4c5d6e7f8099", terms });
  await openPage("/start?way=new", {
    ...answers,
    "/v1/offers": () => ({ data: [offer(), prompt], next_cursor: null, market: index }),
  });
  await nameAndPassphrase();
  await writeDownAndConfirm();
  await press("Get coins for trial");
  expect(await screen.findByText(/1 ETH, 2,500 USDT/)).toBeTruthy();
  const link = await screen.findByRole("link", { name: /Buy a little ETH/ });
  expect(link.getAttribute("href")).toBe(`/offers/${prompt.id}?amount=50`);
});

test("who is signed in already goes where he wanted to", async () => {
  const { session } = await import("../mock/start.ts");
  const own = { kind: "own", id: "org.example.fox", name: "Fox" };
  const kept = JSON.stringify({ [session.wallet.toLowerCase()]: own });
  await openPage("/start?then=%2Fsettings", {}, session, { "tradepost.wallets": kept });
  await waitFor(() => expect(window.location.pathname).toBe("/settings"));
});

test("a session whose wallet this device does not have is led back to its wallet", async () => {
  const { session } = await import("../mock/start.ts");
  await openPage("/start?then=%2Fsettings", {}, session);
  await heading("Start trading");
  expect(screen.getByRole("link", { name: /I have one already/ })).toBeTruthy();
});

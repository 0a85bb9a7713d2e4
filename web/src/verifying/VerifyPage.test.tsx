import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";

import { openPage } from "../mock/open.tsx";
import { seenOf } from "../mock/tradeSigner.ts";
import { trade, trader } from "../mock/trades.ts";
import type { EscrowSeen, Trade } from "../trading/trader.ts";
import { commandsOf } from "./commands.ts";

let said: Partial<EscrowSeen> | null = {};
const see = vi.fn((shown: Trade) =>
  said === null ? Promise.reject(new TypeError("no node")) : Promise.resolve(seenOf(shown, said)),
);

vi.mock("../trading/seeEscrow.ts", () => ({ seeEscrow: (shown: Trade) => see(shown) }));

const shown = trade("escrowed", "buyer");

beforeEach(() => {
  said = {};
  see.mockClear();
});

const open = () => openPage(`/verify/${shown.id}`, { "/v1/trades/:id": () => shown }, trader);

test("each check tells what, expected, found, and that it matches", async () => {
  await open();
  expect(await screen.findByText("Everything matches.")).toBeTruthy();
  const line = within(
    (await screen.findByText(/^The escrow’s id is the hash/)).closest("li") ?? document.body,
  );
  expect(line.getAllByText(shown.escrow.id)).toHaveLength(2);
  expect(line.getByText("It matches")).toBeTruthy();
  expect(screen.getByText(/Witness: this exchange’s node/).textContent).toMatch(/block 120/);
  expect(screen.getByText(shown.escrow.terms.lane)).toBeTruthy();
});

test("one that does not match is told, and checked anew when it is asked for", async () => {
  said = { idMatches: false, witness: "own" };
  await open();
  expect(await screen.findByText(/Something does not match/)).toBeTruthy();
  expect(screen.getByText(/Witness: your own node/)).toBeTruthy();
  said = {};
  const before = see.mock.calls.length;
  fireEvent.click(await screen.findByRole("button", { name: "Check now" }));
  expect(await screen.findByText("Everything matches.")).toBeTruthy();
  expect(see.mock.calls.length).toBeGreaterThan(before);
});

test("what only waits for the chain is neither right nor wrong", async () => {
  said = { confirmations: 1, needed: 6 };
  await open();
  expect(await screen.findByText(/Nothing contradicts/)).toBeTruthy();
  expect(screen.queryByText("Everything matches.")).toBeNull();
});

test("a chain that cannot be read is told, and what is safe", async () => {
  said = null;
  await open();
  await waitFor(() => expect(screen.getByText(/The chain could not be read/)).toBeTruthy(), {
    timeout: 4_000,
  });
  expect(screen.queryByText("Everything matches.")).toBeNull();
});

test("the commands have the trade's own words, and nothing that a shell would run", () => {
  const commands = commandsOf(shown) ?? "";
  expect(commands).toContain(`CONTRACT=${shown.escrow.contract}`);
  expect(commands).toContain(`ID=${shown.escrow.id}`);
  expect(commands).toContain(`,1795500000,5400,86400,190436817382015)"`);
  const forged = (part: Partial<Trade["escrow"]>) =>
    commandsOf({ ...shown, escrow: { ...shown.escrow, ...part } });
  expect(forged({ contract: "$(rm -rf ~)" })).toBeNull();
  expect(forged({ id: "0x; true" })).toBeNull();
  expect(forged({ terms: { ...shown.escrow.terms, lane: '7)"; true' } })).toBeNull();
});

import type { Hex } from "viem";

import { ProblemError } from "../api/client.ts";
import { SigningRefused, WalletUnusable, WrongNetwork } from "../wallet/errors.ts";
import type { Call, Wallet } from "../wallet/wallet.ts";
import { type Chain, pause, type Receipt, type Transaction } from "./chain.ts";
import { ChainRefused, Unfinished } from "./errors.ts";
import { refusal } from "./rpc.ts";
import { type Intent, Intents } from "./sent.ts";

/** How far a transaction is. */
export interface Sending {
  readonly hash: Hex;
  readonly state: "sent" | "replaced" | "confirmed" | "failed";
  readonly confirmations: number;
  readonly needed: number;
}

/** What is to be sent, and how it is followed. */
export interface Order {
  /** What it is for: with the call it names the intent. */
  readonly step: string;
  readonly call: Call;
  /** How deep it has to be; 1 is in a block. */
  readonly needed: number;
  /**
   * Whether to send it a second time would do no harm, as the contract takes a lock once. Others
   * are not sent anew as long as the wallet may still have the first.
   */
  readonly harmless: boolean;
  readonly report: (sending: Sending) => void;
}

const WITHIN_MS = 15 * 60_000;
/** A node that does not know a transaction yet may have heard of it late. */
const HEARD_OF_MS = 60_000;
/** How long a wallet may still come back with a transaction that no node knows. */
const COMES_BACK_MS = 60 * 60_000;

/** Sends a wallet's transactions, and follows each by its nonce. */
export class Sender {
  readonly #wallet: Wallet;
  readonly #chain: Chain;
  readonly #intents: Intents;

  constructor(wallet: Wallet, chain: Chain) {
    this.#wallet = wallet;
    this.#chain = chain;
    this.#intents = new Intents(wallet.address);
  }

  /** Whether this very thing was begun before, here or in a page that is gone. */
  isBegun(order: Order): boolean {
    return this.#intents.read(this.#intents.name(order.step, order.call)) !== null;
  }

  /**
   * Sends a transaction and waits until it is as deep as needed, its own block included; what was
   * begun before is waited for, and not sent again.
   *
   * Throws `SigningRefused` where the reader says no, `ChainRefused` where the contract would
   * refuse it, where it failed, or where another one took its place, and `Unfinished` where it
   * takes longer than a quarter of an hour: it may still come.
   */
  async carryOut(order: Order): Promise<Receipt> {
    const name = this.#intents.name(order.step, order.call);
    const begun = this.#intents.read(name);
    if (begun !== null) {
      const receipt = await this.#follow(name, order, begun, true);
      if (receipt !== null) {
        return receipt;
      }
    }
    const intent = await this.#send(name, order);
    const receipt = await this.#follow(name, order, intent, false);
    if (receipt === null) {
      throw new Unfinished("The transaction was sent, and no node knows it.");
    }
    return receipt;
  }

  async #send(name: string, { call }: Order): Promise<Intent> {
    const { address } = this.#wallet;
    const nonce = await this.#chain.nonce(address, "pending");
    const { number: block } = await this.#chain.head();
    const intent: Intent = { nonce, hash: null, block, at: Date.now() };
    this.#intents.keep(name, intent);
    let hash: Hex;
    try {
      hash = await this.#wallet.send(call);
    } catch (error) {
      if (error instanceof SigningRefused || error instanceof WrongNetwork) {
        this.#intents.drop(name); // nothing was sent
      }
      throw isWallets(error) ? error : refusal(error);
    }
    const sent = { ...intent, hash };
    this.#intents.keep(name, sent);
    // A wallet chooses the number by itself: it may have sent more than its node knows.
    const told = await this.#chain.transaction(hash);
    const numbered = told === null ? sent : { ...sent, nonce: told.nonce };
    this.#intents.keep(name, numbered);
    return numbered;
  }

  /** Null where it never was sent, or is forgotten, so that it can be sent anew. */
  async #follow(
    name: string,
    order: Order,
    begun: Intent,
    resumed: boolean,
  ): Promise<Receipt | null> {
    const ends = Date.now() + WITHIN_MS;
    let intent = begun;
    let replaced = false;
    let told = "";
    for (;;) {
      const receipt = intent.hash === null ? null : await this.#chain.receipt(intent.hash);
      const depth =
        receipt === null ? 0 : Math.max(0, (await this.#chain.head()).number - receipt.block + 1);
      const done = receipt !== null && depth >= order.needed;
      if (intent.hash !== null) {
        const state = done
          ? receipt.succeeded
            ? "confirmed"
            : "failed"
          : replaced
            ? "replaced"
            : "sent";
        const sending = { hash: intent.hash, state, confirmations: Math.min(depth, order.needed) };
        const now = JSON.stringify(sending);
        if (now !== told) {
          told = now;
          order.report({ ...sending, state, needed: order.needed });
        }
      }
      if (done) {
        this.#intents.drop(name);
        if (!receipt.succeeded) {
          throw new ChainRefused(await this.#failure(receipt), true);
        }
        return receipt;
      }
      if (receipt === null) {
        const found = await this.#look(name, order, intent, resumed);
        if (found === null) {
          return null;
        }
        replaced ||= found.hash !== intent.hash && intent.hash !== null;
        intent = found;
      }
      if (Date.now() > ends) {
        throw new Unfinished(`It has ${depth} of ${order.needed} confirmations.`);
      }
      await pause(this.#chain.pollMs);
    }
  }

  /** What has become of a transaction that is in no block, by its nonce. */
  async #look(
    name: string,
    order: Order,
    intent: Intent,
    resumed: boolean,
  ): Promise<Intent | null> {
    const { address } = this.#wallet;
    if ((await this.#chain.nonce(address, "latest")) > intent.nonce) {
      return this.#taken(name, order, intent);
    }
    const age = Date.now() - intent.at;
    if (intent.hash === null) {
      const underWay = (await this.#chain.nonce(address, "pending")) > intent.nonce;
      return underWay ? intent : this.#forget(name);
    }
    const patience = order.harmless ? HEARD_OF_MS : COMES_BACK_MS;
    const isKnown = (await this.#chain.transaction(intent.hash)) !== null;
    return isKnown || !resumed || age < patience ? intent : this.#forget(name);
  }

  /** The nonce is used: by the transaction itself, by a faster one, or by another. */
  async #taken(name: string, { call }: Order, intent: Intent): Promise<Intent | null> {
    if (intent.hash !== null && (await this.#chain.receipt(intent.hash)) !== null) {
      return intent;
    }
    const found = await this.#chain.byNonce(this.#wallet.address, intent.nonce, intent.block);
    if (found !== null && isCall(found, call)) {
      const kept = { ...intent, hash: found.hash };
      this.#intents.keep(name, kept);
      return kept;
    }
    this.#forget(name);
    if (intent.hash === null) {
      return null; // the wallet sent something else; this it never sent
    }
    throw new ChainRefused("replaced");
  }

  #forget(name: string): null {
    this.#intents.drop(name);
    return null;
  }

  async #failure({ hash, block }: Receipt): Promise<string> {
    const sent = await this.#chain.transaction(hash);
    const reason = sent === null ? null : await this.#chain.failure(sent, block);
    return reason ?? "failed";
  }
}

/** What a wallet says of itself; all else is a node's word that it hands on. */
const isWallets = (error: unknown): boolean =>
  [SigningRefused, WrongNetwork, WalletUnusable, ProblemError].some(
    (kind) => error instanceof kind,
  );

const isCall = (found: Transaction, { to, data, value }: Call): boolean =>
  found.to?.toLowerCase() === to.toLowerCase() && found.data === data && found.value === value;

import { Chain } from "../chain/chain.ts";
import { Sender } from "../chain/sending.ts";
import { checkChain, checkContract } from "../verify/contract.ts";
import { readExchange, type ShownExchange } from "../verify/shown.ts";
import { WrongNetwork } from "../wallet/errors.ts";
import type { Provider, Wallet } from "../wallet/wallet.ts";
import * as exchange from "./exchange.ts";
import { Notebook } from "./notebook.ts";
import { readerOf } from "./reader.ts";
import type { Witness } from "./trader.ts";

/** How long to wait between two looks at the chain. */
const POLL_MS = 2_000;

/** What a trader works with: his wallet, the chain as his witness shows it, and his notes. */
export interface Desk {
  readonly wallet: Wallet;
  readonly chain: Chain;
  readonly witness: Witness;
  /** Whether the wallet itself shows the chain, and so can be on another one by itself. */
  readonly isWallets: boolean;
  readonly notebook: Notebook;
  readonly sender: Sender;
}

export function openDesk(wallet: Wallet, reader?: Provider, pollMs: number = POLL_MS): Desk {
  const { provider, witness, isWallet } = readerOf(wallet, reader);
  const chain = new Chain(provider, pollMs);
  return {
    wallet,
    chain,
    witness,
    isWallets: isWallet,
    notebook: new Notebook(wallet.address),
    sender: new Sender(wallet, chain),
  };
}

/**
 * The chain that is shown is the agreed one. Throws `WrongChain`, or `WrongNetwork` where it is the
 * reader's wallet that is elsewhere, which is his to change and no lie.
 */
export async function checkNetwork({ chain, isWallets }: Desk, agreed: number): Promise<void> {
  const found = await chain.chainId();
  if (isWallets && found !== agreed) {
    throw new WrongNetwork(agreed);
  }
  checkChain(found, agreed);
}

/** The exchange's rules, once its chain and its contract are what they have to be. */
export async function checkedExchange(desk: Desk): Promise<ShownExchange> {
  const shown = readExchange(await exchange.rules());
  await checkNetwork(desk, shown.chainId);
  checkContract(await desk.chain.code(shown.contract), shown.contract);
  return shown;
}

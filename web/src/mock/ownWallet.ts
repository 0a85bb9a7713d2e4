import type { Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

import { ANNOUNCE } from "../wallet/providers.ts";

/** What a provider answers with, where it does not do what it was asked (EIP-1193, EIP-1474). */
export class ProviderFault extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = "ProviderFault";
    this.code = code;
  }
}

/** The chain that the mock wallet is on. */
export const CHAIN = 31337;
export const account = privateKeyToAccount(`0x${"51".repeat(32)}`);
export const INFO = {
  uuid: "350670db-19fa-4704-a166-e52e178b59d2",
  name: "Example Wallet",
  icon: "data:image/svg+xml,<svg/>",
  rdns: "example.wallet",
};

/** A wallet that can refuse, change its mind, and sign as somebody else. */
export function mockWallet() {
  const wallet = {
    chain: CHAIN,
    accounts: [account.address.toLowerCase()],
    code: "0x",
    signer: account,
    /** What is done with a signature before it is told. */
    shape: (signature: Hex, _times: number): unknown => signature,
    times: 0,
    asked: [] as string[],
    texts: [] as string[],
    sent: [] as unknown[],
    answers: {} as Record<string, (...params: unknown[]) => unknown>,
    async request({ method, params = [] }: { method: string; params?: readonly unknown[] }) {
      wallet.asked.push(method);
      const own = wallet.answers[method];
      if (own !== undefined) {
        return own(...params);
      }
      switch (method) {
        case "eth_requestAccounts":
        case "eth_accounts":
          return wallet.accounts;
        case "eth_chainId":
          return `0x${wallet.chain.toString(16)}`;
        case "eth_getCode":
          return wallet.code;
        case "wallet_switchEthereumChain":
          wallet.chain = Number((params[0] as { chainId: string }).chainId);
          return null;
        case "personal_sign": {
          const raw = params[0] as Hex;
          wallet.texts.push(Buffer.from(raw.slice(2), "hex").toString());
          wallet.times += 1;
          const signature = await wallet.signer.signMessage({ message: { raw } });
          return wallet.shape(signature, wallet.times);
        }
        case "eth_signTypedData_v4":
          return wallet.signer.signTypedData(JSON.parse(params[1] as string) as never);
        case "eth_sendTransaction":
          wallet.sent.push(params[0]);
          return `0x${"ab".repeat(32)}`;
        default:
          throw new ProviderFault(4200, method);
      }
    },
  };
  return wallet;
}

/** Has a wallet announce itself, as extensions do (EIP-6963). */
export function announce(provider: unknown, info: object = INFO): void {
  window.dispatchEvent(new CustomEvent(ANNOUNCE, { detail: { info, provider } }));
}

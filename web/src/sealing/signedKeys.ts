import { hashMessage, type Address, type Hex } from "viem";

import type { Wallet } from "../wallet/wallet.ts";
import { isSameAddress, signerOfText } from "./texts.ts";

/** The text that a wallet signs of its encryption key (64 hexadecimal digits). */
export const keyStatement = (key: string): string =>
  `Tradepost: ${key} is an encryption key of this wallet.`;

/** The wallet's word that an encryption key is its own. Throws `SigningRefused`. */
export const signKey = (key: string, wallet: Pick<Wallet, "signText">): Promise<Hex> =>
  wallet.signText(keyStatement(key));

/**
 * Whether the key of the wallet at `address` signed the encryption key `key`. False, too, for a
 * wallet that is a contract, which has to be asked about `keyDigest`.
 */
export const isKeySigned = async (key: string, address: Address, signature: unknown) =>
  isSameAddress(await signerOfText(keyStatement(key), signature), address);

/** The 32 bytes that a contract wallet is asked about (EIP-1271). */
export const keyDigest = (key: string): Hex => hashMessage(keyStatement(key));

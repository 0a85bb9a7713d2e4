import { HDKey } from "@scure/bip32";
import { entropyToMnemonic, mnemonicToSeedSync, validateMnemonic } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english";

import { WalletUnusable } from "./errors.ts";

const WORDS = 12;
const ENTROPY_BYTES = 16;
/** The first account of Ethereum's coin type, as other wallets find it. */
const PATH = "m/44'/60'/0'/0/0";

/** Twelve new English words (BIP39), of 128 random bits. */
export function newWords(): string {
  return entropyToMnemonic(crypto.getRandomValues(new Uint8Array(ENTROPY_BYTES)), wordlist);
}

/** The words as they are kept, however they were typed: small letters, one space between them. */
export const tidyWords = (text: string): string =>
  text.normalize("NFKD").trim().toLowerCase().split(/\s+/).join(" ");

/** Whether a text is twelve words of the list that have the right checksum. */
export function isWords(text: string): boolean {
  const words = tidyWords(text);
  return words.split(" ").length === WORDS && validateMnemonic(words, wordlist);
}

/** The 32 bytes of the private key; throws `WalletUnusable`. Takes a tenth of a second. */
export function keyOfWords(words: string): Uint8Array {
  if (!isWords(words)) {
    throw new WalletUnusable("words", "These are not twelve words of a wallet.");
  }
  const key = HDKey.fromMasterSeed(mnemonicToSeedSync(tidyWords(words))).derive(PATH).privateKey;
  if (key === null) {
    throw new WalletUnusable("words", "These words have no private key.");
  }
  return key;
}

/** The reader, or his wallet for him, said no. No failure: what he was doing just did not happen. */
export class SigningRefused extends Error {
  constructor(message = "It was not signed: the answer was no.") {
    super(message);
    this.name = "SigningRefused";
  }
}

/** The reader's wallet, or a node, is on another network than the exchange. */
export class WrongNetwork extends Error {
  /** The chain id of the exchange. */
  readonly wanted: number;

  constructor(wanted: number) {
    super(`This needs the network with the chain id ${wanted}.`);
    this.name = "WrongNetwork";
    this.wanted = wanted;
  }
}

/** The passphrase, or the passkey, does not open this vault. */
export class PassphraseWrong extends Error {
  constructor(message = "This does not open the wallet.") {
    super(message);
    this.name = "PassphraseWrong";
  }
}

/** A key that the exchange shows as ours is not one that our wallet derives. */
export class KeyNotOurs extends Error {
  constructor(known: string) {
    super(`The key ${known} is not one of this wallet.`);
    this.name = "KeyNotOurs";
  }
}

/** Why a wallet cannot be used. A page has words for each in the reader's language. */
export type Unusable =
  /** The twelve words are none, or a key is none. */
  | "words"
  /** The name is not one that accounts have. */
  | "name"
  /** The passphrase is too short, too long or too easy: see `passphraseFault`. */
  | "passphrase"
  /** The vault is damaged, or of a form that this page does not know. */
  | "vault"
  /** The browser hides its cryptography: the page did not come by https, nor from this machine. */
  | "insecure-page"
  /** The passphrase could not be stretched on this device: no memory, no worker, no time. */
  | "stretching"
  /** This passkey, or this browser, gives no secret (PRF). */
  | "passkey"
  /** The wallet is a contract, which has no key that the page could derive others from. */
  | "contract"
  /** The wallet gives no account, or has another one chosen than the one that it connected. */
  | "account"
  /** The wallet waits for an answer to something that it was asked before. */
  | "busy"
  /** What the wallet gave is not this account's signature of what it was asked to sign. */
  | "signature"
  /** The wallet signs the same text differently each time, so no keys can be derived from it. */
  | "unsteady"
  /** The network's fees, as the node tells them, are more than any transaction here is worth. */
  | "fees"
  /** It failed in a way that has no name here; the message is its own. */
  | "failed";

export class WalletUnusable extends Error {
  readonly why: Unusable;

  constructor(why: Unusable, message: string) {
    super(message);
    this.name = "WalletUnusable";
    this.why = why;
  }
}

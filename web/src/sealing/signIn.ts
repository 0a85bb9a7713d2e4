import type { Address } from "viem";

/**
 * The text that a wallet signs in with (EIP-4361). It is made here, so that nobody else chooses
 * what is signed.
 *
 * `url` is where the page came from: the text is good for its host alone, so that another site
 * which passes on our exchange's nonce gets nothing. A nonce with other characters than the
 * standard's could add lines to the text, and throws `RangeError`.
 */
export function signInMessage(
  url: string,
  address: Address,
  chainId: number,
  nonce: string,
  issuedAt: Date,
): string {
  if (!/^[A-Za-z0-9]{8,100}$/.test(nonce)) {
    throw new RangeError("The exchange's nonce is not one of EIP-4361.");
  }
  const { host, protocol } = new URL(url);
  return [
    `${host} wants you to sign in with your Ethereum account:`,
    address,
    "",
    "Sign in to Tradepost.",
    "",
    `URI: ${protocol}//${host}`,
    "Version: 1",
    `Chain ID: ${chainId}`,
    `Nonce: ${nonce}`,
    `Issued At: ${issuedAt.toISOString().slice(0, 19)}Z`,
  ].join("\n");
}

import { api, ProblemError, told, type Schema } from "../api/client.ts";
import { serverNowMs, setClock } from "../api/clock.ts";
import { signInMessage } from "../sealing/signIn.ts";
import type { Wallet } from "../wallet/wallet.ts";
import type { Session } from "./session.ts";

export type SignedIn = Schema["SignedInAnswer"];

/** A session, with the wallet that this device signs with. */
const sessionOf = ({ account, token }: SignedIn, wallet: string): Session => ({
  account,
  token: token.token,
  expiresAt: token.expires_at,
  wallet,
});

/**
 * The wallet's word that it is the reader's, for this exchange and these ten minutes (EIP-4361).
 * Throws `SigningRefused`, and `WrongNetwork`.
 */
export async function proof(wallet: Wallet, chainId: number): Promise<Schema["ProofBody"]> {
  const { nonce } = told(await api.POST("/v1/nonces"));
  // By the exchange's clock, which judges how old the message is.
  setClock(told(await api.GET("/v1/time")).now);
  const message = signInMessage(
    window.location.origin,
    wallet.address,
    chainId,
    nonce,
    new Date(serverNowMs()),
  );
  return { message, signature: await wallet.signText(message) };
}

/** Signs in by an open wallet; one that the exchange does not know gets an account without a name. */
export async function signInByWallet(wallet: Wallet, chainId: number): Promise<Session> {
  const body = await proof(wallet, chainId);
  return sessionOf(told(await api.POST("/v1/sessions", { body })), wallet.address);
}

/** Signs in by a name and the secret that a passphrase or passkey was stretched to. */
export async function signInByName(name: string, secret: string): Promise<SignedIn> {
  return told(await api.POST("/v1/sessions", { body: { name, passphrase: secret } }));
}

/** The session of an account that was just signed in to, once the wallet is proven to be its own. */
export async function withWallet(
  signedIn: SignedIn,
  wallet: Wallet,
  chainId: number,
): Promise<Session> {
  const known = signedIn.account.wallets.map((each) => each.toLowerCase());
  if (known.includes(wallet.address.toLowerCase())) {
    return sessionOf(signedIn, wallet.address);
  }
  const body = await proof(wallet, chainId);
  const headers = { Authorization: `Bearer ${signedIn.token.token}` };
  const account = told(await api.POST("/v1/account/wallets", { body, headers }));
  return sessionOf({ ...signedIn, account }, wallet.address);
}

/** Tells the exchange that a session is over; one that it has forgotten is over too. */
export async function endAtExchange(session: Session): Promise<void> {
  try {
    await api.DELETE("/v1/sessions/current", {
      headers: { Authorization: `Bearer ${session.token}` },
    });
  } catch (error) {
    if (!(error instanceof ProblemError && error.status === 401)) {
      throw error;
    }
  }
}

export const isProblem = (error: unknown, name: string): boolean =>
  error instanceof ProblemError && (error.problem?.type.endsWith(`:${name}`) ?? false);

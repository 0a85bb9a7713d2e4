import { toBase64Url, fromBase64Url } from "./base64url.ts";
import { SigningRefused, WalletUnusable } from "./errors.ts";
import { isName, LABEL, type Opener } from "./opener.ts";

type PasskeyOpener = Extract<Opener, { kind: "passkey" }>;

/** What a passkey is looked for by, where it is known: the lock of a vault has it. */
export interface KnownPasskey {
  readonly name: string;
  /** base64url of the credential's id. */
  readonly credential: string;
}

const WITHIN_MS = 120_000;
const SECRET_BYTES = 32;
const HANDLE_BYTES = 16;
/** Elliptic curve P-256, Ed25519, RSA. The signature is not looked at, only the secret is used. */
const ALGORITHMS = [-7, -8, -257];

/**
 * Whether a passkey could open a wallet here: the page has a host's name (an address of four
 * numbers has no passkeys), and the browser has passkeys and does not say that they give no secret.
 * Some say nothing; then `makePasskey` finds out.
 */
export async function passkeysWork(): Promise<boolean> {
  const { hostname } = window.location;
  const isAddress = hostname.includes(":") || /^[0-9.]+$/.test(hostname);
  if (isAddress || !window.isSecureContext || typeof PublicKeyCredential === "undefined") {
    return false;
  }
  const told = await PublicKeyCredential.getClientCapabilities?.().catch(() => undefined);
  const capabilities = Object.entries(told ?? {});
  const tellsExtensions = capabilities.some(([name]) => name.startsWith("extension:"));
  return !tellsExtensions || capabilities.some(([name, has]) => name === "extension:prf" && has);
}

/**
 * Makes a new passkey for the account `name`. Its user handle holds the name, so that a device
 * which knows nothing can ask for it.
 *
 * Throws `SigningRefused` where the reader leaves it, and `WalletUnusable` where the passkey gives
 * no secret.
 */
export async function makePasskey(name: string): Promise<PasskeyOpener> {
  if (!isName(name)) {
    throw new WalletUnusable("name", "This is not a name of an account.");
  }
  const made = await asked(() =>
    navigator.credentials.create({
      publicKey: {
        rp: { name: window.location.host },
        user: { id: newHandle(name), name, displayName: name },
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: "public-key", alg })),
        challenge: challenge(),
        authenticatorSelection: {
          residentKey: "required",
          requireResidentKey: true,
          userVerification: "required",
        },
        attestation: "none",
        timeout: WITHIN_MS,
        extensions: prf(),
      },
    }),
  );
  const credential = toBase64Url(new Uint8Array(made.rawId));
  const secret = secretOf(made);
  if (secret !== null) {
    return { kind: "passkey", name, credential, prf: secret };
  }
  try {
    if (made.getClientExtensionResults().prf?.enabled === false) {
      throw noSecret();
    }
    // Many tell the secret only when the passkey is used.
    return await usePasskey({ name, credential });
  } catch (error) {
    await forget(credential);
    throw error;
  }
}

/**
 * Has the reader use a passkey: the one of a vault, or any that he has here. Throws as
 * `makePasskey`.
 */
export async function usePasskey(known?: KnownPasskey): Promise<PasskeyOpener> {
  const used = await asked(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: challenge(),
        allowCredentials:
          known === undefined ? [] : [{ type: "public-key", id: fromBase64Url(known.credential) }],
        userVerification: "required",
        timeout: WITHIN_MS,
        extensions: prf(),
      },
    }),
  );
  const secret = secretOf(used);
  if (secret === null) {
    throw noSecret();
  }
  const { userHandle } = used.response as AuthenticatorAssertionResponse;
  // Asked for one by its id, some do not tell the handle.
  const name = userHandle === null ? known?.name : nameIn(userHandle);
  if (!isName(name) || (known !== undefined && known.name !== name)) {
    throw new WalletUnusable("passkey", "This passkey is not one of this page's accounts.");
  }
  return {
    kind: "passkey",
    name,
    credential: toBase64Url(new Uint8Array(used.rawId)),
    prf: secret,
  };
}

/** The same label for all: the passkey itself makes the secret of it that nobody else has. */
const prf = (): AuthenticationExtensionsClientInputs => ({
  prf: { eval: { first: new TextEncoder().encode(LABEL) } },
});

/** Nobody looks at what is signed, as the exchange is signed in to by what the secret leads to. */
const challenge = () => crypto.getRandomValues(new Uint8Array(32));

async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  let credential: Credential | null;
  try {
    credential = await ask();
  } catch (error) {
    const { name } = error as Partial<DOMException>;
    // By the same name a browser tells that he said no, that he took too long, and that it was not
    // his to ask; it keeps them apart from no page.
    if (name === "NotAllowedError" || name === "AbortError") {
      throw new SigningRefused();
    }
    throw new WalletUnusable("passkey", "The browser cannot use a passkey here.");
  }
  if (credential === null) {
    throw new SigningRefused();
  }
  return credential as PublicKeyCredential;
}

function secretOf(credential: PublicKeyCredential): Uint8Array | null {
  const first = credential.getClientExtensionResults().prf?.results?.first;
  if (first === undefined) {
    return null;
  }
  const bytes = ArrayBuffer.isView(first)
    ? new Uint8Array(first.buffer, first.byteOffset, first.byteLength)
    : new Uint8Array(first);
  return bytes.length === SECRET_BYTES ? bytes.slice() : null;
}

const noSecret = () =>
  new WalletUnusable("passkey", "This passkey gives no secret that could close a wallet.");

/**
 * The name, and random bytes: a device has one passkey of a handle, and a second one in its place
 * would take the first one's secret, and with it a wallet, away.
 */
const newHandle = (name: string) =>
  new Uint8Array([
    ...new TextEncoder().encode(name),
    0,
    ...crypto.getRandomValues(new Uint8Array(HANDLE_BYTES)),
  ]);

const nameIn = (handle: BufferSource): string | undefined =>
  new TextDecoder().decode(handle).split("\0")[0];

/** Has a passkey that is good for nothing taken off the reader's list, where the browser can. */
async function forget(credentialId: string): Promise<void> {
  const { signalUnknownCredential } = PublicKeyCredential as {
    signalUnknownCredential?: (what: { rpId: string; credentialId: string }) => Promise<void>;
  };
  const rpId = window.location.hostname;
  await signalUnknownCredential
    ?.call(PublicKeyCredential, { rpId, credentialId })
    .catch(() => undefined);
}

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { toBase64Url } from "./base64url.ts";
import { SigningRefused, WalletUnusable } from "./errors.ts";
import { makePasskey, passkeysWork, usePasskey } from "./passkey.ts";

const SECRET = new Uint8Array(32).fill(9);
const ID = new Uint8Array([1, 2, 3]);

/** A browser with an authenticator that keeps passkeys by their handle, as CTAP says. */
function fakeBrowser() {
  const browser = {
    handles: [] as Uint8Array[],
    created: vi.fn<(options: CredentialCreationOptions) => void>(),
    gotten: vi.fn<(options: CredentialRequestOptions) => void>(),
    forgotten: vi.fn(() => Promise.resolve()),
    onCreate: { enabled: true, results: { first: SECRET.buffer } } as object | undefined,
    onGet: { results: { first: SECRET.buffer } } as object | undefined,
    tellsHandle: true,
    fails: null as string | null,
    credential: (prf: object | undefined, response: object = {}) => ({
      rawId: ID.buffer,
      getClientExtensionResults: () => (prf === undefined ? {} : { prf }),
      response,
    }),
    answer(credential: unknown) {
      return browser.fails === null
        ? Promise.resolve(credential)
        : Promise.reject(new DOMException("", browser.fails));
    },
  };
  vi.stubGlobal("navigator", {
    credentials: {
      create(options: CredentialCreationOptions) {
        browser.created(options);
        browser.handles.push(options.publicKey?.user.id as Uint8Array);
        return browser.answer(browser.credential(browser.onCreate));
      },
      get(options: CredentialRequestOptions) {
        browser.gotten(options);
        const handle = browser.handles.at(-1);
        const userHandle = browser.tellsHandle && handle ? handle.slice().buffer : null;
        return browser.answer(browser.credential(browser.onGet, { userHandle }));
      },
    },
  });
  vi.stubGlobal("PublicKeyCredential", { signalUnknownCredential: browser.forgotten });
  return browser;
}

let browser = fakeBrowser();
const at = (url: string, secure = true) => {
  const { hostname, host } = new URL(url);
  vi.stubGlobal("window", { location: { hostname, host }, isSecureContext: secure });
};

beforeEach(() => {
  browser = fakeBrowser();
  at("https://exchange.example");
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const OPENER = { kind: "passkey", name: "rosa", credential: toBase64Url(ID), prf: SECRET };

test("a new passkey gives its secret at once", async () => {
  expect(await makePasskey("rosa")).toEqual(OPENER);
  expect(browser.gotten).not.toHaveBeenCalled();
  const asked = browser.created.mock.calls[0]?.[0].publicKey;
  expect(asked).toMatchObject({
    rp: { name: "exchange.example" },
    user: { name: "rosa", displayName: "rosa" },
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    attestation: "none",
  });
});

test("where it tells the secret only when it is used, it is used once", async () => {
  browser.onCreate = { enabled: true };
  expect(await makePasskey("rosa")).toEqual(OPENER);
  const asked = browser.gotten.mock.calls[0]?.[0].publicKey;
  expect(asked?.allowCredentials).toEqual([{ type: "public-key", id: ID }]);
  expect(asked?.extensions).toEqual(browser.created.mock.calls[0]?.[0].publicKey?.extensions);
});

test.each([
  ["says so", { enabled: false }, undefined],
  ["says nothing, and gives none when it is used", undefined, undefined],
  ["gives one that is too short", undefined, { results: { first: new ArrayBuffer(16) } }],
])("a passkey without a secret (it %s) is forgotten", async (_, onCreate, onGet) => {
  browser.onCreate = onCreate;
  browser.onGet = onGet;
  await expect(makePasskey("rosa")).rejects.toMatchObject({ why: "passkey" });
  expect(browser.forgotten).toHaveBeenCalledWith({
    rpId: "exchange.example",
    credentialId: toBase64Url(ID),
  });
});

test("a second passkey of a name does not take the first one's place", async () => {
  await makePasskey("rosa");
  await makePasskey("rosa");
  const [one, two] = browser.handles;
  expect(one).not.toEqual(two);
  expect(one?.length).toBeLessThanOrEqual(64);
});

test("a device that knows nothing learns name and secret from the passkey", async () => {
  await makePasskey("rosa");
  expect(await usePasskey()).toEqual(OPENER);
  expect(browser.gotten.mock.calls[0]?.[0].publicKey?.allowCredentials).toEqual([]);
});

test("of a known passkey the name need not be told", async () => {
  browser.tellsHandle = false;
  expect(await usePasskey({ name: "rosa", credential: toBase64Url(ID) })).toEqual(OPENER);
  await expect(usePasskey()).rejects.toThrow(WalletUnusable);
});

test("a passkey of another name, or of none, is not taken", async () => {
  await makePasskey("rosa");
  const other = { name: "tom", credential: toBase64Url(ID) };
  await expect(usePasskey(other)).rejects.toThrow(WalletUnusable);
  browser.handles.push(new TextEncoder().encode("<Rosa>"));
  await expect(usePasskey()).rejects.toThrow(WalletUnusable);
});

test.each([
  ["NotAllowedError", SigningRefused],
  ["AbortError", SigningRefused],
  ["SecurityError", WalletUnusable],
  ["NotSupportedError", WalletUnusable],
])("%s is told as it is meant", async (name, kind) => {
  browser.fails = name;
  await expect(makePasskey("rosa")).rejects.toThrow(kind);
  await expect(usePasskey()).rejects.toThrow(kind);
});

test("nobody gets a passkey for a name that no account has", async () => {
  await expect(makePasskey("Rosa Muster")).rejects.toMatchObject({ why: "name" });
  expect(browser.created).not.toHaveBeenCalled();
});

const capable = (capabilities: object) =>
  vi.stubGlobal("PublicKeyCredential", {
    getClientCapabilities: () => Promise.resolve(capabilities),
  });

test.each(["http://127.0.0.1:8000", "https://192.168.1.7", "http://[::1]:8000"])(
  "on the address %s passkeys do not work",
  async (url) => {
    capable({ "extension:prf": true });
    at(url);
    expect(await passkeysWork()).toBe(false);
  },
);

test.each([
  ["it has secrets", { "extension:prf": true, "extension:credProps": true }, true],
  ["it has none", { "extension:prf": false }, false],
  ["it has other extensions", { "extension:credProps": true }, false],
  ["it tells nothing of extensions", { conditionalGet: true }, true],
])("a browser that says: %s", async (_, capabilities, works) => {
  capable(capabilities);
  expect(await passkeysWork()).toBe(works);
});

test("a browser that says nothing may have them, one without passkeys has none", async () => {
  expect(await passkeysWork()).toBe(true);
  at("http://localhost:8000");
  expect(await passkeysWork()).toBe(true);
  at("http://exchange.example", false);
  expect(await passkeysWork()).toBe(false);
  at("https://exchange.example");
  vi.stubGlobal("PublicKeyCredential", undefined);
  expect(await passkeysWork()).toBe(false);
});

test("a browser that cannot say is taken at its passkeys", async () => {
  vi.stubGlobal("PublicKeyCredential", {
    getClientCapabilities: () => Promise.reject(new Error()),
  });
  expect(await passkeysWork()).toBe(true);
});

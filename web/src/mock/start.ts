import type { Session } from "../account/session.ts";
import type { Schema } from "../api/client.ts";
import { problem, type Asked } from "./api.ts";
import { NOW } from "./book.ts";

export const WALLET = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
export const CREATED = "2026-11-20T09:30:00Z";

/** Rosa, who has an account, and trades with the wallet of the key 1. */
export const rosa: Schema["AccountAnswer"] = {
  id: "0193579a-1c3e-7c4b-9f0a-2b1d6f8e4a10",
  name: "rosa",
  roles: ["trader"],
  wallets: [WALLET],
  created_at: CREATED,
};

/** As the exchange answers who has signed in. */
export const signedIn = (account: Schema["AccountAnswer"] = rosa): Schema["SignedInAnswer"] => ({
  account,
  token: {
    id: "0193579a-2f11-7a90-8c33-5d0e7b9a6c21",
    token: `tp_${"a".repeat(43)}`,
    label: "sign-in",
    scopes: ["account:read", "account:write", "trades:read", "trades:write"],
    expires_at: "2026-11-25T05:00:00Z",
  },
});

/** Rosa's session on this device. */
export const session: Session = {
  account: rosa,
  token: signedIn().token.token,
  expiresAt: signedIn().token.expires_at,
  wallet: WALLET,
};

/** A backup as the exchange keeps it. */
export const backup = (vault: string, version = 1): Schema["BackupAnswer"] => ({
  version,
  vault,
  created_at: CREATED,
  replaced_at: null,
  versions: [version],
});

/** What the exchange says of an account without a backup. */
const backupMissing = (): Schema["BackupAnswer"] => {
  throw problem("backup-missing", 404, "The account has no such backup.");
};

export const START_ANSWERS = {
  "/v1/account/backup": backupMissing,
  "PUT /v1/account/backup": ({ body }: Asked): Schema["BackupAnswer"] =>
    backup((body as Schema["BackupBody"]).vault),
  "/v1/time": (): Schema["Time"] => ({ now: NOW }),
  "POST /v1/nonces": (): Schema["NonceAnswer"] => ({
    nonce: "5a".repeat(33),
    expires_at: "2026-11-24T05:10:00Z",
  }),
  "POST /v1/accounts": (): Schema["SignedInAnswer"] =>
    signedIn({ ...rosa, wallets: [], created_at: NOW }),
  "POST /v1/sessions": (): Schema["SignedInAnswer"] => signedIn(),
  "DELETE /v1/sessions/current": () => undefined,
  "POST /v1/account/wallets": (): Schema["AccountAnswer"] => ({ ...rosa, created_at: NOW }),
  "POST /v1/sandbox/faucet": (): Schema["DrawAnswer"] => ({
    wallet: WALLET,
    gifts: [
      { asset: "ETH", amount: "1.000000000000000000", tx_hash: `0x${"5b".repeat(32)}` },
      { asset: "USDT", amount: "2500.000000", tx_hash: `0x${"6c".repeat(32)}` },
    ],
    draws_left: 9,
  }),
};

import { scrypt } from "@noble/hashes/scrypt";

/** How hard a passphrase is to try: scrypt's N, r and p (RFC 7914). */
export interface Cost {
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

/** What is stretched, and how hard. */
export interface Stretching extends Cost {
  readonly passphrase: string;
  readonly salt: string;
}

/** Does it: 32 bytes. */
export type Stretch = (asked: Stretching) => Promise<Uint8Array>;

/** 128 MiB, and half a second of a laptop. A try costs a guesser no less. */
export const COST: Cost = { n: 2 ** 17, r: 8, p: 1 };

/**
 * Whether a cost that somebody else has written is one to spend: not so little that a passphrase
 * is easily tried, and not so much (512 MiB) that it only keeps the device busy.
 */
export const isBearable = ({ n, r, p }: Cost): boolean =>
  [2 ** 16, 2 ** 17, 2 ** 18, 2 ** 19].includes(n) && r === 8 && [1, 2, 3, 4].includes(p);

/** scrypt, on the thread that calls it: half a second, or some on a phone. */
export const stretched = ({ passphrase, salt, n, r, p }: Stretching): Uint8Array =>
  scrypt(passphrase, salt, { N: n, r, p, dkLen: 32 });

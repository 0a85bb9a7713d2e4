import { chainReader } from "../account/openWallet.ts";

/** More gas than any step of the wallet takes: a deposit with its approval. */
const GAS = 150_000n;
/** Fees can rise until it is sent. */
const RISE = 2n;

/** What has to stay of the native coin, in wei, so that a transaction of it can be paid for. */
export async function feeReserve(): Promise<bigint> {
  const price = await chainReader().request({ method: "eth_gasPrice" });
  if (typeof price !== "string" || !/^0x[0-9a-fA-F]{1,32}$/.test(price)) {
    throw new TypeError("The node does not tell the price of gas.");
  }
  return BigInt(price) * GAS * RISE;
}

import { WalletUnusable } from "./errors.ts";
import type { Stretch } from "./stretching.ts";

/** The slowest phone that has the memory at all is done long before. */
const LONGEST_MS = 60_000;

/**
 * Stretches beside the page, which stays alive meanwhile, and gives the memory back afterwards.
 * Throws `WalletUnusable` where the browser has no worker, no memory or not the time for it.
 */
export const inWorker: Stretch = (asked) =>
  new Promise((resolve, reject) => {
    const fail = (message: string) => reject(new WalletUnusable("stretching", message));
    if (typeof Worker === "undefined") {
      fail("This browser cannot work on a passphrase: it has no workers.");
      return;
    }
    const worker = new Worker(new URL("./stretch.worker.ts", import.meta.url), { type: "module" });
    const tooLong = setTimeout(() => {
      worker.terminate();
      fail("This device took too long to work on the passphrase.");
    }, LONGEST_MS);
    worker.onmessage = ({ data }: MessageEvent<Uint8Array>) => {
      clearTimeout(tooLong);
      worker.terminate();
      resolve(data);
    };
    worker.onerror = () => {
      clearTimeout(tooLong);
      worker.terminate();
      fail("This device could not work on the passphrase: it may lack memory.");
    };
    worker.postMessage(asked);
  });

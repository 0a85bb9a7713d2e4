const underWay = new Map<string, Promise<unknown>>();

/**
 * Runs what must not run twice at once, in this page and in other tabs of it: who comes second
 * waits, and then finds what the first has done.
 */
export async function oneAtATime<T>(name: string, work: () => Promise<T>): Promise<T> {
  const before = underWay.get(name);
  const mine = (async () => {
    await before?.catch(() => undefined);
    return inThisBrowser(`tradepost ${name}`, work);
  })();
  underWay.set(name, mine);
  try {
    return await mine;
  } finally {
    if (underWay.get(name) === mine) {
      underWay.delete(name);
    }
  }
}

/** Browsers hide their locks from a page that came neither by https nor from this machine. */
async function inThisBrowser<T>(name: string, work: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  if (locks === undefined) {
    return work();
  }
  return (await locks.request(name, () => work())) as T;
}

/** An address as people tell it from another: its first and last four digits. */
export const short = (address: string): string => `${address.slice(0, 6)}…${address.slice(-4)}`;

import type { OwnBox } from "../wallet/wallet.ts";
import { SealBroken } from "./errors.ts";
import { checkFields, checkLength, fieldsOf, membersOf } from "./texts.ts";

const FORM = 1;
/** Longer ones would be padded beyond the 8,192 characters that the exchange takes. */
const LARGEST_TEXT = 5120;
export const LONGEST_LABEL = 60;

/** One of the trader's own payment accounts, in clear. */
export interface OwnAccount {
  /** The payment method's code. */
  readonly method: string;
  /** What its owner calls it; empty where he does not. */
  readonly label: string;
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * Seals a payment account to its owner himself, as the command line does: who has the wallet has
 * his accounts, on any device. Throws `RangeError` where nothing is in it, or too much.
 */
export function sealPaymentAccount(box: OwnBox, { method, label, fields }: OwnAccount): string {
  checkFields(fields);
  if ([...label].length > LONGEST_LABEL) {
    throw new RangeError(`The label has more than ${LONGEST_LABEL} characters.`);
  }
  const text = JSON.stringify({ form: FORM, method, label, fields });
  checkLength(text, LARGEST_TEXT);
  return box.seal(text);
}

/**
 * Opens a payment account that the exchange has kept as one of `method`. Throws `SealBroken` where
 * it does not open with this wallet, or is not a payment account of `method`: an exchange that
 * serves one under another's name is found out.
 */
export function openPaymentAccount(box: OwnBox, sealed: string, method: string): OwnAccount {
  const content = membersOf(box.open(sealed));
  if (content["form"] !== FORM) {
    throw new SealBroken("The payment account has a form that this page does not know.");
  }
  if (content["method"] !== method) {
    throw new SealBroken("The payment account was sealed for another payment method.");
  }
  const fields = fieldsOf(content["fields"]);
  const { label } = content;
  if (typeof label !== "string" || fields === null) {
    throw new SealBroken("What the seal holds is not a payment account.");
  }
  return { method, label, fields };
}

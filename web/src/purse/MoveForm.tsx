import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { Address } from "viem";

import type { Schema } from "../api/client.ts";
import { useFormat } from "../language/format.ts";
import { typedAmount } from "../offers/search.ts";
import { Value } from "../shell/Value.tsx";
import type { Balance } from "../trading/trader.ts";
import { fromMinor, toMinor } from "./amounts.ts";
import type { MoveKind } from "./pending.ts";
import { isUnchecked, recipientFault, recipientOf, type RecipientFault } from "./recipient.ts";
import { feeReserve } from "./reserve.ts";

/** What is to be moved, in smallest units, and to whom where it is sent. */
export interface Move {
  readonly amount: bigint;
  readonly to: Address | null;
}

interface Props {
  kind: MoveKind;
  asset: Schema["AssetBody"];
  balance: Balance;
  address: string;
  contracts: readonly string[];
  done: (move: Move) => void;
  leave: () => void;
}

export function MoveForm({ kind, asset, balance, address, contracts, done, leave }: Props) {
  const format = useFormat();
  const [typed, setTyped] = useState("");
  const [to, setTo] = useState("");
  const [checked, setChecked] = useState(false);
  const toField = useRef<HTMLInputElement>(null);
  const amountField = useRef<HTMLInputElement>(null);
  const most = kind === "withdraw" ? balance.deposited : balance.wallet;
  // What pays for the transaction is of the native coin, and has to stay.
  const paysFee = asset.token === null && kind !== "withdraw";
  const all = useMutation({
    mutationFn: async () => {
      const rest = most - (paysFee ? await feeReserve() : 0n);
      setTyped(fromMinor(rest > 0n ? rest : 0n, asset.decimals));
    },
  });
  const amount = toMinor(typedAmount(typed), asset.decimals);
  const amountWrong = amount === null || amount === 0n ? "form" : amount > most ? "much" : null;
  const toWrong = kind === "send" ? recipientFault(to, address, contracts) : null;
  const submit = () => {
    setChecked(true);
    if (toWrong !== null) {
      toField.current?.focus();
    } else if (amountWrong !== null || amount === null) {
      amountField.current?.focus();
    } else {
      done({ amount, to: kind === "send" ? recipientOf(to) : null });
    }
  };
  const has = format.coins(fromMinor(most, asset.decimals), asset.code, asset.decimals);
  return (
    <form
      noValidate
      className="mt-4 grid gap-5"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {kind === "deposit" && (
        <p className="text-soft">
          <Trans>
            What is in the contract can be locked for a trade without a fee of the network, and
            shows buyers that your offers are covered. It stays yours.
          </Trans>
        </p>
      )}
      {kind === "send" && (
        <div>
          <label htmlFor="to" className="label">
            <Trans>To the address</Trans>
          </label>
          <input
            id="to"
            ref={toField}
            dir="ltr"
            className="control w-full font-mono"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={60}
            value={to}
            aria-invalid={checked && toWrong !== null}
            aria-describedby="to-about"
            onChange={(event) => setTo(event.target.value.trim())}
          />
          <p id="to-about" className="text-13 mt-1 min-h-5" aria-live="polite">
            {checked && toWrong !== null ? (
              <span className="text-stop">
                <Recipient fault={toWrong} />
              </span>
            ) : (
              isUnchecked(to) && (
                <span className="text-wait">
                  <Trans>
                    This address has no check digits: compare every letter of it with where it came
                    from.
                  </Trans>
                </span>
              )
            )}
          </p>
        </div>
      )}
      <div>
        <label htmlFor="much" className="label">
          <Trans>
            Amount in <Value>{asset.code}</Value>
          </Trans>
        </label>
        <div className="flex gap-2">
          <input
            id="much"
            ref={amountField}
            className="control figures w-full min-w-0"
            inputMode="decimal"
            autoComplete="off"
            maxLength={60}
            value={typed}
            aria-invalid={checked && amountWrong !== null}
            aria-describedby="much-about"
            onChange={(event) => setTyped(event.target.value)}
          />
          <button
            type="button"
            className="button button-quiet"
            aria-disabled={all.isPending}
            onClick={() => !all.isPending && all.mutate()}
          >
            <Trans>All</Trans>
          </button>
        </div>
        <p id="much-about" className="text-13 mt-1" aria-live="polite">
          {checked && amountWrong === "form" ? (
            <span className="text-stop">
              <Trans>Write a number, as 250 or 0.25.</Trans>
            </span>
          ) : checked && amountWrong === "much" ? (
            <span className="text-stop">
              <Trans>
                There is no more than <Value>{has}</Value>.
              </Trans>
            </span>
          ) : all.isError ? (
            <span className="text-stop">
              <Trans>The network’s fee is not known now, so write the amount yourself.</Trans>
            </span>
          ) : (
            <span className="text-soft">
              <Trans>
                There is <Value>{has}</Value>.
              </Trans>{" "}
              {paysFee && <Trans>“All” leaves what the network’s fee may come to.</Trans>}
            </span>
          )}
        </p>
      </div>
      <div className="flex flex-wrap gap-3">
        <button type="submit" className="button button-main">
          <Trans>Continue</Trans>
        </button>
        <button type="button" className="button button-quiet" onClick={leave}>
          <Trans>Cancel</Trans>
        </button>
      </div>
    </form>
  );
}

function Recipient({ fault }: { fault: RecipientFault }) {
  switch (fault) {
    case "form":
      return <Trans>An address is 0x and 40 digits or letters from a to f.</Trans>;
    case "check":
      return <Trans>A letter of it is wrong: its check digits (EIP-55) do not fit.</Trans>;
    case "self":
      return <Trans>This is your own address.</Trans>;
    case "contract":
      return <Trans>This is a contract of the exchange: what is sent there is lost.</Trans>;
    case "nobody":
      return <Trans>This address is nobody’s: what is sent there is lost.</Trans>;
  }
}

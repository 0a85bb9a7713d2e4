import { Trans, useLingui } from "@lingui/react/macro";

import type { Schema } from "../api/client.ts";
import { useFormat } from "../language/format.ts";
import { Value } from "../shell/Value.tsx";
import type { Balance } from "../trading/trader.ts";
import { fromMinor } from "./amounts.ts";
import type { Moving } from "./MoveCard.tsx";
import type { MoveKind } from "./pending.ts";

interface Props {
  balances: readonly Balance[];
  assets: readonly Schema["AssetBody"][];
  choose: (moving: Moving) => void;
}

/** What there is of each coin: in the wallet, and in the contract. */
export function Balances({ balances, assets, choose }: Props) {
  const format = useFormat();
  return (
    <ul>
      {assets.map((asset) => {
        const { code, decimals } = asset;
        const balance = balances.find((each) => each.asset === code) ?? {
          asset: code,
          wallet: 0n,
          deposited: 0n,
        };
        const write = (minor: bigint) => format.coins(fromMinor(minor, decimals), code);
        return (
          <li key={code} className="border-line border-b py-5">
            <dl className="figures grid grid-cols-2 gap-x-6">
              <div>
                <dt className="text-13 text-soft">
                  <Trans>In your wallet</Trans>
                </dt>
                <dd className="text-20 font-semibold">
                  <Value>{write(balance.wallet)}</Value>
                </dd>
              </div>
              <div>
                <dt className="text-13 text-soft">
                  <Trans>In the contract</Trans>
                </dt>
                <dd className="text-20">
                  <Value>{write(balance.deposited)}</Value>
                </dd>
              </div>
            </dl>
            <Actions balance={balance} asset={asset} choose={choose} />
          </li>
        );
      })}
    </ul>
  );
}

interface ActionsProps {
  balance: Balance;
  asset: Schema["AssetBody"];
  choose: (moving: Moving) => void;
}

function Actions({ balance, asset, choose }: ActionsProps) {
  const { t } = useLingui();
  const { code } = asset;
  if (balance.wallet === 0n && balance.deposited === 0n) {
    return (
      <p className="text-soft mt-2">
        <Trans>None yet: receive some, or buy from an offer.</Trans>
      </p>
    );
  }
  const actions: readonly [MoveKind, bigint, string, string][] = [
    ["send", balance.wallet, t`Send`, t`Send ${code}`],
    ["deposit", balance.wallet, t`Deposit`, t`Deposit ${code}`],
    ["withdraw", balance.deposited, t`Withdraw`, t`Withdraw ${code}`],
  ];
  return (
    <div className="mt-3 flex flex-wrap gap-2">
      {actions
        .filter(([, most]) => most > 0n)
        .map(([kind, , name, label]) => (
          <button
            key={kind}
            type="button"
            className="button button-quiet px-4"
            aria-label={label}
            onClick={() => choose({ kind, asset, balance })}
          >
            {name}
          </button>
        ))}
    </div>
  );
}

import { Plural, Trans } from "@lingui/react/macro";

import type { Schema } from "../api/client.ts";
import { useFormat } from "../language/format.ts";
import { Value } from "../shell/Value.tsx";
import { Line } from "./Line.tsx";

/** What the relayer pays gas in: the chain's own coin. */
const COIN_DIGITS = 4;

const Command = ({ children }: { children: string }) => (
  <code dir="ltr" translate="no" className="font-mono text-13">
    {children}
  </code>
);

const Away = () => (
  <p className="text-soft">
    <Trans>The exchange’s node does not answer now.</Trans>
  </p>
);

export function Chain({ part }: { part: Schema["ChainHealth"] }) {
  const format = useFormat();
  return (
    <Line
      name={<Trans>The chain</Trans>}
      good={part.good}
      advice={
        <Trans>
          See that <Command>tradepost watch</Command> runs, and that its node gets blocks.
        </Trans>
      }
    >
      {part.block === null || part.age_s === null ? (
        <p>
          <Trans>No block is known yet.</Trans>
        </p>
      ) : (
        <p>
          <Trans>
            Followed to block <Value>{format.count(part.block)}</Value>, which is{" "}
            <Value>{format.about(part.age_s)}</Value> old.
          </Trans>
        </p>
      )}
      {part.blocks_behind === null ? (
        <Away />
      ) : (
        <p>
          <Plural
            value={part.blocks_behind}
            _0="The node has nothing beyond it."
            one="The node is # block ahead."
            other="The node is # blocks ahead."
          />
        </p>
      )}
    </Line>
  );
}

export function Coins({ part }: { part: Schema["ReservesHealth"] }) {
  const format = useFormat();
  return (
    <Line
      name={<Trans>Coins in the contract</Trans>}
      good={part.good}
      advice={
        <Trans>
          Coins are missing: stop trading, and look at{" "}
          <Command>tradepost rebuild-escrows --dry-run</Command>.
        </Trans>
      }
    >
      {part.assets.length === 0 ? (
        <Away />
      ) : (
        <ul>
          {part.assets.map((one) => (
            <li key={one.asset}>
              <Trans>
                Owes <Value>{format.coins(one.owed, one.asset)}</Value>, and holds{" "}
                <Value>{format.coins(one.held, one.asset)}</Value>.
              </Trans>
              {/[1-9]/.test(one.missing) && (
                <strong className="text-stop ms-2">
                  <Trans>
                    <Value>{format.coins(one.missing, one.asset)}</Value> are missing.
                  </Trans>
                </strong>
              )}
            </li>
          ))}
        </ul>
      )}
    </Line>
  );
}

export function Relayer({ part }: { part: Schema["RelayerHealth"] }) {
  const format = useFormat();
  return (
    <Line
      name={<Trans>Settlements</Trans>}
      good={part.good}
      advice={
        part.late > 0 ? (
          <Trans>
            Some wait for too long: see that <Command>tradepost worker</Command> runs, and its log.
          </Trans>
        ) : (
          <Trans>Send coins for gas to the relayer’s address.</Trans>
        )
      }
    >
      <p>
        <Trans>
          Waiting: <Value>{format.count(part.waiting)}</Value>, sent and not confirmed:{" "}
          <Value>{format.count(part.sent)}</Value>.
        </Trans>
      </p>
      {part.balance === null || part.settlements_left === null ? (
        <Away />
      ) : (
        <p>
          <Trans>
            The relayer has <Value>{format.coins(part.balance, "", COIN_DIGITS).trim()}</Value>{" "}
            coins for gas, enough for about <Value>{format.count(part.settlements_left)}</Value>{" "}
            settlements.
          </Trans>
        </p>
      )}
      <p className="text-soft text-13 break-all">
        <bdi translate="no" className="font-mono">
          {part.address}
        </bdi>
      </p>
    </Line>
  );
}

export function Deadlines({ part }: { part: Schema["TradesHealth"] }) {
  const format = useFormat();
  return (
    <Line
      name={<Trans>Deadlines of trades</Trans>}
      good={part.good}
      advice={
        <Trans>
          See that <Command>tradepost worker</Command> runs.
        </Trans>
      }
    >
      {part.late_s === null ? (
        <p>
          <Trans>Not known before the chain is.</Trans>
        </p>
      ) : part.late_s === 0 ? (
        <p>
          <Trans>None is late.</Trans>
        </p>
      ) : (
        <p>
          <Trans>
            One is unmet for <Value>{format.about(part.late_s)}</Value>.
          </Trans>
        </p>
      )}
      <p>
        <Plural
          value={part.disputed}
          _0="No trade waits for a ruling."
          one="# trade waits for a ruling."
          other="# trades wait for a ruling."
        />
      </p>
    </Line>
  );
}

export function Jobs({ part }: { part: Schema["JobsHealth"] }) {
  const format = useFormat();
  return (
    <Line
      name={<Trans>Work in the background</Trans>}
      good={part.good}
      advice={
        part.failed > 0 ? (
          <Trans>Some jobs failed for good: their errors stand in the log of the worker.</Trans>
        ) : (
          <Trans>
            See that <Command>tradepost worker</Command> runs.
          </Trans>
        )
      }
    >
      <p>
        <Trans>
          Waiting: <Value>{format.count(part.waiting)}</Value>, running:{" "}
          <Value>{format.count(part.running)}</Value>, failed for good:{" "}
          <Value>{format.count(part.failed)}</Value>.
        </Trans>
      </p>
      {part.oldest_s > 0 && (
        <p>
          <Trans>
            One has waited for <Value>{format.about(part.oldest_s)}</Value>.
          </Trans>
        </p>
      )}
    </Line>
  );
}

export function Prices({ part }: { part: Schema["PricesHealth"] }) {
  const format = useFormat();
  return (
    <Line
      name={<Trans>Prices</Trans>}
      good={part.good}
      advice={
        <Trans>
          Offers that follow these prices are out of the book. See that the sources can be reached,
          and that <Command>tradepost worker</Command> runs.
        </Trans>
      }
    >
      <p>
        <Trans>
          Fresh: <Value>{format.count(part.fresh)}</Value> of{" "}
          <Value>{format.count(part.pairs)}</Value> pairs.
        </Trans>
      </p>
      {part.stale.length > 0 && (
        <ul className="text-stop">
          {part.stale.map(({ base, quote, age_s: ageS }) => (
            <li key={`${base}-${quote}`}>
              <Value>
                {base}/{quote}
              </Value>{" "}
              {ageS === null ? (
                <Trans>never had a price</Trans>
              ) : (
                <Trans>
                  is <Value>{format.about(ageS)}</Value> old
                </Trans>
              )}
            </li>
          ))}
        </ul>
      )}
      {part.sources.length > 0 && (
        <ul className="text-soft">
          {part.sources.map((source) => (
            <li key={source.name}>
              <Trans>
                <Value>{source.name}</Value>: <Value>{format.count(source.pairs)}</Value> pairs, of
                which <Value>{format.count(source.faulty)}</Value> failed when asked last.
              </Trans>
            </li>
          ))}
        </ul>
      )}
    </Line>
  );
}

export function Limits({ part }: { part: Schema["LimitsHealth"] }) {
  return (
    <Line
      name={<Trans>Limits of requests</Trans>}
      good={part.good}
      advice={
        <Trans>
          Valkey does not answer: see that it runs, and that <Command>TRADEPOST_REDIS_URL</Command>{" "}
          is right.
        </Trans>
      }
    >
      <p>
        {part.place === "memory" ? (
          <Trans>They are counted by each process for itself.</Trans>
        ) : (
          <Trans>They are counted in Valkey, for all processes together.</Trans>
        )}
      </p>
    </Line>
  );
}

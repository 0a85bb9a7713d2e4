import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { methodsQuery } from "../../api/queries.ts";
import type { Format } from "../../language/format.ts";
import { ActionFailed } from "../../shell/ActionFailed.tsx";
import { Confirm } from "../../shell/Confirm.tsx";
import { Copyable } from "../../shell/Copyable.tsx";
import { Value } from "../../shell/Value.tsx";
import { compareDecimals } from "../decimals.ts";
import { draftOf } from "../making/draft.ts";
import { keepDraft } from "../making/keeping.ts";
import { Limits } from "../OfferRow.tsx";
import { PriceWords } from "../PriceWords.tsx";
import { EditPrice } from "./EditPrice.tsx";
import { HiddenWords } from "./HiddenWords.tsx";
import type { Own } from "./queries.ts";
import { useTurn } from "./useTurn.ts";

/** One of the reader's offers, and what he can do with it. */
export function OwnRow({ offer, format }: { offer: Own; format: Format }) {
  const { asset, currency } = offer;
  const taken = compareDecimals(offer.remaining_amount, offer.total_amount) < 0;
  const write = (amount: string) =>
    offer.amount_unit === "asset" ? format.coins(amount, asset) : format.money(amount, currency);
  return (
    <li className="border-line border-b py-5">
      <div className="grid gap-x-6 gap-y-2 lg:grid-cols-[minmax(0,1.2fr)_minmax(0,1fr)_minmax(0,1.4fr)]">
        <div>
          <h3 className="text-17 font-semibold">
            <Link
              to="/offers/$offerId"
              params={{ offerId: offer.id }}
              search={offer.link === null ? {} : { link: offer.link }}
              className="link"
            >
              <What offer={offer} />
            </Link>
          </h3>
          <p className="text-13 text-soft">
            <MethodList offer={offer} format={format} />
          </p>
        </div>
        <Price offer={offer} format={format} />
        <div>
          <p className="figures">
            <Limits offer={offer} format={format} />
          </p>
          <p className="text-13 text-soft figures">
            <Trans>
              <Value>{write(offer.remaining_amount)}</Value> left of{" "}
              <Value>{write(offer.total_amount)}</Value>
            </Trans>
          </p>
          {taken && (
            <Link to="/trades" className="link text-13 inline-flex min-h-11 items-center">
              <Trans>Trades of your account</Trans>
            </Link>
          )}
        </div>
      </div>
      {offer.state !== "closed" && <Standing offer={offer} />}
      <Actions offer={offer} />
      {offer.visibility === "link" && offer.link !== null && offer.state !== "closed" && (
        <SecretLink offer={offer} link={offer.link} />
      )}
    </li>
  );
}

function What({ offer: { direction, asset, currency } }: { offer: Own }) {
  return direction === "sell" ? (
    <Trans>
      You sell <Value>{asset}</Value> for <Value>{currency}</Value>
    </Trans>
  ) : (
    <Trans>
      You buy <Value>{asset}</Value> for <Value>{currency}</Value>
    </Trans>
  );
}

function MethodList({ offer, format }: { offer: Own; format: Format }) {
  const { i18n } = useLingui();
  const methods = useQuery(methodsQuery(offer.currency, i18n.locale));
  const names = offer.payment_methods.map((code) => methods.data?.get(code)?.name ?? code);
  return <bdi translate="no">{format.list(names)}</bdi>;
}

function Price({ offer, format }: { offer: Own; format: Format }) {
  return (
    <div>
      <p className="text-17 figures font-semibold">
        {offer.price === null ? (
          <Trans>No price now</Trans>
        ) : (
          <Value>{format.price(offer.price, offer.currency)}</Value>
        )}
      </p>
      <p className="text-13">
        {offer.premium_bps !== null && (
          <PriceWords premiumBps={offer.premium_bps} viewer={offer.direction} format={format} />
        )}
      </p>
      {offer.state !== "closed" && <EditPrice offer={offer} format={format} />}
    </div>
  );
}

/** Whether takers find it, and whether they see its coins. */
function Standing({ offer }: { offer: Own }) {
  return (
    <p className="text-13 mt-2 flex flex-wrap gap-2">
      {offer.hidden_because === null ? (
        <span className="bg-brand-wash rounded-full px-2.5 py-0.5 font-medium">
          <Trans>In the book</Trans>
        </span>
      ) : (
        <span className="bg-wait-wash text-wait rounded-full px-2.5 py-0.5 font-medium">
          <HiddenWords why={offer.hidden_because} />
        </span>
      )}
      {offer.funded && (
        <span className="bg-safe-wash text-safe rounded-full px-2.5 py-0.5 font-medium">
          <Trans>Coins are in the contract</Trans>
        </span>
      )}
    </p>
  );
}

function Actions({ offer }: { offer: Own }) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const [closing, setClosing] = useState(false);
  const turning = useTurn(offer);
  const quiet = "button button-quiet px-4";
  const named = `${offer.asset}/${offer.currency}`;
  return (
    <div className="mt-3 flex flex-wrap gap-3">
      {offer.state === "active" && (
        <button
          type="button"
          className={quiet}
          aria-label={t`Pause ${named}`}
          aria-disabled={turning.pending}
          onClick={() => turning.run("pause")}
        >
          <Trans>Pause</Trans>
        </button>
      )}
      {offer.state === "paused" && (
        <button
          type="button"
          className="button button-main px-4"
          aria-label={t`Resume ${named}`}
          aria-disabled={turning.pending}
          onClick={() => turning.run("resume")}
        >
          <Trans>Resume</Trans>
        </button>
      )}
      {offer.state !== "closed" && (
        <Link
          to="/my/offers/$offerId"
          params={{ offerId: offer.id }}
          aria-label={t`Edit all of ${named}`}
          className={quiet}
        >
          <Trans>Edit all</Trans>
        </Link>
      )}
      <button
        type="button"
        className={quiet}
        aria-label={t`Duplicate ${named}`}
        onClick={() => {
          keepDraft({ draft: { ...draftOf(offer), closesAt: "" }, step: 2 });
          void navigate({ to: "/offers/new", search: { step: 2 } });
        }}
      >
        <Trans>Duplicate</Trans>
      </button>
      {offer.state !== "closed" && (
        <button
          type="button"
          className={quiet}
          aria-label={t`Close ${named}`}
          onClick={() => setClosing(true)}
        >
          <Trans>Close</Trans>
        </button>
      )}
      {closing && (
        <Confirm
          title={<Trans>Close this offer for good?</Trans>}
          action={<Trans>Close it</Trans>}
          pending={turning.pending}
          error={turning.error}
          confirm={() => turning.run("close")}
          close={() => {
            turning.forget();
            setClosing(false);
          }}
        >
          <Trans>
            Nobody can take it any more. Trades that were begun go on. To rest for a while, pause it
            instead.
          </Trans>
        </Confirm>
      )}
      {turning.error && !closing && (
        <div className="basis-full">
          <ActionFailed error={turning.error} />
        </div>
      )}
    </div>
  );
}

function SecretLink({ offer, link }: { offer: Own; link: string }) {
  const { t } = useLingui();
  return (
    <div className="mt-3 max-w-2xl">
      <p className="label">
        <Trans>Who has this link can see and take it</Trans>
      </p>
      <Copyable
        label={t`Link to the offer`}
        text={`${window.location.origin}/offers/${offer.id}?link=${encodeURIComponent(link)}`}
      />
    </div>
  );
}

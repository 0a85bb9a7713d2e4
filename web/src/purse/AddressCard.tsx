import { Trans, useLingui } from "@lingui/react/macro";

import { Copyable } from "../shell/Copyable.tsx";
import { QrCode } from "./QrCode.tsx";

/** Where others send coins to. */
export function AddressCard({ address }: { address: string }) {
  const { t } = useLingui();
  return (
    <section aria-labelledby="receive" className="card">
      <h2 id="receive" className="text-20 font-semibold">
        <Trans>Receive</Trans>
      </h2>
      <p className="text-soft mt-1 mb-4">
        <Trans>Send only coins of this exchange’s network to this address.</Trans>
      </p>
      <QrCode text={address} label={t`Your address as a QR code`} />
      <div className="mt-4">
        <Copyable text={address} label={t`Your address`} wraps />
      </div>
    </section>
  );
}

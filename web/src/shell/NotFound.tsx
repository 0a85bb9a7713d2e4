import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";

import { Title } from "./Title.tsx";

export function NotFound() {
  const { t } = useLingui();
  return (
    <div className="py-12">
      <Title name={t`Nothing is here`}>
        <Trans>Nothing is here</Trans>
      </Title>
      <p className="text-17 text-soft mt-3 max-w-prose">
        <Trans>
          This address leads to no page. An offer may have been closed, or is shown by a link only.
        </Trans>
      </p>
      <Link to="/" className="button button-main mt-6">
        <Trans>See all offers</Trans>
      </Link>
    </div>
  );
}

import { Trans } from "@lingui/react/macro";
import { useIsMutating } from "@tanstack/react-query";

import { loadNewPage, useNewPage } from "./worker.ts";

/**
 * Offers a new version of the page. It is loaded only by the reader's own hand, and not offered
 * while something is being done: a reload would cut it off.
 */
export function NewPage() {
  const isNew = useNewPage();
  const busy = useIsMutating() > 0;
  return (
    <div role="status">
      {isNew && !busy && (
        <p className="bg-brand-wash text-ink flex flex-wrap items-center justify-center gap-x-4 px-4 py-1">
          <Trans>A new version of this page is ready.</Trans>
          <button
            type="button"
            className="link inline-flex min-h-11 items-center font-medium"
            onClick={loadNewPage}
          >
            <Trans>Reload</Trans>
          </button>
        </p>
      )}
    </div>
  );
}

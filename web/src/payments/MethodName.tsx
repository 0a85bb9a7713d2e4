import { useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";

import { Value } from "../shell/Value.tsx";
import { methodQuery } from "./queries.ts";

/** What people call a payment method; its code where the exchange does not know it. */
export function MethodName({ code }: { code: string }) {
  const { i18n } = useLingui();
  const method = useQuery(methodQuery(code, i18n.locale));
  return method.isPending ? (
    <span className="skeleton inline-block h-4 w-24 align-middle" aria-busy="true" />
  ) : (
    <Value>{method.data?.name ?? code}</Value>
  );
}

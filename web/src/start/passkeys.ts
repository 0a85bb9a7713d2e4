import { queryOptions } from "@tanstack/react-query";

import { passkeysWork } from "../wallet/passkey.ts";

/** Whether this browser, at this address, can lock a wallet by a passkey. */
export const passkeysQuery = queryOptions({
  queryKey: ["passkeys"],
  queryFn: passkeysWork,
  staleTime: Infinity,
});

import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { makeQueryClient } from "./api/queries.ts";
import { keepTrades, restoreTrades } from "./offline/keeping.ts";
import { makeRouter } from "./routes.tsx";

/** The whole page, in the language that is spoken. */
export function App() {
  const [client] = useState(() => restoreTrades(makeQueryClient()));
  const [router] = useState(makeRouter);
  useEffect(() => keepTrades(client), [client]);
  return (
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </I18nProvider>
  );
}

import { defineConfig } from "@lingui/cli";
import { formatter } from "@lingui/format-po";

export default defineConfig({
  sourceLocale: "en",
  locales: ["en", "es", "pt", "ar", "ru", "zh", "hi", "fr", "de", "pseudo"],
  pseudoLocale: "pseudo",
  fallbackLocales: { pseudo: "en" },
  // Where a message stands would change with each line of code.
  format: formatter({ origins: false }),
  catalogs: [
    {
      path: `${process.env["CATALOGUES"] ?? "src/locales"}/{locale}`,
      include: ["src"],
      exclude: ["**/*.test.*"],
    },
  ],
  orderBy: "origin",
});

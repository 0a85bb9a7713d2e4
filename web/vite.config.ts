import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";

import { lingui } from "@lingui/vite-plugin";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Ships the licences of the fonts beside them, as the Open Font License asks. */
const fontLicences = (fonts: string[]): Plugin => ({
  name: "font-licences",
  generateBundle() {
    const source = fonts
      .map((font) =>
        readFileSync(here(`node_modules/@fontsource-variable/${font}/LICENSE`), "utf8"),
      )
      .join("\n\n");
    this.emitFile({ type: "asset", fileName: "fonts-licenses.txt", source });
  },
});

/** Packs texts once and as small as can be, so that no server has to do it for each reader. */
const packed = (): Plugin => ({
  name: "packed",
  writeBundle: {
    order: "post",
    handler({ dir = "." }, bundle) {
      for (const name of Object.keys(bundle).filter((each) =>
        /\.(js|css|html|svg|md)$/.test(each),
      )) {
        writeFileSync(join(dir, `${name}.br`), brotliCompressSync(readFileSync(join(dir, name))));
      }
    },
  },
});

export default defineConfig({
  plugins: [
    lingui({ macroTransform: true }),
    react(),
    tailwindcss(),
    fontLicences(["onest", "vazirmatn", "geist-mono"]),
    packed(),
  ],
  resolve: {
    alias: {
      // The client is the repository's own; what it needs is installed here.
      "openapi-fetch": here("node_modules/openapi-fetch"),
      "tradepost-client": here("../clients/typescript/src/index.ts"),
    },
  },
  worker: { format: "es" },
  server: { proxy: { "/v1": process.env["TRADEPOST_URL"] ?? "http://127.0.0.1:8000" } },
  build: {
    outDir: here("../src/tradepost/web"),
    emptyOutDir: true,
    assetsInlineLimit: 0, // a strict policy allows no data: addresses
    modulePreload: { polyfill: false },
    target: "es2022",
    manifest: true,
    license: { fileName: "licenses.md" },
  },
});

import { createHash } from "node:crypto";
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

const hash = (body: string | Uint8Array) => createHash("sha256").update(body).digest("hex");

/**
 * Tells the service worker what there is: what it fetches beforehand, which is the page without its
 * languages and the letters of only some of them, and all files that have their hash in their name.
 */
const worker = (): Plugin => ({
  name: "worker",
  generateBundle: {
    order: "post",
    handler(_, bundle) {
      const files = Object.values(bundle);
      const sw = files.find((file) => file.fileName === "sw.js");
      const index = files.find((file) => file.fileName === "index.html");
      if (sw?.type !== "chunk" || index?.type !== "asset") {
        this.error("The build lacks its service worker or its page.");
      }
      if (sw.imports.length + sw.dynamicImports.length > 0) {
        this.error("The service worker has to be one file.");
      }
      const hashed = files.filter((file) => file.fileName.startsWith("assets/"));
      const atOnce = hashed.filter((file) =>
        file.type === "chunk"
          ? !file.facadeModuleId?.endsWith(".po")
          : /\.(css|svg)$|\/onest-latin-wght/.test(file.fileName),
      );
      const beforehand = [
        { url: "/index.html", revision: hash(index.source) },
        { url: "/icon.svg", revision: hash(readFileSync(here("public/icon.svg"))) },
        ...atOnce.map((file) => ({ url: `/${file.fileName}`, revision: null })),
      ];
      const names = hashed.map((file) => `/${file.fileName}`);
      sw.code = sw.code
        .replace(/\b__BEFOREHAND__\b/, () => JSON.stringify(beforehand))
        .replace(/\b__HASHED__\b/, () => JSON.stringify(names));
    },
  },
});

export default defineConfig({
  plugins: [
    lingui({ macroTransform: true }),
    react(),
    tailwindcss(),
    fontLicences(["onest", "vazirmatn", "geist-mono"]),
    worker(),
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
    // Chromium drops such hints, with a warning, once a service worker answers for the files.
    modulePreload: false,
    target: "es2022",
    manifest: true,
    license: { fileName: "licenses.md" },
    rolldownOptions: {
      input: { index: here("index.html"), sw: here("src/offline/sw.ts") },
      output: {
        // A worker that was registered under a name is looked for under it.
        entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
});

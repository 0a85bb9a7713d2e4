import "./page.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./App.tsx";
import { speakFirst } from "./language/load.ts";
import { registerWorker } from "./offline/worker.ts";
import { applyTheme } from "./settings/theme.ts";

async function main(): Promise<void> {
  applyTheme();
  if (import.meta.env.DEV && import.meta.env["VITE_MOCK"]) {
    const { installMock } = await import("./mock/api.ts");
    installMock();
  }
  await speakFirst();
  const page = document.getElementById("page");
  if (page === null) {
    throw new TypeError("The document has no place for the page.");
  }
  createRoot(page).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
  if (import.meta.env.PROD) {
    registerWorker();
  }
}

void main();

import { lazyRouteComponent } from "@tanstack/react-router";

/** The parts of the settings by what follows `/settings/` in their addresses. */
export const SETTINGS = {
  notifications: lazyRouteComponent(() => import("./AlertsPage.tsx"), "AlertsPage"),
  node: lazyRouteComponent(() => import("./NodePage.tsx"), "NodePage"),
  agents: lazyRouteComponent(() => import("./agents/AgentsPage.tsx"), "AgentsPage"),
  tokens: lazyRouteComponent(() => import("./TokensPage.tsx"), "TokensPage"),
  webhooks: lazyRouteComponent(() => import("./webhooks/WebhooksPage.tsx"), "WebhooksPage"),
  searches: lazyRouteComponent(() => import("./SearchesPage.tsx"), "SearchesPage"),
  partners: lazyRouteComponent(() => import("./PartnersPage.tsx"), "PartnersPage"),
};

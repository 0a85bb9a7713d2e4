import type { ReactNode } from "react";

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg
      viewBox="0 0 20 20"
      className="size-5 sm:hidden"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const BookIcon = () => (
  <Icon>
    <path d="M3 5h14M3 10h14M3 15h9" />
  </Icon>
);

export const MarketIcon = () => (
  <Icon>
    <path d="M3 17V9h4v8M8 17V4h4v13M13 17v-6h4v6" />
  </Icon>
);

export const SettingsIcon = () => (
  <Icon>
    <path d="M3 6h6M13 6h4M3 14h4M11 14h6" />
    <circle cx="11" cy="6" r="2" />
    <circle cx="9" cy="14" r="2" />
  </Icon>
);

export const TradesIcon = () => (
  <Icon>
    <path d="M4 7h11l-3-3M16 13H5l3 3" />
  </Icon>
);

export const WalletIcon = () => (
  <Icon>
    <path d="M4 5h11v3M4 5v10h12V8H4" />
    <path d="M13 11.5h.5" />
  </Icon>
);

export const MoreIcon = () => (
  <Icon>
    <circle cx="4" cy="10" r="0.9" />
    <circle cx="10" cy="10" r="0.9" />
    <circle cx="16" cy="10" r="0.9" />
  </Icon>
);

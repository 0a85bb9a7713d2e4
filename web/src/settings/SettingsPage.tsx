import { Trans, useLingui } from "@lingui/react/macro";
import { useState } from "react";

import { choose } from "../language/load.ts";
import { isLocale, LOCALES, type Locale } from "../language/locales.ts";
import { Title } from "../shell/Title.tsx";
import { Value } from "../shell/Value.tsx";
import { Parts } from "./parts.tsx";
import { chooseTheme, chosenTheme, THEMES, type Theme } from "./theme.ts";

/** What this browser remembers: the language and the theme. */
export function SettingsPage() {
  const { t } = useLingui();
  return (
    <>
      <Title name={t`Settings`}>
        <Trans>Settings</Trans>
      </Title>
      <p className="text-soft mt-3 max-w-prose">
        <Trans>They are kept in this browser only, and take effect at once.</Trans>
      </p>
      <LanguageChoice />
      <ThemeChoice />
      <Parts />
      <p className="mt-10">
        <a className="link inline-flex min-h-11 items-center" href="/licenses.md">
          <Trans>Licences of what this page is made of</Trans>
        </a>
      </p>
    </>
  );
}

const CHOICE =
  "border-edge rounded-control bg-sheet has-checked:border-brand has-checked:bg-brand-wash has-focus-visible:outline-brand flex min-h-11 cursor-pointer items-center gap-3 border px-4 has-focus-visible:outline-2 has-focus-visible:outline-offset-2";

function LanguageChoice() {
  const { i18n } = useLingui();
  return (
    <fieldset className="mt-8">
      <legend className="text-20 mb-3 font-semibold">
        <Trans>Language</Trans>
      </legend>
      <div className="grid grid-cols-2 gap-3 sm:grid-cols-3 lg:grid-cols-5">
        {Object.keys(LOCALES)
          .filter(isLocale)
          .map((locale: Locale) => (
            <label key={locale} className={CHOICE}>
              <input
                type="radio"
                name="language"
                className="accent-brand size-5"
                checked={i18n.locale === locale}
                onChange={() => void choose(locale)}
              />
              <span lang={locale}>
                <Value>{LOCALES[locale].name}</Value>
              </span>
            </label>
          ))}
      </div>
    </fieldset>
  );
}

function ThemeChoice() {
  const { t } = useLingui();
  const [chosen, setChosen] = useState<Theme>(chosenTheme);
  const names = { system: t`As the system`, light: t`Light`, dark: t`Dark` };
  return (
    <fieldset className="mt-8">
      <legend className="text-20 mb-3 font-semibold">
        <Trans>Theme</Trans>
      </legend>
      <div className="grid gap-3 sm:grid-cols-3 lg:grid-cols-5">
        {THEMES.map((theme) => (
          <label key={theme} className={CHOICE}>
            <input
              type="radio"
              name="theme"
              className="accent-brand size-5"
              checked={chosen === theme}
              onChange={() => {
                chooseTheme(theme);
                setChosen(theme);
              }}
            />
            {names[theme]}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

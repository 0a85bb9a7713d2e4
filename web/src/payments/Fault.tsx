import { Trans } from "@lingui/react/macro";

import { useFormat } from "../language/format.ts";
import { Value } from "../shell/Value.tsx";
import type { Fault } from "./rules/fault.ts";

/** What is wrong with an entry. It never repeats what was typed. */
export function FaultWords({ fault }: { fault: Fault }) {
  const format = useFormat();
  switch (fault.kind) {
    case "needed":
      return <Trans>This is needed.</Trans>;
    case "character":
      return <Trans>It has a character that cannot be seen: type it by hand.</Trans>;
    case "choice":
      return <Trans>Choose one of these.</Trans>;
    case "name":
      return <Trans>A name has letters, digits, spaces and .,'-()&/ only.</Trans>;
    case "spaces":
      return <Trans>It has no spaces.</Trans>;
    case "email":
      return <Trans>This is no e-mail address.</Trans>;
    case "prefix":
      return <Trans>Begin with + and the country’s prefix.</Trans>;
    case "telephone":
      return <Trans>There can be no such telephone number.</Trans>;
    case "elsewhere":
      return <Trans>It is of a country where this method is not served.</Trans>;
    case "digits":
      return <Trans>It has digits only.</Trans>;
    case "alphanumeric":
      return <Trans>It has letters and digits, and at least one digit.</Trans>;
    case "number":
      return <Trans>There can be no such number: compare it digit by digit.</Trans>;
    case "form":
      return (
        <Trans>
          It looks like <Value>{fault.example}</Value>.
        </Trans>
      );
    case "length": {
      const [least, most] = [format.count(fault.least), format.count(fault.most)];
      return fault.least === fault.most ? (
        <Trans>
          It has <Value>{most}</Value> characters.
        </Trans>
      ) : (
        <Trans>
          It has <Value>{least}</Value> to <Value>{most}</Value> characters.
        </Trans>
      );
    }
  }
}

import { refuse } from "./fault.ts";

/**
 * What follows the check digits, by country, as the registry of ISO 13616 has it: so many digits
 * (n), letters (a), or either (c).
 */
const FORMS = `
  8n12c:AD 19n:AE,IL,SO,TL 8n16c:AL,CY 21n:AO,CV,LY,MZ,PT,ST 16n:AT,BA,EE,LT,MN,XK
  14n:AX,DK,FI,FO,GL,SD 4a20c:AZ 12n:BE 2c22n:BF,BJ,ML 4a6n8c:BG 4a14c:BH
  23n:BI,CF,CG,CM,DJ,GA,GQ,KM,MG,MR,TD 10n11c2n:BL,FR,GF,GP,MC,MF,MQ,NC,PF,PM,RE,TF,WF,YT
  8c15n2c:BR 4c4n16c:BY 5n12c:CH,LI 2a22n:CI,NE,SN,TG 18n:CR,DE,ME,RS,VA
  20n:CZ,ES,SE,SK,TN 4c20n:DO 22n:DZ,IR,IS 25n:EG 2a12n:FK 4a14n:GB,GG,IE,IM,JE 2a16n:GE
  4a15c:GI 7n16c:GR 24c:GT 2c19n:GW 4a20n:HN,NI,SV 17n:HR 24n:HU,MA,PL 4a15n:IQ
  1a10n12c:IT,SM 4a4n18c:JO,YE 4a22c:KW 3n13c:KZ,LU 4n20c:LB 4a24c:LC 4a13c:LV 20c:MD
  3n10c2n:MK 4a5n18c:MT 4a19n3a:MU 4a10n:NL 11n:NO 3n16c:OM 4a16c:PK,RO 4a21c:PS,QA
  14n15c:RU 2n18c:SA 4a20n3a:SC 15n:SI 6n16c:TR 6n19c:UA 4a16n:VG
`;

const BY_COUNTRY = new Map<string, RegExp>(
  FORMS.trim()
    .split(/\s+/)
    .flatMap((entry) => {
      const [form = "", countries = ""] = entry.split(":");
      const pattern = new RegExp(`^${form.replace(/(\d+)([nac])/g, part)}$`);
      return countries.split(",").map((country) => [country, pattern] as const);
    }),
);

function part(_: string, count: string, kind: string): string {
  return `${kind === "n" ? "[0-9]" : kind === "a" ? "[A-Z]" : "[A-Z0-9]"}{${count}}`;
}

/** The compact form of an IBAN; `countries` are those whose banks the method reaches. */
export function iban(text: string, countries: readonly string[] | null): string {
  const number = text.toUpperCase().replace(/[\s-]/g, "");
  const country = number.slice(0, 2);
  const form = BY_COUNTRY.get(country);
  if (!/^[A-Z]{2}[0-9]{2}/.test(number) || !form?.test(number.slice(4)) || rest97(number) !== 1) {
    throw refuse("number");
  }
  if (countries !== null && !countries.includes(country)) {
    throw refuse("elsewhere");
  }
  return number;
}

/** ISO 7064: letters count as 10 to 35, the first four characters come last. */
function rest97(number: string): number {
  let rest = 0;
  for (const character of number.slice(4) + number.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}

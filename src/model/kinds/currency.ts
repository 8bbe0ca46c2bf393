import type { Reading } from "../../lib/reading.ts";
import type { Kind } from "../kind.ts";
import { textFilter, textLike } from "./parts/text-like.ts";
import { textScalar } from "./parts/text-scalar.ts";
import { readSchema } from "./parts/text-schema.ts";

/**
 * ISO 4217, list one (currencies, funds, metals, codes for testing and for none), as published on 2026-01-01 by its
 * maintenance agency, SIX: https://www.six-group.com/en/products-services/financial-information/data-standards.html.
 * Codes that were withdrawn (ANG, BGN, CUC, HRK, SLL, ZWL) are not in it.
 */
export const currencies: ReadonlySet<string> = new Set(
  `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
   CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL
   HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA
   MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
   RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD
   USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX
   YER ZAR ZMW ZWG`.split(/\s+/),
);

/** A currency's code in capital letters. One that was withdrawn is refused; records that have it keep it. */
export function readCurrency(text: string): Reading {
  const code = currencyKey(text);
  return currencies.has(code) ? { value: code } : { complaint: { complaint: "notCurrency" } };
}

/** The same for withdrawn codes too: stored records are asked for by them. */
function readKnownCurrency(text: string): Reading {
  const code = currencyKey(text);
  return /^[A-Z]{3}$/.test(code)
    ? { value: code }
    : { complaint: { complaint: "notCurrencyCode" } };
}

/** The form in which codes are compared, withdrawn ones too. */
export function currencyKey(text: string): string {
  return text.trim().toUpperCase();
}

const currencyScalar = textScalar(
  "Currency",
  "A currency's ISO 4217 code, e.g. `USD`. One that was withdrawn can be asked for and not written.",
  "https://en.wikipedia.org/wiki/ISO_4217",
  readKnownCurrency,
);

/** Signs that are of one currency only: `$` and `¥` are not. */
const signs: Readonly<Record<string, string>> = { "€": "EUR", "£": "GBP", US$: "USD", "₹": "INR" };

const currencySchema = readSchema(readCurrency).meta({ pattern: "^[A-Za-z]{3}$" });

/** A currency's code. */
export const currency = {
  ...textLike,
  name: "currency",
  scalar: currencyScalar,
  schema: () => ({ type: "string", pattern: "^[A-Z]{3}$" }),
  fromText: (text) => ({ value: signs[text] ?? text }),
  input: () => ({ schema: currencySchema, type: { scalar: currencyScalar } }),
  comparedAs: currencyKey,
  filter: textFilter({
    name: "CurrencyFilter",
    about: "a currency's code, also in small letters (`jpy`) and withdrawn ones",
    comparedAs: currencyKey,
  }),
} as const satisfies Kind;

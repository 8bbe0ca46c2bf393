import type { Random } from "./random.ts";
import { type Country, endings, places, trades } from "./words-company.ts";
import { nameGroups } from "./words-people.ts";

/** A company's name and what follows from it. */
type CompanyName = { name: string; domain: string; industry: string; subIndustry: string };

const letters: Readonly<Record<string, string>> = {
  ß: "ss",
  ø: "o",
  ł: "l",
  đ: "d",
  æ: "ae",
  þ: "th",
  ð: "d",
};

/** The text as it stands in an address: small plain letters and digits only. */
export function plainLetters(text: string): string {
  return text
    .toLowerCase()
    .normalize("NFD")
    .replace(/[ßøłđæþð]/g, (letter) => letters[letter] ?? "")
    .replace(/[^a-z0-9]/g, "");
}

const plainPlaces = places.map(plainLetters);
const plainTrades = trades.map(([trade]) => plainLetters(trade));
const pairs = places.length * trades.length;
// A prime that divides no number of pairs we have, so that stepping by it meets every pair once.
const step = 7919;

/**
 * The name of a tenant's company number `index`: names, and so domains, never repeat, without a
 * list of those already given. Addresses end in `.example`, where no mail can ever arrive.
 */
export function companyName(index: number, offset: number): CompanyName {
  const pair = (index * step + offset) % pairs;
  const round = Math.floor(index / pairs);
  const place = pair % places.length;
  const trade = Math.floor(pair / places.length);
  const [tradeName, industry, subIndustry] = at(trades, trade);
  const ending = round === 0 ? [] : [at(endings, (round - 1) % endings.length)];
  const count = Math.floor((round - 1) / endings.length) + 1;
  const numbered = count > 1 ? [String(count)] : [];
  const slug = [at(plainPlaces, place), at(plainTrades, trade)];
  return {
    name: [at(places, place), tradeName, ...ending, ...numbered].join(" "),
    domain: `${[...slug, ...ending, ...numbered].join("-").toLowerCase()}.example`,
    industry,
    subIndustry,
  };
}

/** Given and family name of a person; both from the same part of the world. */
export function personName(random: Random): { given: string; family: string } {
  const group = random.weighted(weightedGroups);
  return { given: random.pick(group.given), family: random.pick(group.family) };
}

const weightedGroups = nameGroups.map((group) => [group, group.weight] as const);

/** A street address in the country. */
export function postalAddress(
  random: Random,
  country: Country,
): { line1: string; city: string; state: string; postcode: string; area: string } {
  const [city, state, postcode, area] = random.pick(country.cities);
  const street = random.pick(country.streets);
  const number = random.between(1, 480);
  return {
    line1: country.name === "DE" ? `${street} ${number}` : `${number} ${street}`,
    city,
    state,
    postcode: postcode + digits(random, country.postcode),
    area,
  };
}

/** A phone number as people write it, and the same in E.164. None has a subscriber. */
export function phoneNumber(
  random: Random,
  country: Country,
  area: string,
): { written: string; e164: string } {
  const local = digits(random, country.phone);
  return {
    written:
      country.name === "US"
        ? `(${area}) ${local.slice(0, 3)}-${local.slice(3)}`
        : `${country.callingCode} ${area} ${local}`,
    e164: `${country.callingCode}${area}${local}`.replaceAll(" ", ""),
  };
}

function digits(random: Random, pattern: string): string {
  return pattern.replace(/#/g, () => String(random.between(0, 9)));
}

function at<Item>(list: readonly Item[], index: number): Item {
  const item = list[index];
  if (item === undefined) throw new RangeError(`No word at ${index}`);
  return item;
}

import { emailKey } from "../model/kinds/email.ts";
import { organizationHost } from "../lib/organization-host.ts";
import { arrayText } from "./copy-text.ts";
import { companyName, personName, phoneNumber, plainLetters, postalAddress } from "./naming.ts";
import type { Row } from "./tables.ts";
import { type Country, accountNotes, countries } from "./words-company.ts";
import {
  accountTags,
  healthScores,
  leadSources,
  lifecycleStages,
  regions,
} from "./words-business.ts";
import { day, dayOf, type Deletion, momentBetween, newId, stampsOf, type World } from "./world.ts";

/** An account and what its records need to know of it. */
export type MadeAccount = {
  id: string;
  /** What people call it. */
  label: string;
  domain: string | null;
  country: Country;
  ownerId: string;
  createdAt: number;
  /** Its records were written before this: the deletion of the account, or the end of history. */
  until: number;
  deletion: Deletion | null;
  row: Row<"accounts">;
};

const weightedCountries = countries.map((country) => [country, country.weight] as const);
const parentsRemembered = 64;

/** Makes the tenant's account number `index`; accounts are created in the order of their numbers. */
export function makeAccount(world: World, index: number): MadeAccount {
  const { random } = world;
  const createdAt = creationOf(world, index);
  const id = newId(world, createdAt);
  const ownerId = random.pick(world.users);
  const deletion = random.chance(0.02) ? makeDeletion(world, createdAt) : null;
  const until = deletion?.at ?? world.anchor;
  const country = random.weighted(weightedCountries);
  const office = postalAddress(random, country);
  const phone = random.chance(0.9) ? phoneNumber(random, country, office.area) : null;
  const individual = random.chance(0.05);
  // Now and then somebody enters a company that is there already.
  const isTwin = index % 40 === 39;
  const company = companyName(isTwin ? index - 15 : index, world.nameOffset);
  const identity = individual
    ? individualIdentity(world, index)
    : businessIdentity(world, company, country);
  if (isTwin && !individual) Object.assign(identity, { name: `${company.name} Inc`, email: null });
  const note = random.maybe(0.4, accountNotes)?.replace("{name}", company.name) ?? null;
  const parent = individual ? null : adopt(world, { id, live: deletion === null });
  const size = random.tail(30, 1.1, 60_000);
  const row: Row<"accounts"> = {
    id,
    ...identity,
    email_key: identity.email === null ? null : emailKey(identity.email),
    host_key: organizationHost([identity.domain, identity.website, identity.email]),
    account_type: individual ? "individual" : "business",
    phone: phone?.written ?? null,
    phone_e164: phone?.e164 ?? null,
    industry: individual ? null : company.industry,
    sub_industry: individual || random.chance(0.4) ? null : company.subIndustry,
    addresses: addressesOf(world, country, office),
    annual_revenue:
      individual || random.chance(0.2) ? null : String((size + 2) * random.between(60, 240) * 1000),
    employee_count: individual ? null : size + 2,
    lifecycle_stage: random.weighted(lifecycleStages),
    lead_source: random.maybe(0.8, leadSources),
    health_score: random.chance(0.6) ? random.weighted(healthScores) : null,
    owner_id: random.chance(0.95) ? ownerId : null,
    parent_account_id: parent,
    description: note,
    last_activity_at: null,
    first_contacted_at: null,
    tags: arrayText(random.some(random.tail(1, 1.6, 4), accountTags)),
    custom_fields: customFieldsOf(world, createdAt),
    ...stampsOf(world, { createdAt, by: ownerId, deletion }),
  };
  const label = individual ? String(identity.name) : company.name;
  const domain = individual ? null : company.domain;
  return { id, label, domain, country, ownerId, createdAt, until, deletion, row };
}

/** Accounts come in evenly over the years, the last one at least two days before the end. */
function creationOf(world: World, index: number): number {
  const span = world.anchor - world.start - 2 * day;
  const slot = span / world.plan.accounts;
  return momentBetween(
    world.random,
    Math.floor(world.start + index * slot),
    Math.floor(world.start + (index + 1) * slot),
  );
}

/** A deletion some time after `createdAt`, leaving a day for what happened before it. */
export function makeDeletion(world: World, createdAt: number): Deletion {
  const at = momentBetween(world.random, createdAt + day, world.anchor);
  return { at, by: world.random.pick(world.users), id: newId(world, at) };
}

type Identity = Record<"name" | "legal_name" | "email" | "website" | "domain", string | null>;

function businessIdentity(
  { random }: World,
  { name, domain }: { name: string; domain: string },
  country: Country,
): Identity {
  const legalName = name + random.pick(country.legalForms);
  return {
    // A few came in with a domain only, as from an import.
    name: random.chance(0.99) ? name : null,
    legal_name: random.chance(0.7) ? legalName : null,
    email: random.chance(0.8)
      ? `${random.pick(["info", "office", "hello", "sales"])}@${domain}`
      : null,
    website: random.chance(0.85) ? `https://www.${domain}` : null,
    domain,
  };
}

function individualIdentity({ random }: World, index: number): Identity {
  const { given, family } = personName(random);
  const mailbox = `${plainLetters(given)}.${plainLetters(family)}`;
  return {
    name: `${given} ${family}`,
    legal_name: null,
    email: `${mailbox}.${index + 1}@mail.example`,
    website: null,
    domain: null,
  };
}

/** Gives an eighth of the accounts a parent, in chains of at most three. */
function adopt(world: World, account: { id: string; live: boolean }): string | null {
  const { random, parents } = world;
  const parent = parents.length > 0 && random.chance(0.12) ? random.pick(parents) : null;
  const depth = parent === null ? 1 : parent.depth + 1;
  if (depth < 3 && account.live) {
    if (parents.length < parentsRemembered) parents.push({ id: account.id, depth });
    else parents[random.between(0, parentsRemembered - 1)] = { id: account.id, depth };
  }
  return parent?.id ?? null;
}

function addressesOf(
  { random }: World,
  country: Country,
  office: ReturnType<typeof postalAddress>,
): string {
  const kinds = random.chance(0.2) ? ["billing", "shipping"] : ["office"];
  const entries = kinds.map((kind, position) => {
    const { line1, city, state, postcode } =
      position === 0 ? office : postalAddress(random, country);
    const line2 = random.maybe(0.2, ["Suite 200", "2nd floor", "Dock 4"]);
    return { kind, line1, line2, city, state, postcode, country: country.name };
  });
  return JSON.stringify(random.chance(0.92) ? entries : []);
}

function customFieldsOf({ random, anchor }: World, createdAt: number): string {
  if (random.chance(0.3)) return "{}";
  const reviewedAt = createdAt + Math.floor(random.share() * (anchor - createdAt));
  return JSON.stringify({
    region: random.pick(regions),
    risk: { score: random.between(0, 100), reviewed_on: dayOf(reviewedAt) },
    ...(random.chance(0.3) ? { sites: random.between(1, 40) } : {}),
    ...(random.chance(0.2)
      ? {
          contract: {
            tier: random.pick(["gold", "silver", "bronze"]),
            auto_renew: random.chance(0.5),
          },
        }
      : {}),
  });
}

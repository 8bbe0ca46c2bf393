import { plainLetters } from "../../../src/seed/naming.ts";
import { Random } from "../../../src/seed/random.ts";
import { freshPhone, misspell, restyled, withoutAccents, writtenPhone } from "./corruptions.ts";
import type { Vocabulary } from "./words.ts";

/** A record of a made set: `of` numbers what it stands for, so records with the same are duplicates. */
export type MadeRecord<Values> = {
  readonly of: number;
  /** How it differs from the first of its kind, or why it is no duplicate although it looks like one. */
  readonly kind: string;
  readonly values: Values;
};

type AccountValues = {
  name: string | null;
  legalName: string | null;
  domain: string | null;
  website: string | null;
  email: string | null;
  phone: string | null;
  accountType: "business" | "individual";
  /** Position in the list of the account it is a subsidiary of. */
  parent: number | null;
};

const forms = [
  ", Inc.",
  " LLC",
  " GmbH",
  " Ltd",
  " S.A.",
  " B.V.",
  " AG",
  " Co.",
  " Corp.",
  " Group",
  " & Co. KG",
];
const brands = "Zip Tek Pro Eco Max Flex Uni Nova Omni Vita Trio Alto".split(" ");
/** How records of real systems miss data: each of these is there with such a probability. */
const kept = { domain: 0.6, website: 0.5, email: 0.5, phone: 0.65 };

type Change = (random: Random, company: Company) => Partial<AccountValues>;
type Company = { name: string; host: string; phone: string };

/** How a second record of the same company differs. */
const corruptions: Readonly<Record<string, Change>> = {
  misspelt: (random, { name }) => ({ name: misspell(random, name) }),
  unaccented: (random, { name }) => ({ name: withoutAccents(random, name) }),
  "legal form": (random, { name }) => ({ name: name + random.pick(forms) }),
  restyled: (random, { name }) => ({ name: restyled(random, name) }),
  joined: (_, { name }) => ({ name: name.replace(" ", "") }),
  "the and and": (_, { name }) => ({ name: `The ${name.replace("&", "and")}` }),
  "word left out": (_, { name }) => ({ name: name.split(" ").slice(0, -1).join(" ") || name }),
  "legal name only": (random, { name }) => ({ name: null, legalName: name + random.pick(forms) }),
  "two at once": (random, { name }) => ({
    name: restyled(random, misspell(random, name) + random.pick(forms)),
  }),
  "new domain": (_, { host }) => ({
    domain: `my-${host}`,
    website: null,
    email: `info@my-${host}`,
  }),
  "trading name": (random, { name }) => ({
    name: `${random.pick(brands)}${random.pick(brands).toLowerCase()}`,
    legalName: name + random.pick(forms),
  }),
  "no name": (_, { host }) => ({ name: null, legalName: null, domain: host }),
};

/** Companies with one or two records each, and companies that look like another but are not. */
export function madeAccounts(
  key: string,
  words: Vocabulary,
  perKind: number,
): MadeRecord<AccountValues>[] {
  const random = new Random(`${key} accounts`);
  const made: MadeRecord<AccountValues>[] = [];
  const taken = new Set<string>();
  const add = (kind: string, of: number, values: AccountValues) => made.push({ of, kind, values });
  const company = (head = random.pick(words.heads), tail: string | null = null): Company => {
    for (;;) {
      const ending = tail ?? random.pick(words.tails);
      const name = `${head} ${ending}`;
      if (taken.has(name) && tail === null) continue;
      taken.add(name);
      return { name, host: `${plainLetters(name)}.${words.zone}`, phone: freshPhone(random) };
    }
  };
  let next = 0;
  let mailbox = 0;
  const record = (of: Company, changes: Partial<AccountValues> = {}): AccountValues => ({
    name: of.name,
    legalName: random.chance(0.4) ? of.name + random.pick(forms) : null,
    domain: random.chance(kept.domain) ? of.host : null,
    website: random.chance(kept.website) ? `https://www.${of.host}/en` : null,
    email: random.chance(kept.email) ? `office${++mailbox}@${of.host}` : null,
    phone: random.chance(kept.phone) ? writtenPhone(random, of.phone) : null,
    accountType: "business",
    parent: null,
    ...changes,
  });

  for (const [kind, change] of Object.entries(corruptions)) {
    for (let count = 0; count < perKind; count += 1) {
      const one = company();
      const of = ++next;
      add("first", of, record(one));
      const changes = change(random, one);
      add(kind, of, record(one, changes));
    }
  }
  for (let count = 0; count < perKind; count += 1) {
    const one = company();
    const parent = made.length;
    add("alone", ++next, record(one, { domain: one.host }));
    const head = one.name.split(" ").slice(0, -1).join(" ");
    const subsidiary = company(head);
    add("not: subsidiary", ++next, record(subsidiary, { domain: one.host, parent }));
    add("not: same first word", ++next, record(company(head)));
    const neighbour = company();
    add(
      "not: shared switchboard",
      ++next,
      record({ ...neighbour, phone: one.phone }, { phone: writtenPhone(random, one.phone) }),
    );
    const store = company();
    const [first, second] = [random.between(1, 49), random.between(50, 99)];
    add(
      "alone",
      ++next,
      record(store, { name: `${store.name} ${first}`, phone: freshPhone(random) }),
    );
    add(
      "not: numbered store",
      ++next,
      record(store, { name: `${store.name} ${second}`, phone: freshPhone(random) }),
    );
    const common = company();
    for (const zone of ["north", "south"]) {
      const host = `${plainLetters(common.name)}-${zone}.${words.zone}`;
      add(
        "not: common name",
        ++next,
        record({ ...common, host, phone: freshPhone(random) }, { legalName: null, domain: host }),
      );
    }
    const family = random.pick(words.family);
    const home = freshPhone(random);
    for (const given of random.some(2, words.given)) {
      const name = `${given} ${family}`;
      const email = `${plainLetters(name)}${++mailbox}@gmail.com`;
      add(
        "not: family",
        ++next,
        record(
          { name, host: "", phone: home },
          { legalName: null, domain: null, website: null, email, accountType: "individual" },
        ),
      );
    }
  }
  return made;
}

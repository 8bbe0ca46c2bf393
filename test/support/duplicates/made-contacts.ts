import { plainLetters } from "../../../src/seed/naming.ts";
import { Random } from "../../../src/seed/random.ts";
import { freshPhone, misspell, restyled, withoutAccents, writtenPhone } from "./corruptions.ts";
import type { Vocabulary } from "./words.ts";
import type { MadeRecord } from "./made-accounts.ts";

type ContactValues = {
  firstName: string | null;
  lastName: string | null;
  email: string | null;
  phone: string | null;
  phone2: string | null;
  company: string | null;
  linkedinUrl: string | null;
  birthday: string | null;
  /** Which of the accounts the person belongs to. */
  account: number | null;
};

type Workplace = { account: number; host: string; name: string };
type Person = {
  given: string;
  family: string;
  work: Workplace;
  mailbox: string;
  phone: string;
  mobile: string;
  birthday: string;
};
type Change = (random: Random, person: Person, elsewhere: Workplace) => Partial<ContactValues>;

const nicknames: Readonly<Record<string, string>> = {
  Robert: "Bob",
  William: "Bill",
  Richard: "Rick",
  James: "Jim",
  Michael: "Mike",
  Thomas: "Tom",
  Daniel: "Dan",
  Matthew: "Matt",
  Elizabeth: "Liz",
  Margaret: "Maggie",
  Jennifer: "Jen",
  Patricia: "Pat",
  Christopher: "Chris",
  Alexander: "Alex",
  Joseph: "Joe",
  Edward: "Ted",
  Charles: "Charlie",
  Steven: "Steve",
  Samuel: "Sam",
  Benjamin: "Ben",
};

/** How a second record of the same person differs. */
const corruptions: Readonly<Record<string, Change>> = {
  "misspelt first": (random, { given }) => ({ firstName: misspell(random, given) }),
  "misspelt last": (random, { family }) => ({ lastName: misspell(random, family) }),
  unaccented: (random, { given, family }) => ({
    firstName: withoutAccents(random, given),
    lastName: withoutAccents(random, family),
  }),
  restyled: (random, { given, family }) => ({
    firstName: restyled(random, given),
    lastName: restyled(random, family),
  }),
  swapped: (_, { given, family }) => ({ firstName: family, lastName: given }),
  "misspelt without account": (random, { family, work }) => ({
    lastName: misspell(random, family),
    account: null,
    company: work.name,
  }),
  "misspelt and moved": (random, { family, mailbox, mobile }, elsewhere) => ({
    lastName: misspell(random, family),
    account: elsewhere.account,
    email: `${mailbox}@${elsewhere.host}`,
    phone2: writtenPhone(random, mobile),
  }),
  "email only": (_, { mailbox, work }) => ({
    firstName: null,
    lastName: null,
    email: `${mailbox}@${work.host}`.toUpperCase(),
    account: null,
  }),
  initial: (_, { given }) => ({ firstName: `${given[0]}.` }),
  "middle name": (random, { given }) => ({
    firstName: `${given} ${random.pick("ABCDEJM".split(""))}.`,
  }),
  nickname: (_, { given }) => ({ firstName: nicknames[given] ?? given }),
  "first name only": () => ({ lastName: null }),
  "without account": (_, { work }) => ({
    account: null,
    company: `${work.name.toUpperCase()} Inc`,
  }),
  "private email": (_, { mailbox }) => ({ email: `${mailbox.replace(".", "")}@gmail.com` }),
  married: (_, { family }) => ({
    lastName: `${family.slice(2)}${family.slice(0, 2).toLowerCase()}son`,
  }),
  "moved company": (random, { mailbox, mobile }, elsewhere) => ({
    account: elsewhere.account,
    email: `${mailbox}@${elsewhere.host}`,
    phone: null,
    phone2: writtenPhone(random, mobile),
  }),
};

/** How records of real systems miss data. */
const kept = { email: 0.7, phone: 0.5, mobile: 0.4, profile: 0.15, birthday: 0.15 };

/** People with one or two records each, and people who look like another but are not. */
export function madeContacts(
  key: string,
  words: Vocabulary,
  options: { readonly perKind: number; readonly accounts: number },
): { readonly workplaces: readonly Workplace[]; readonly contacts: MadeRecord<ContactValues>[] } {
  const random = new Random(`${key} contacts`);
  const workplaces = Array.from({ length: options.accounts }, (_, account): Workplace => {
    const name = `${random.pick(words.heads)} ${random.pick(words.tails)}`;
    return { account, name, host: `${plainLetters(name)}${account}.${words.zone}` };
  });
  const contacts: MadeRecord<ContactValues>[] = [];
  const mailboxes = new Set<string>();
  let next = 0;
  const person = (work = random.pick(workplaces), known: Partial<Person> = {}): Person => {
    const [given, family] = [
      known.given ?? random.pick(words.given),
      known.family ?? random.pick(words.family),
    ];
    const wanted = `${plainLetters(given)}.${plainLetters(family)}`;
    let mailbox = wanted;
    for (let count = 2; mailboxes.has(`${mailbox}@${work.host}`); count += 1)
      mailbox = wanted + count;
    mailboxes.add(`${mailbox}@${work.host}`);
    const birthday = `${random.between(1950, 2003)}-0${random.between(1, 9)}-${random.between(10, 28)}`;
    return {
      given,
      family,
      work,
      mailbox,
      phone: freshPhone(random),
      mobile: freshPhone(random),
      birthday,
      ...known,
    };
  };
  const record = (of: Person, changes: Partial<ContactValues> = {}): ContactValues => ({
    firstName: of.given,
    lastName: of.family,
    email: random.chance(kept.email) ? `${of.mailbox}@${of.work.host}` : null,
    phone: random.chance(kept.phone) ? writtenPhone(random, of.phone) : null,
    phone2: random.chance(kept.mobile) ? writtenPhone(random, of.mobile) : null,
    company: null,
    linkedinUrl: random.chance(kept.profile)
      ? `https://www.linkedin.com/in/${of.mailbox}-${of.mobile}`
      : null,
    birthday: random.chance(kept.birthday) ? of.birthday : null,
    account: of.work.account,
    ...changes,
  });
  const add = (kind: string, of: number, values: ContactValues) =>
    contacts.push({ of, kind, values });

  for (const [kind, change] of Object.entries(corruptions)) {
    for (let count = 0; count < options.perKind; count += 1) {
      const named =
        kind === "nickname"
          ? { given: random.pick(words.given.filter((name) => name in nicknames)) }
          : {};
      const one = person(undefined, named);
      const of = ++next;
      add("first", of, record(one));
      const second = record(one, change(random, one, random.pick(workplaces)));
      // An account holds an email once.
      const first = contacts.at(-1)?.values;
      const isTaken =
        second.email !== null && second.email === first?.email && second.account === first.account;
      add(kind, of, isTaken ? { ...second, email: null } : second);
    }
  }
  for (let count = 0; count < options.perKind; count += 1) {
    const one = person();
    add("alone", ++next, record(one, { phone: writtenPhone(random, one.phone) }));
    const switchboard = { phone: writtenPhone(random, one.phone) };
    add("not: shared switchboard", ++next, record(person(one.work), switchboard));
    add("not: colleague", ++next, record(person(one.work)));
    const cousin = person(one.work, {
      family: one.family,
      given: random.pick(words.given.filter((name) => name !== one.given)),
    });
    add("not: colleague of the name", ++next, record(cousin));
    add(
      "not: common name",
      ++next,
      record(person(undefined, { given: one.given, family: one.family })),
    );
    const namesake = person(one.work, { given: one.given, family: one.family });
    add(
      "not: namesake at work",
      ++next,
      record(namesake, {
        email: `${namesake.mailbox}@${one.work.host}`,
        birthday: namesake.birthday,
      }),
    );
    const spouse = person(undefined, {
      family: one.family,
      given: random.pick(words.given.filter((name) => name !== one.given)),
      phone: one.mobile,
    });
    add("not: family", ++next, record(spouse, { phone: writtenPhone(random, one.mobile) }));
    for (const work of random.some(2, workplaces)) {
      add(
        "not: role mailbox",
        ++next,
        record(person(work), { email: `info@consultants.${words.zone}` }),
      );
    }
  }
  // What is unique within an account stays so.
  const seen = new Set<string>();
  const unique = contacts.map((contact) => {
    const place = `${contact.values.account} ${contact.values.email}`;
    if (contact.values.email === null || !seen.has(place)) {
      seen.add(place);
      return contact;
    }
    return { ...contact, values: { ...contact.values, email: null } };
  });
  return { workplaces, contacts: unique };
}

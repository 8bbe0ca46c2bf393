import { emailKey } from "../model/kinds/email.ts";
import { organizationHost } from "../lib/organization-host.ts";
import { arrayText } from "./copy-text.ts";
import { type MadeAccount, makeDeletion } from "./make-account.ts";
import { personName, phoneNumber, plainLetters, postalAddress } from "./naming.ts";
import type { Row } from "./tables.ts";
import { contactTags, leadSources } from "./words-business.ts";
import { countries } from "./words-company.ts";
import { contactNotes, jobs } from "./words-people.ts";
import { day, dayOf, hour, instant, momentBetween, newId, stampsOf, type World } from "./world.ts";

/** A contact and what deals and activities need to know of it. */
export type MadeContact = {
  id: string;
  label: string;
  createdAt: number;
  /** Left the company and was deleted on their own: takes part in nothing. */
  gone: boolean;
  row: Row<"contacts">;
};

/** The people of an account: mostly a few, the first one usually its primary contact. */
export function makeContacts(world: World, account: MadeAccount): MadeContact[] {
  const { random } = world;
  const people: MadeContact[] = [];
  const mailboxes = new Set<string>();
  const hasPrimary = random.chance(0.9);
  const count = random.chance(0.15) ? 0 : 1 + random.tail(1.6, 1.6, 7);
  while (people.length < count) {
    const { given, family } = personName(random);
    const mailbox = freeMailbox(mailboxes, `${plainLetters(given)}.${plainLetters(family)}`);
    const person = makePerson(world, {
      account,
      given,
      family,
      email: `${mailbox}@${account.domain ?? "mail.example"}`,
      isFirst: people.length === 0,
      isPrimary: hasPrimary && people.length === 0,
      managers: people.filter(({ gone }) => !gone),
    });
    people.push(person);
  }
  return people;
}

/** A person without account, e.g. from a fair; `index` keeps the mailbox unique. */
export function makeFreeContact(world: World, index: number): MadeContact {
  const { given, family } = personName(world.random);
  const email = `${plainLetters(given)}.${plainLetters(family)}.${index + 1}@post.example`;
  return makePerson(world, {
    account: null,
    given,
    family,
    email,
    isFirst: false,
    isPrimary: false,
    managers: [],
  });
}

function freeMailbox(taken: Set<string>, wanted: string): string {
  let mailbox = wanted;
  for (let count = 2; taken.has(mailbox); count += 1) mailbox = `${wanted}${count}`;
  taken.add(mailbox);
  return mailbox;
}

function makePerson(
  world: World,
  person: {
    account: MadeAccount | null;
    given: string;
    family: string;
    email: string;
    /** Came in with the account. */
    isFirst: boolean;
    isPrimary: boolean;
    managers: readonly MadeContact[];
  },
): MadeContact {
  const { random } = world;
  const { account, given, family } = person;
  const until = account?.until ?? world.anchor;
  const from = account?.createdAt ?? world.start;
  const latest = person.isFirst ? Math.min(from + 4 * hour, until - hour) : until - hour;
  const createdAt = momentBetween(random, from, latest);
  const id = newId(world, createdAt);
  const gone =
    account?.deletion == null &&
    !person.isPrimary &&
    createdAt < world.anchor - 3 * day &&
    random.chance(0.03);
  const deletion = gone ? makeDeletion(world, createdAt) : (account?.deletion ?? null);
  const managers = person.managers.filter((manager) => manager.createdAt <= createdAt);
  const manager = managers.length > 0 && random.chance(0.55) ? random.pick(managers) : null;
  const country = account?.country ?? random.pick(countries);
  const home = postalAddress(random, country);
  const phone = random.chance(0.8) ? phoneNumber(random, country, home.area) : null;
  const mobile = random.chance(0.25) ? phoneNumber(random, country, home.area) : null;
  const [jobTitle, seniority, role] = random.pick(jobs);
  const optedIn = random.chance(0.35);
  const optedInAt = optedIn ? instant(momentBetween(random, createdAt, until)) : null;
  const hasAddress = random.chance(0.5);
  const by = account?.ownerId ?? random.pick(world.users);
  const row: Row<"contacts"> = {
    id,
    account_id: account?.id ?? null,
    first_name: given,
    last_name: random.chance(0.98) ? family : null,
    custom_display_name: random.chance(0.03) ? `${given} ${family} (${jobTitle})` : null,
    title: random.maybe(0.1, ["Dr.", "Ms.", "Mr.", "Prof."]),
    email: random.chance(0.93) ? person.email : null,
    email_key: null,
    host_key: null,
    phone_1: phone?.written ?? null,
    phone_1_label: phone === null ? null : "Work",
    phone_2: mobile?.written ?? null,
    phone_2_label: mobile === null ? null : "Mobile",
    phone_e164: phone?.e164 ?? null,
    company:
      account === null
        ? random.maybe(0.5, ["self-employed", "City council", "Harbor authority"])
        : null,
    job_title: account === null ? null : jobTitle,
    seniority: account === null ? null : seniority,
    decision_role: account !== null && random.chance(0.6) ? role : null,
    is_primary: person.isPrimary,
    linkedin_url: random.chance(0.3)
      ? `https://www.linkedin.com/in/${plainLetters(given + family)}-${id.slice(-6)}`
      : null,
    reports_to_contact_id: manager?.id ?? null,
    address: hasAddress ? home.line1 : null,
    postcode: hasAddress ? home.postcode : null,
    city: home.city,
    state: home.state,
    country: country.name,
    lead_origin: random.maybe(0.5, leadSources),
    birthday: random.chance(0.2)
      ? dayOf(Date.UTC(random.between(1955, 2002), 0, random.between(1, 365)))
      : null,
    note: random.maybe(0.2, contactNotes),
    opted_in: optedIn,
    opted_in_at: optedInAt,
    gdpr_consent:
      optedIn && random.chance(0.5)
        ? JSON.stringify({ purpose: "newsletter", at: optedInAt })
        : null,
    last_interaction_at: null,
    department_id: random.maybe(0.15, world.departments),
    tags: arrayText(random.some(random.tail(0.7, 1.8, 3), contactTags)),
    custom_fields: random.chance(0.15)
      ? JSON.stringify({
          preferences: {
            channel: random.pick(["email", "phone"]),
            language: random.pick(["en", "es", "fr", "de"]),
          },
        })
      : "{}",
    ...stampsOf(world, { createdAt, by, deletion }),
  };
  if (row.email !== null) {
    row.email_key = emailKey(person.email);
    row.host_key = organizationHost([person.email]);
  }
  return { id, label: `${given} ${family}`, createdAt, gone, row };
}

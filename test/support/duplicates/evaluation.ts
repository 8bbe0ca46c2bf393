import type { Queryable } from "../../../src/db/fenced-pool.ts";
import {
  duplicateStatement,
  type DuplicateRules,
} from "../../../src/query/duplicates/duplicates.ts";
import { accountDuplicates } from "../../../src/modules/account/duplicates.ts";
import { contactDuplicates } from "../../../src/modules/contact/duplicates.ts";
import type { TenantFixtures } from "../samples/fixtures.ts";
import type { Vocabulary } from "./words.ts";
import { madeAccounts, type MadeRecord } from "./made-accounts.ts";
import { madeContacts } from "./made-contacts.ts";

/** A made set in the database. */
export type StoredSet = {
  readonly rules: DuplicateRules;
  readonly ids: readonly string[];
  readonly made: readonly MadeRecord<unknown>[];
};

export type FoundPair = { readonly left: number; readonly right: number; readonly score: number };

export async function storeAccounts(
  tenant: TenantFixtures,
  words: Vocabulary,
  perKind: number,
): Promise<StoredSet> {
  const made = madeAccounts(tenant.slug, words, perKind);
  const rows = made.map(({ values: { parent: _parent, ...values } }) => values);
  const stored = await tenant.makeMany("account", rows);
  const ids = stored.map(({ uuid }) => uuid);
  for (const [index, { values }] of made.entries()) {
    if (values.parent !== null) await tenant.setParent(ids[index] ?? "", ids[values.parent] ?? "");
  }
  return { rules: accountDuplicates, ids, made };
}

export async function storeContacts(
  tenant: TenantFixtures,
  words: Vocabulary,
  perKind: number,
): Promise<StoredSet> {
  const { workplaces, contacts } = madeContacts(tenant.slug, words, {
    perKind,
    accounts: perKind * 3,
  });
  const accounts = await tenant.makeMany(
    "account",
    workplaces.map(({ name, host }) => ({ name, domain: host })),
  );
  const rows = contacts.map(({ values: { account, ...values } }) => ({
    ...values,
    accountId: account === null ? null : (accounts[account]?.uuid ?? null),
  }));
  const stored = await tenant.makeMany("contact", rows);
  return { rules: contactDuplicates, ids: stored.map(({ uuid }) => uuid), made: contacts };
}

/** All pairs that are found in a set, each once, whatever their score. */
export async function findPairs(
  db: Queryable,
  tenantId: string,
  { rules, ids }: StoredSet,
): Promise<FoundPair[]> {
  const places = new Map(ids.map((id, index) => [id, index]));
  const pairs = new Map<string, FoundPair>();
  for (let start = 0; start < ids.length; start += 100) {
    const request = { rules, limit: 1_000, minScore: 0.01 };
    const { statement, collect } = duplicateStatement(
      request,
      { tenantId, appId: null },
      ids.slice(start, start + 100),
    );
    for (const [id, found] of collect(await db.rows(statement.text, statement.values))) {
      for (const duplicate of found) {
        const [left, right] = [places.get(id) ?? -1, places.get(duplicate.id) ?? -1].toSorted(
          (a, b) => a - b,
        );
        pairs.set(`${left} ${right}`, {
          left: left ?? -1,
          right: right ?? -1,
          score: duplicate.score,
        });
      }
    }
  }
  return [...pairs.values()];
}

export type Measure = {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Recall by the kind of corruption, and false alarms by what they look like. */
  readonly recallOf: Readonly<Record<string, number>>;
  readonly falseAlarms: Readonly<Record<string, number>>;
};

/** Precision and recall of the pairs from a score on. */
export function measure(
  { made }: StoredSet,
  pairs: readonly FoundPair[],
  minScore: number,
): Measure {
  const expected = new Map<string, string>();
  const firstOf = new Map<number, number>();
  for (const [index, { of, kind }] of made.entries()) {
    const first = firstOf.get(of);
    if (first === undefined) firstOf.set(of, index);
    else expected.set(`${first} ${index}`, kind);
  }
  const found = pairs.filter(({ score }) => score >= minScore);
  const hits = found.flatMap(({ left, right }) => expected.get(`${left} ${right}`) ?? []);
  const alarms = found
    .filter(({ left, right }) => !expected.has(`${left} ${right}`))
    .map(({ left, right }) =>
      [String(made[left]?.kind), String(made[right]?.kind)]
        .toSorted((a, b) => a.localeCompare(b))
        .join(" / "),
    );
  const all = countOf([...expected.values()]);
  const hit = countOf(hits);
  const precision = found.length === 0 ? 1 : hits.length / found.length;
  const recall = hits.length / expected.size;
  return {
    precision,
    recall,
    f1: (2 * precision * recall) / (precision + recall || 1),
    recallOf: Object.fromEntries(
      Object.entries(all).map(([kind, count]) => [kind, (hit[kind] ?? 0) / count]),
    ),
    falseAlarms: countOf(alarms),
  };
}

function countOf(items: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[item] = (counts[item] ?? 0) + 1;
  return counts;
}

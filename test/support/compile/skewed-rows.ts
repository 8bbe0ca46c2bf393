import { Random } from "../../../src/seed/random.ts";
import { catalog } from "../../../src/modules/catalog.ts";
import { randomWorld, type RandomRow, type RandomWorld } from "../samples/random-rows.ts";

/** The application of a bound key, which has a third of the rows. */
export const application = "app-1";

/** Texts that printers and parsers of JSON get wrong. */
const oddTexts = [
  '"',
  "\\",
  "\u0001\u001f\u007f",
  "\u2028\u2029",
  "\t\r\n\b\f",
  "</script>",
  "e\u0301",
  "👩‍👩‍👧",
  "\\u0041",
  " a ",
];

/** Edges whose rows mostly belong to a single record. */
const crowded: Readonly<Record<string, readonly string[]>> = {
  activity: ["accountId", "dealId", "contactId"],
  lineItem: ["quoteId"],
  changeEvent: ["recordId"],
};

const addressParts = ["kind", "line1", "line2", "city", "state", "postcode", "country"];

/** Lists and objects of a known shape. The gateway writes no other shape. */
const shaped: Readonly<Record<string, (random: Random) => unknown>> = {
  addresses: (random) =>
    Array.from({ length: random.between(0, 3) }, () =>
      objectOf(random, addressParts, () => random.pick([...oddTexts, "Kyiv", "", null, 7])),
    ),
  changes: (random) => {
    const value = () =>
      random.pick([...oddTexts, null, true, 0.1, -7, "1.50", ["a", null], { a: 1 }]);
    return objectOf(random, ["name", "tags", "value", "custom_fields"], () => [value(), value()]);
  },
};

function objectOf(random: Random, names: readonly string[], value: () => unknown) {
  const chosen = random.some(random.between(0, names.length), names);
  return Object.fromEntries(chosen.map((name) => [name, value()]));
}

/** Random rows with an uneven spread, with texts that are hard to print, and with rows of an application. */
export function skewedRows(seed: number, tenantId: string): RandomWorld {
  const random = new Random(`skew ${seed}`);
  const world = randomWorld(seed, tenantId);
  const most = world.get("account")?.[0]?.id;
  const bend = (name: string, row: RandomRow): RandomRow => {
    const bent: Record<string, unknown> & { id: string } = { ...row };
    for (const [field, { kind, values }] of Object.entries(catalog.entity(name).fields)) {
      if (field === "appId") bent[field] = random.pick([application, null, row[field]]);
      if (shaped[field] !== undefined) bent[field] = shaped[field](random);
      if (row[field] == null) continue;
      if (crowded[name]?.includes(field) && random.chance(0.5)) bent[field] = most;
      const isFree =
        kind.name === "text" && values === null && !/Number$|^appId$|^externalId$/.test(field);
      if (isFree && random.chance(0.05)) bent[field] = random.pick(oddTexts);
    }
    return bent;
  };
  return new Map([...world].map(([name, rows]) => [name, rows.map((row) => bend(name, row))]));
}

/** Numbers that JavaScript cannot hold, in the JSON of some rows. */
export const bigNumbers = ["accounts", "contacts", "deals", "quotes"].map(
  (table) =>
    `UPDATE ${table} SET custom_fields = custom_fields || '{"big": 12345678901234567890.125, "b": [1e3, 1.50]}' WHERE id::text LIKE '%3'`,
);

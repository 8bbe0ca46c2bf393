import { stepOfParts } from "../src/db/citus/shards.ts";
import { sqlStatements } from "../src/db/sql-statements.ts";

/** A kind of statement that the version before cannot live with, or that requests would wait for. */
type Rule = {
  readonly matches: RegExp;
  /** How to do the same in steps that are safe. */
  readonly instead: string;
};

const name = String.raw`(?:IF EXISTS )?(?:ONLY )?(?:public\.)?"?(\w+)"?`;
const inTable = (change: string): RegExp => new RegExp(`^ALTER TABLE ${name} .*?\\b${change}`, "i");

const rules: readonly Rule[] = [
  {
    matches: new RegExp(`^DROP TABLE ${name}`, "i"),
    instead: "drop it one release after the last version that reads it",
  },
  {
    matches: /^DROP (?:FUNCTION|TYPE|POLICY|VIEW|INDEX(?! CONCURRENTLY)) (\S+)/i,
    instead: "drop it one release after the last version that uses it (an index: CONCURRENTLY)",
  },
  {
    matches: inTable(String.raw`DROP (?:COLUMN|CONSTRAINT)`),
    instead: "drop it one release after the last version that uses it",
  },
  {
    matches: inTable("RENAME"),
    instead: "add the new one, write both, and drop the old one later",
  },
  {
    matches: inTable(String.raw`(?:SET DATA )?TYPE\b`),
    instead: "add a column of the new type, write both, and drop the old one later",
  },
  {
    matches: inTable("SET NOT NULL"),
    instead: "the version before may write null: add a CHECK … NOT VALID in a later release",
  },
  {
    matches: inTable(String.raw`ADD COLUMN (?=(?:(?!, ADD).)*NOT NULL)(?!(?:(?!, ADD).)*DEFAULT)`),
    instead: "the version before writes no such column: give it a DEFAULT",
  },
  {
    matches: inTable(String.raw`ADD COLUMN [^,]*(?:GENERATED|DEFAULT (?!now\(\))\w+\()`),
    instead: "it rewrites the table under a lock: add it as nullable and fill it in batches",
  },
  {
    matches: inTable(String.raw`ADD (?:CONSTRAINT "?\w+"? )?(?:CHECK|FOREIGN KEY)(?!.*NOT VALID)`),
    instead:
      "it reads the table under a lock: NOT VALID, and VALIDATE CONSTRAINT in the next migration",
  },
  {
    matches: inTable(
      String.raw`ADD (?:CONSTRAINT "?\w+"? )?(?:UNIQUE|PRIMARY KEY)(?! USING INDEX)`,
    ),
    instead: "build a unique index CONCURRENTLY first, and name it USING INDEX",
  },
  {
    matches: /^CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY).*?\bON (?:ONLY )?(?:public\.)?"?(\w+)"?/i,
    instead: "writers wait for it: CREATE INDEX CONCURRENTLY, in a migration of its own",
  },
  {
    matches: /^(?:UPDATE|DELETE FROM|LOCK(?: TABLE)?|TRUNCATE(?: TABLE)?) (?:ONLY )?"?(\w+)"?/i,
    instead: "writers wait for all its rows: let the gateway or a job do it in batches",
  },
];

/** Said in front of a statement that is safe in spite of a rule, with the reason. */
const excuse = /--\s*safe beside the version before:\s*\S/i;

/**
 * The statements of a migration that a gateway of the version before would not survive, or would wait for. Tables that the
 * migration makes itself are free of rules: nobody uses them yet.
 */
export function migrationHazards(sql: string): string[] {
  const statements = sqlStatements(sql).map(({ text }) => ({
    isExcused: excuse.test(text),
    text: onOneLine(text),
  }));
  const made = new Set(
    statements.flatMap(
      ({ text }) => /^CREATE TABLE (?:IF NOT EXISTS )?"?(\w+)"?/i.exec(text)?.[1] ?? [],
    ),
  );
  const hazards = statements
    .filter(({ isExcused }) => !isExcused)
    .flatMap(({ text }) =>
      rules
        .filter(({ matches }) => {
          const table = matches.exec(text)?.[1];
          return table !== undefined && !made.has(table);
        })
        .map(({ instead }) => `${text.slice(0, 120)}: ${instead}`),
    );
  for (const [place, { text }] of statements.entries()) {
    const index = /^CREATE (?:UNIQUE )?INDEX CONCURRENTLY (?:IF NOT EXISTS )?"?(\w+)"?/i.exec(
      text,
    )?.[1];
    if (index === undefined) continue;
    const before = statements[place - 1]?.text.replaceAll('"', "") ?? "";
    if (before.startsWith(`DROP INDEX CONCURRENTLY IF EXISTS ${index}`)) continue;
    hazards.push(
      `${index}: a failed attempt leaves it invalid: DROP INDEX CONCURRENTLY IF EXISTS first`,
    );
  }
  return hazards;
}

const onOneLine = (text: string): string =>
  text
    .replaceAll(/--[^\n]*/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();

/** What Citus passes on to the shards of a table. */
const passedOn = new RegExp(
  `^ALTER TABLE ${name} (?:(?:ADD|DROP|VALIDATE|ENABLE|DISABLE|FORCE|NO FORCE|SET|RESET|RENAME)\\b|ALTER (?:COLUMN )?\\S+ (?:(?:SET DATA )?TYPE|(?:SET|DROP) (?:NOT NULL|DEFAULT))\\b)`,
  "i",
);

/** The changes of tables in a migration that would not run on distributed ones. */
export const refusedByCitus = (sql: string): string[] =>
  sqlStatements(sql)
    .map(({ text }) => onOneLine(text))
    .filter(
      (text) =>
        text.startsWith("ALTER TABLE") && !passedOn.test(text) && stepOfParts(text) === null,
    );

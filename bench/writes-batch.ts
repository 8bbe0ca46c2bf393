// A batch of contacts through the gateway, against as many single mutations and against COPY of the same rows.
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { withOwner } from "../src/db/with-owner.ts";
import { contact } from "../src/modules/contact/model.ts";
import { writtenColumns } from "../src/write/stored.ts";
import { median, perSecond, range, type Write } from "./measure.ts";

const rounds = 5;

type Options = {
  readonly url: string;
  /** How many contacts a batch has. */
  readonly size: number;
  readonly clients: number;
  readonly writeBatch: Write;
  readonly writeOne: Write;
};

/** Runs the comparison and prints it. */
export async function compareBatches(options: Options): Promise<void> {
  const { size, clients, writeBatch, writeOne } = options;
  const names = [
    "createContacts",
    `createContact, ${clients} clients`,
    "COPY",
    "COPY, with events",
  ];
  const times = names.map((): number[] => []);
  await writeBatch();
  for (let round = 0; round < rounds; round += 1) {
    const singles = async (): Promise<void> => {
      let left = size;
      const client = async (): Promise<void> => {
        while (left-- > 0) await writeOne();
      };
      await Promise.all(Array.from({ length: clients }, client));
    };
    times[0]?.push(await seconds(writeBatch));
    times[1]?.push(await seconds(singles));
    const rows = await copies(options, round);
    times[2]?.push(await copyIn(options.url, [rows.contacts]));
    // The same contacts cannot come again.
    const others = await copies(options, rounds + round);
    times[3]?.push(await copyIn(options.url, [others.contacts, others.events]));
  }
  console.log(`${size.toLocaleString("en")} contacts`);
  for (const [index, name] of names.entries()) {
    const found = times[index] ?? [];
    const ratios = found.map((time, round) => time / (times[0]?.[round] ?? 0));
    const ratio = index === 0 ? "" : `, takes ${range(ratios)} times as long`;
    const speed = perSecond((median(found) / size) * 1_000);
    console.log(`  ${name.padEnd(26)} ${speed.padStart(7)} rows/s${ratio}`);
  }
}

async function seconds(work: Write): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
}

type Copy = { readonly into: string; readonly rows: string };

/** The rows of the newest contacts and of their events as text, with ids and addresses of their own. */
async function copies(
  { url, size }: Options,
  copy: number,
): Promise<Record<"contacts" | "events", Copy>> {
  const columns = writtenColumns(contact).map(({ column }) => column);
  const replaced: Readonly<Record<string, string>> = {
    '"id"': "uuidv7()",
    '"email"': `replace(email, '@', '-copy-${copy}@')`,
    '"email_key"': `replace(email_key, '@', '-copy-${copy}@')`,
  };
  const newest = `(SELECT * FROM contacts ORDER BY created_at DESC, id DESC LIMIT ${size}) newest`;
  const contacts = `SELECT ${columns.map((name) => replaced[name] ?? name).join(", ")} FROM ${newest}`;
  const said =
    "tenant_id, %, entity_type, entity_id, operation, version, actor, occurred_at, changes";
  const last = "(SELECT max(position) FROM change_events)";
  const events = `SELECT ${said.replace("%", `uuidv7(), ${last} + row_number() OVER ()`)} FROM change_events WHERE entity_id IN (SELECT id FROM ${newest})`;
  return withOwner(url, "bench", async (client) => ({
    contacts: {
      into: `contacts (${columns.join(", ")})`,
      rows: await text(client.query(copyTo(`COPY (${contacts}) TO STDOUT`))),
    },
    events: {
      into: `change_events (${said.replace("%", "id, position")})`,
      rows: await text(client.query(copyTo(`COPY (${events}) TO STDOUT`))),
    },
  }));
}

/** As the owner, whom row-level security does not concern: COPY works for nobody else. */
function copyIn(url: string, copied: readonly Copy[]): Promise<number> {
  return withOwner(url, "bench", (client) =>
    seconds(async () => {
      await client.query("BEGIN");
      for (const { into, rows } of copied) {
        await pipeline(Readable.from([rows]), client.query(copyFrom(`COPY ${into} FROM STDIN`)));
      }
      await client.query("COMMIT");
    }),
  );
}

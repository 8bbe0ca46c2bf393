// Mutations through the gateway over HTTP, and the verbs alone, against the same rows by hand (pg, and Prisma); then a
// batch of 1,000 against single mutations and COPY. All sides in turn in one run: npm run bench:writes. Upserts against
// creations alone: npm run bench:writes -- --upserts
import { parseArgs } from "node:util";
import type { Actor } from "../src/auth/actor.ts";
import { openDatabase, type Database } from "../src/db/database.ts";
import { migrate } from "../src/db/migrate.ts";
import { startThrowaway } from "../tools/throwaway.ts";
import { createKey } from "../src/modules/api-key/operator.ts";
import { catalog } from "../src/modules/catalog.ts";
import { contactWrites } from "../src/modules/contact/service.ts";
import { dealWrites } from "../src/modules/deal/service.ts";
import { lineItemWrites } from "../src/modules/line-item/service.ts";
import { seed } from "../src/seed/seed.ts";
import type { WriteContext } from "../src/write/context.ts";
import type { WriteResult } from "../src/write/draft.ts";
import { messageOf } from "../src/write/problem.ts";
import { createRecords, updateRecords } from "../src/write/verbs.ts";
import { upsertRecords } from "../src/write/upsert.ts";
import { recordStatements } from "../test/support/database/recorder.ts";
import { startGatewayProcess, type GatewayProcess } from "./gateway-process.ts";
import { compare, ownCpu, write, type Side, type Write } from "./measure.ts";
import { compareBatches } from "./writes-batch.ts";
import { compareUpserts, upsertBatches } from "./writes-upsert.ts";
import { ByHand, type ContactInput } from "./writes-by-hand.ts";

const { values: said } = parseArgs({ options: { upserts: { type: "boolean", default: false } } });
const rounds = 7;
/** How long each side writes in a round. */
const milliseconds = 400;
const batchSize = 1_000;
const manyClients = 16;

const mutations = {
  createContact:
    "mutation ($input: CreateContactInput!) { createContact(input: $input) { contact { id } userErrors { message } } }",
  createContacts:
    "mutation ($inputs: [CreateContactInput!]!) { createContacts(inputs: $inputs) { results { contact { id } userErrors { message } } } }",
  upsertContacts:
    "mutation ($inputs: [UpsertContactInput!]!) { upsertContacts(inputs: $inputs) { results { contact { id } userErrors { message } } } }",
  updateDeal:
    "mutation ($id: ID!, $input: UpdateDealInput!) { updateDeal(id: $id, input: $input) { deal { id } userErrors { message } } }",
  createLineItem:
    "mutation ($input: CreateLineItemInput!) { createLineItem(input: $input) { lineItem { id } userErrors { message } } }",
};

/** New inputs without end, over all the records that there are. */
async function makeInputs(database: Database) {
  const idsOf = (table: string, condition = "TRUE"): Promise<string[]> =>
    database.asOwner(async (client) => {
      const select = `SELECT id FROM ${table} WHERE ${condition} AND deleted_at IS NULL ORDER BY id`;
      return (await client.query<{ id: string }>(select)).rows.map(({ id }) => id);
    });
  const accounts = endless(await idsOf("accounts"));
  const deals = endless(await idsOf("deals", "stage NOT LIKE 'closed%'"));
  const quotes = endless(await idsOf("quotes"));
  let serial = 0;
  return {
    contact: (): ContactInput => ({
      account_id: accounts.next().value.id,
      first_name: "Nora",
      last_name: `Harbor ${(serial += 1)}`,
      email: `nora-${serial}@bench.example`,
      job_title: "Head of Purchasing",
    }),
    /** A deal goes to another stage each time round. */
    deal: () => {
      const { id, round } = deals.next().value;
      return { id, input: { stage: `phase_${round % 2}` } };
    },
    line: () => ({ quote_id: quotes.next().value.id, unit_price: "12.5" }),
  };
}

function* endless(ids: readonly string[]): Generator<{ id: string; round: number }, never> {
  for (let round = 0; ; round += 1) for (const id of ids) yield { id, round };
}

function written(results: readonly WriteResult[]): void {
  const problem = results.flatMap(({ problems }) => problems)[0];
  if (problem !== undefined) throw new Error(messageOf(problem));
}

/** How many statements a verb takes for a batch, and for one. */
async function countStatements(
  url: string,
  actor: Actor,
  verb: (context: WriteContext, length: number) => Promise<WriteResult[]>,
): Promise<string> {
  const database = openDatabase({ url, maxConnections: 1 });
  const statements = recordStatements(database.pool);
  const context = { actor, pool: database.pool, catalog, idempotent: null };
  const counts: number[] = [];
  for (const length of [batchSize, 1]) {
    statements.clear();
    written(await verb(context, length));
    counts.push(statements.all().length);
  }
  await database.close();
  return counts.join(" and ");
}

async function run(url: string, database: Database, gateway: GatewayProcess): Promise<void> {
  const slug = "bench";
  await seed({ url, tenants: 1, accounts: 4_000, seed: 3, slugs: [slug] });
  const tenantId = await database.asOwner(async (client) => {
    const { rows } = await client.query<{ id: string }>("SELECT id FROM tenants");
    return rows[0]?.id ?? "";
  });
  const keyOptions = { tenantSlug: slug, scopes: ["*"], name: "bench", env: "test" };
  const requestsPerMinute = 1_000_000;
  const { key } = await createKey(database, { ...keyOptions, requestsPerMinute });
  const binding = { appId: null, departmentId: null, expiresAt: null, requestsPerMinute: null };
  const actor: Actor = { kind: "user", id: "bench", tenantId, scopes: ["*"], ...binding };
  const context = { actor, pool: database.pool, catalog, idempotent: null };
  const inputs = await makeInputs(database);
  const hand = new ByHand(database, tenantId);

  const post = (name: keyof typeof mutations, variables: unknown): Promise<void> =>
    gateway.post(key, mutations[name], variables);
  const byHand = (work: Write): Side => ({ name: "by hand, pg", write: work, cpu: ownCpu });
  const byPrisma = (work: Write): Side => ({ name: "by hand, Prisma", write: work, cpu: ownCpu });
  const overHttp = (work: Write): Side => ({ name: "gateway", write: work, cpu: gateway.cpu });
  const byVerb = (work: () => Promise<WriteResult[]>): Side => ({
    name: "verb alone",
    write: async () => written(await work()),
    cpu: ownCpu,
  });
  const creating = (within: WriteContext, length: number): Promise<WriteResult[]> =>
    createRecords(within, contactWrites, Array.from({ length }, inputs.contact));
  if (said.upserts) {
    const next = upsertBatches(inputs.contact, batchSize);
    console.log(`${batchSize} contacts`);
    await compareUpserts(batchSize, gateway.cpu, {
      createContacts: () =>
        post("createContacts", { inputs: Array.from({ length: batchSize }, inputs.contact) }),
      "upsertContacts, half there": () => post("upsertContacts", { inputs: next() }),
    });
    const counts = await countStatements(url, actor, (within, length) =>
      upsertRecords(within, contactWrites, next().slice(0, length), {}),
    );
    console.log(`  statements of the verb for ${batchSize} upserts and for one: ${counts}`);
    console.log(`  for as many creations: ${await countStatements(url, actor, creating)}`);
    return;
  }
  const cases: readonly (readonly [string, readonly Side[]])[] = [
    [
      "createContact",
      [
        byHand(() => hand.createContact(inputs.contact())),
        overHttp(() => post("createContact", { input: inputs.contact() })),
        byVerb(() => createRecords(context, contactWrites, [inputs.contact()])),
        byPrisma(() => hand.createContactByPrisma(inputs.contact())),
      ],
    ],
    [
      "updateDeal",
      [
        byHand(() => hand.updateDeal(inputs.deal())),
        overHttp(() => post("updateDeal", inputs.deal())),
        byVerb(() => updateRecords(context, dealWrites, [inputs.deal()])),
      ],
    ],
    [
      "createLineItem",
      [
        byHand(() => hand.createLineItem(inputs.line())),
        overHttp(() => post("createLineItem", { input: inputs.line() })),
        byVerb(() => createRecords(context, lineItemWrites, [inputs.line()])),
      ],
    ],
  ];
  for (const [, sides] of cases) {
    for (const side of sides) await write(side, manyClients, 4 * milliseconds);
  }
  for (const [name, sides] of cases) {
    for (const clients of [1, manyClients]) {
      const title = `${name}, ${clients} client${clients === 1 ? "" : "s"}`;
      await compare(title, sides, { clients, rounds, milliseconds });
    }
  }
  await compareBatches({
    url,
    size: batchSize,
    clients: manyClients,
    writeBatch: () => {
      const batch = Array.from({ length: batchSize }, inputs.contact);
      return post("createContacts", { inputs: batch });
    },
    writeOne: () => post("createContact", { input: inputs.contact() }),
  });
  const counts = await countStatements(url, actor, creating);
  console.log(`  statements of the verb for ${batchSize} contacts and for one: ${counts}`);
}

const cluster = await startThrowaway();
const database = openDatabase({ url: cluster.url });
try {
  await migrate({ url: cluster.url });
  const gateway = await startGatewayProcess(cluster.url);
  try {
    await run(cluster.url, database, gateway);
  } finally {
    await gateway.stop();
  }
} finally {
  await database.close();
  await cluster.stop();
}

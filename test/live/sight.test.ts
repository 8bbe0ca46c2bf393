import { getNamedType, isLeafType, isNonNullType, isObjectType } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scopeFor } from "../../src/auth/permissions.ts";
import { cursorAt } from "../../src/changes/position.ts";
import { accessOf } from "../../src/graphql/limits/access.ts";
import { sourceOf } from "../../src/graphql/schema/source.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { changeEvent } from "../../src/modules/change-event/model.ts";
import { schema } from "../support/gateway/schema.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { EventStream } from "../support/live/event-stream.ts";
import { moveDeal } from "../support/live/move-deal.ts";
import { startSecond } from "../support/writes/races.ts";
import { RowWriter } from "../support/writes/row-writer.ts";

const roots = Object.values(schema.getSubscriptionType()?.getFields() ?? {});
const entities = (changeEvent.tellsOf ?? [])
  .map((name) => catalog.entity(name))
  .filter(({ softDelete }) => softDelete);

let gateway: TestGateway;
/** Another one on the same database, which interprets every operation. */
let interpreter: Awaited<ReturnType<typeof startSecond>>;
beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent" });
  interpreter = await startSecond(gateway.databaseUrl, "silent", {}, false);
  for (const slug of ["ours", "theirs"]) await gateway.fixtures.tenant(slug);
});
afterAll(async () => {
  await interpreter.close();
  await gateway.close();
});

/** The gateways, by the lane that they answer in. */
const lanes = () => [["compiled", gateway.url] as const, ["interpreted", interpreter.url] as const];

/** A key of an application, or of none. */
async function keyOf(slug: string, appId: string | null): Promise<string> {
  const key = await gateway.keyFor(slug);
  await gateway.fixtures.client.query("UPDATE api_keys SET app_id = $2 WHERE id = $1", [
    key.split("_")[2],
    appId,
  ]);
  return key;
}

/** Writes one record of each kind, with a mark in it, and changes some; gives the ids of those that are left. */
async function write(key: string, mark: string) {
  const make = (many: string, input: object) =>
    new RowWriter(gateway, key, many).made({ ...input });
  const account_id = await make("accounts", { name: mark });
  const contact_id = await make("contacts", {
    account_id,
    first_name: mark,
    last_name: mark,
    email: `${mark}@a.example`,
  });
  const deal_id = await make("deals", {
    account_id,
    name: mark,
    contact_ids: [contact_id],
  });
  await make("activities", {
    account_id,
    deal_id,
    type: "note",
    subject: mark,
  });
  const quote_id = await make("quotes", { account_id, deal_id, name: mark });
  await make("lineItems", {
    quote_id,
    description: mark,
    quantity: "1",
    unit_price: "2",
  });
  await new RowWriter(gateway, key, "accounts").update([{ id: account_id, name: `${mark}2` }]);
  const made = await gateway.data(
    key,
    `mutation { createWebhook(input: { url: "http://127.0.0.1:9999/${mark}" }) { webhook { id } } }`,
  );
  await gateway.data(
    key,
    "mutation ($id: ID!) { pauseWebhook(id: $id) { userErrors { message } } }",
    { id: at(made, "createWebhook", "webhook", "id") },
  );
  return { account_id, deal_id };
}

/** All events of a subscription from the first one, up to the one that has `last` in it. */
async function textOf(key: string, query: string, last: string): Promise<string> {
  const variables = { after: cursorAt("0") };
  const stream = await EventStream.open(gateway.url, key, { query, variables });
  let text = "";
  while (!text.includes(last)) {
    const next = await stream.next();
    if (next === null) throw new Error(`it ended before ${last}: ${text}`);
    text += next.data;
  }
  await stream.close();
  return text;
}

/** The values of an object type, without arguments. */
function leaves(name: string): string {
  const type = schema.getType(name);
  const fields = isObjectType(type) ? Object.values(type.getFields()) : [];
  return fields
    .filter((field) => isLeafType(getNamedType(field.type)) && field.args.length === 0)
    .map((field) => field.name)
    .join(" ");
}

const event = `{ ${leaves("ChangeEvent")} changes { field old new } record { id } }`;
const record = ({ name, type }: { readonly name: string; readonly type: string }): string =>
  `subscription ($after: String) { ${name}Changed(after: $after) { cursor transition ${name} { ${leaves(type)} } event ${event} } }`;
const everything = [
  `subscription ($after: String) { changes(after: $after) { cursor node ${event} } }`,
  ...entities.map(record),
];

describe("the fields at the root of subscriptions", () => {
  // Of imports test/imports/face.test.ts tells the sight.
  it("are all changes, one for each kind of records that come and go, and imports", () => {
    expect(roots.map(({ name }) => name).toSorted()).toEqual(
      ["changes", "importProgress", ...entities.map(({ name }) => `${name}Changed`)].toSorted(),
    );
    expect(entities.map(({ name }) => name)).toEqual([
      "account",
      "contact",
      "deal",
      "activity",
      "quote",
      "lineItem",
    ]);
  });

  it.each(roots.map((field) => [field.name, field] as const))(
    "%s has access rules and words",
    (_name, field) => {
      const { reads, readsBy, cost } = accessOf(field);
      expect(reads ?? readsBy).toBeDefined();
      expect(cost).toBeDefined();
      for (const { description } of [field, ...field.args]) expect(description).toMatch(/\w{4}/);
    },
  );

  it.each(entities.map((entity) => [entity.name, entity] as const))(
    "%sChanged needs its read scope, and what is below it its own",
    async (_name, entity) => {
      const scope = scopeFor("read", entity.name);
      const others = ["accounts", "contacts", "deals", "activities", "quotes", "line_items"]
        .map((subject) => `read:${subject}`)
        .filter((one) => one !== scope);
      const refused = await EventStream.open(gateway.url, await gateway.keyFor("ours", others), {
        query: record(entity),
      });
      expect((await refused.error()).extensions["missingScopes"]).toEqual([scope]);
      const key = await gateway.keyFor("ours", [scope]);
      const allowed = await EventStream.open(gateway.url, key, {
        query: `subscription { ${entity.name}Changed { ${entity.name} { ${leaves(entity.type)} } event { changes { new } } } }`,
      });
      expect(allowed.status).toBe(200);
      await allowed.close();
      for (const [edge, relation] of Object.entries(entity.relations)) {
        const target = catalog.entity(relation.to);
        const needed = target.tellsOf === null ? scopeFor("read", target.name) : scope;
        if (relation.kind !== "one" || needed === scope) continue;
        const below = await EventStream.open(gateway.url, key, {
          query: `subscription { ${entity.name}Changed { ${entity.name} { ${edge} { id } } } }`,
        });
        expect((await below.error()).extensions["missingScopes"], edge).toEqual([needed]);
      }
    },
  );
});

describe("a caller", () => {
  it("of a department is told the same as one of none: a department is no fence", async () => {
    const [bound, free] = [await keyOf("ours", null), await keyOf("ours", null)];
    await write(free, "markdepartment");
    const { client } = gateway.fixtures;
    await client.query(
      `WITH made AS (INSERT INTO departments (tenant_id, id, name) SELECT tenant_id, gen_random_uuid(), 'Sales' FROM api_keys WHERE id = $1 RETURNING id)
       UPDATE api_keys SET department_id = made.id FROM made WHERE api_keys.id = $1`,
      [bound.split("_")[2]],
    );
    const lists = `{ ${entities.map(({ plural }) => `${plural} { nodes { id } }`).join(" ")} changes { nodes { id } } }`;
    expect(await gateway.data(bound, lists)).toEqual(await gateway.data(free, lists));
    const told = async (key: string, query: string, types: string): Promise<string> => {
      const all = await gateway.data(free, `{ changes${types} { totalCount } }`);
      const variables = { after: cursorAt("0") };
      const stream = await EventStream.open(gateway.url, key, { query, variables });
      const events = await stream.data(Number(at(all, "changes", "totalCount")));
      await stream.close();
      return JSON.stringify(events);
    };
    const kinds = ["", ...entities.map(({ type }) => `(types: [${type}])`)];
    for (const [place, query] of everything.entries()) {
      const text = await told(bound, query, kinds[place] ?? "");
      expect(text).toContain("markdepartment");
      expect(text).toBe(await told(free, query, kinds[place] ?? ""));
    }
  });

  it("is told of the own tenant's and application's records alone", async () => {
    const marks = {
      ours: "markours",
      appa: "markappa",
      appb: "markappb",
      theirs: "marktheirs",
    };
    const ours = await keyOf("ours", null);
    const appa = await keyOf("ours", "app-a");
    const appb = await keyOf("ours", "app-b");
    const theirs = await keyOf("theirs", null);
    for (const [name, key] of Object.entries({ ours, appa, appb, theirs })) {
      const { deal_id } = await write(key, `mark${name}`);
      await new RowWriter(gateway, key, "deals").delete(deal_id);
    }
    const callers: readonly (readonly [string, readonly string[]])[] = [
      [appa, [marks.appa]],
      [theirs, [marks.theirs]],
      [ours, [marks.ours, marks.appa, marks.appb]],
    ];
    for (const [place, [key, seen]] of callers.entries()) {
      // All that came before the caller's own last records was sent by then.
      const last = `markend${place}`;
      await write(key, last);
      const texts = await Promise.all(everything.map((query) => textOf(key, query, last)));
      for (const [asked, text] of texts.entries()) {
        for (const mark of Object.values(marks)) {
          const isSeen = seen.some((one) => one === mark);
          expect(text.includes(mark), `${mark} in ${everything[asked]}`).toBe(isSeen);
        }
      }
    }
  });
});

/** All that a record's type tells by sources, which is what can be compiled: values, edges, and pages of lists. */
function everyField(name: string): string {
  const type = schema.getType(name);
  if (!isObjectType(type)) throw new Error(`${name} is no type of records`);
  const selected = Object.values(type.getFields()).flatMap((field) => {
    const isFree = field.args.every(({ type: argument }) => !isNonNullType(argument));
    if (sourceOf(field) === null || !isFree) return [];
    const target = getNamedType(field.type);
    if (isLeafType(target)) return [field.name];
    if (target.name === "Node") return [`${field.name} { __typename id }`];
    const inner = target.name.endsWith("Connection") ? "totalCount nodes { id }" : "";
    return [`${field.name} { ${inner || leaves(target.name)} }`];
  });
  return `{ ${selected.join(" ")} }`;
}

describe("both lanes", () => {
  let keys: string[] = [];
  beforeAll(async () => {
    keys = [await keyOf("ours", null), await keyOf("ours", "app-lanes")];
    for (const [place, key] of keys.entries()) await write(key, `mark${place}lanes`);
  });

  it.each(entities.map((entity) => [entity.name, entity.type] as const))(
    "tell the same by every field of %sChanged",
    async (name, type) => {
      const query = `subscription ($after: String) { ${name}Changed(after: $after) { cursor transition ${name} ${everyField(type)} event ${everyField("ChangeEvent")} } }`;
      const variables = { after: cursorAt("0") };
      for (const key of keys) {
        gateway.statements.clear();
        const [compiled, interpreted] = await Promise.all(
          lanes().map(async ([, url]) => {
            const stream = await EventStream.open(url, key, { query, variables });
            const first = await stream.next();
            await stream.close();
            return { id: first?.id, data: JSON.parse(first?.data ?? "null") };
          }),
        );
        expect(compiled).toHaveProperty(`data.data.${name}Changed.${name}.id`);
        expect(compiled).toEqual(interpreted);
        const texts = gateway.statements.all().map(({ text }) => text);
        expect(texts.some((text) => /^SELECT concat.* UNION ALL SELECT /s.test(text))).toBe(true);
      }
    },
  );
});

describe("a record that goes from one application to another", () => {
  it("is not shown by earlier events that are read when it has gone", async () => {
    const from = await keyOf("ours", "app-before");
    const { account_id } = await write(from, "markgoes");
    const writer = new RowWriter(gateway, from, "deals");
    const id = await writer.made({ account_id, name: "markfirst" });
    await writer.update([{ id, name: "marksecond" }]);
    await moveDeal(gateway, id, {
      app_id: ["app-before", "app-behind"],
      name: ["marksecond", "markgone"],
    });
    const query = `subscription ($id: ID, $after: String) { dealChanged(id: $id, after: $after) { transition deal ${everyField("Deal")} event ${event} } }`;
    for (const [lane, url] of lanes()) {
      const stream = await EventStream.open(url, from, {
        query,
        variables: { id, after: cursorAt("0") },
      });
      const events = await stream.data(3);
      await stream.close();
      const [entered, changed, left] = events;
      expect(
        events.map(({ deal }) => deal),
        lane,
      ).toEqual([null, null, null]);
      // What was told, or on its way, when it was the caller's.
      expect(entered, lane).toMatchObject({ transition: "entered", event: { record: null } });
      expect(at(changed, "event", "changes")).toEqual([
        { field: "name", old: "markfirst", new: "marksecond" },
      ]);
      expect(left, lane).toEqual({ transition: "left", deal: null, event: null });
      expect(JSON.stringify(events), lane).not.toContain("markgone");
    }
  });

  it("leaves the one without what is new, and comes to the other without what was", async () => {
    const from = await keyOf("ours", "app-from");
    const to = await keyOf("ours", "app-to");
    const all = await keyOf("ours", null);
    const { account_id } = await write(from, "markmoves");
    const id = await new RowWriter(gateway, from, "deals").made({ account_id, name: "markbefore" });
    const after = await moveDeal(gateway, id, {
      app_id: ["app-from", "app-to"],
      name: ["markbefore", "markbehind"],
    });
    // What the former one is told first shows that it was told nothing before it.
    await new RowWriter(gateway, from, "accounts").update([{ id: account_id, name: "marknext" }]);
    const moved = [
      { field: "name", old: "markbefore", new: "markbehind" },
      { field: "app_id", old: "app-from", new: "app-to" },
    ];
    const asNew = moved.map((change) => ({ ...change, old: null }));
    const variables = { after };
    const selection = "operation appId actor changes { field old new }";
    const deals = `subscription ($after: String) { dealChanged(after: $after) { transition deal { name appId } event { ${selection} } } }`;
    const log = `subscription ($after: String) { changes(after: $after) { node { ${selection} } } }`;
    const list = `query ($after: String) { changes(after: $after, first: 1) { nodes { ${selection} } } }`;
    const deal = { name: "markbehind", appId: "app-to" };
    const next = { appId: "app-from", changes: [{ field: "name", new: "marknext" }] };
    const facts = { operation: "updated", appId: "app-to", actor: "operator" };
    for (const [lane, url] of lanes()) {
      const told = async (key: string, query: string) => {
        const stream = await EventStream.open(url, key, { query, variables });
        const [data] = await stream.data();
        await stream.close();
        return data;
      };
      const left = { transition: "left", deal: null, event: null };
      expect(await told(from, deals), lane).toEqual(left);
      expect(await told(from, log), lane).toMatchObject({ node: next });
      expect(await told(to, deals), lane).toEqual({
        transition: "entered",
        deal,
        event: { ...facts, changes: asNew },
      });
      expect(await told(to, log), lane).toEqual({ node: { ...facts, changes: asNew } });
      expect(await told(all, deals), lane).toEqual({
        transition: "changed",
        deal,
        event: { ...facts, changes: moved },
      });
      expect(await told(all, log), lane).toEqual({ node: { ...facts, changes: moved } });
    }
    // The lists tell the event as it is in the log.
    const listed = { changes: { nodes: [{ ...facts, changes: moved }] } };
    expect(await gateway.data(to, list, variables)).toEqual(listed);
    expect(await gateway.data(all, list, variables)).toEqual(listed);
    expect(await gateway.data(from, list, variables)).toMatchObject({ changes: { nodes: [next] } });
    const history = `query ($id: ID!) { deal(id: $id) { history(last: 1) { nodes { changes { field old new } } } } }`;
    expect(await gateway.data(to, history, { id })).toEqual({
      deal: { history: { nodes: [{ changes: moved }] } },
    });
  });
});

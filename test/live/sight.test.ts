import { getNamedType, isLeafType, isObjectType } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scopeFor } from "../../src/auth/permissions.ts";
import { cursorAt } from "../../src/changes/position.ts";
import { accessOf } from "../../src/graphql/limits/access.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { changeEvent } from "../../src/modules/change-event/model.ts";
import { schema } from "../support/gateway/schema.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { EventStream } from "../support/live/event-stream.ts";
import { RowWriter } from "../support/writes/row-writer.ts";

const roots = Object.values(schema.getSubscriptionType()?.getFields() ?? {});
const entities = (changeEvent.tellsOf ?? [])
  .map((name) => catalog.entity(name))
  .filter(({ softDelete }) => softDelete);

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent" });
  for (const slug of ["ours", "theirs"]) await gateway.fixtures.tenant(slug);
});
afterAll(() => gateway.close());

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
  it("are all changes, and one for each kind of records that come and go", () => {
    expect(roots.map(({ name }) => name).toSorted()).toEqual(
      ["changes", ...entities.map(({ name }) => `${name}Changed`)].toSorted(),
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
  /** Writes one record of each kind, with a mark in it, and changes each. */
  async function write(key: string, mark: string): Promise<void> {
    const make = (many: string, input: object) =>
      new RowWriter(gateway, key, many).made({ ...input });
    const account_id = await make("accounts", { name: mark });
    await make("contacts", {
      account_id,
      first_name: mark,
      last_name: mark,
      email: `${mark}@a.example`,
    });
    const deal_id = await make("deals", { account_id, name: mark });
    await make("activities", { account_id, deal_id, type: "note", subject: mark });
    const quote_id = await make("quotes", { account_id, deal_id, name: mark });
    await make("lineItems", { quote_id, description: mark, quantity: "1", unit_price: "2" });
    await new RowWriter(gateway, key, "accounts").update([{ id: account_id, name: `${mark}2` }]);
    await new RowWriter(gateway, key, "deals").delete(deal_id);
  }

  async function keyOf(slug: string, appId: string | null): Promise<string> {
    const key = await gateway.keyFor(slug);
    await gateway.fixtures.client.query("UPDATE api_keys SET app_id = $2 WHERE id = $1", [
      key.split("_")[2],
      appId,
    ]);
    return key;
  }

  it("is told of the own tenant's and application's records alone", async () => {
    const marks = { ours: "markours", appa: "markappa", appb: "markappb", theirs: "marktheirs" };
    const [ours, appa, appb, theirs] = await Promise.all([
      keyOf("ours", null),
      keyOf("ours", "app-a"),
      keyOf("ours", "app-b"),
      keyOf("theirs", null),
    ]);
    for (const [name, key] of Object.entries({ ours, appa, appb, theirs })) {
      await write(
        key,
        marks[
          name === "ours" ? "ours" : name === "appa" ? "appa" : name === "appb" ? "appb" : "theirs"
        ],
      );
    }
    // Each stream ends with a write of its own caller: all that came before it was sent by then.
    for (const [key, seen] of [
      [appa, [marks.appa]],
      [theirs, [marks.theirs]],
      [ours, [marks.ours, marks.appa, marks.appb]],
    ] as const) {
      const texts = await Promise.all(everything.map((query) => textOf(key, query)));
      for (const [place, text] of texts.entries()) {
        for (const mark of Object.values(marks)) {
          const isSeen = seen.some((one) => one === mark);
          expect(text.includes(mark), `${mark} in ${everything[place]}`).toBe(isSeen);
        }
      }
    }
  });

  /** All events of a subscription from the beginning of the log, until nothing comes any more. */
  async function textOf(key: string, query: string): Promise<string> {
    const variables = { after: cursorAt("0") };
    const stream = await EventStream.open(gateway.url, key, { query, variables });
    let text = "";
    for (;;) {
      const quiet = new Promise<null>((resolve) => setTimeout(() => resolve(null), 1_500));
      const next = await Promise.race([stream.next(), quiet]);
      if (next === null) break;
      text += next.data;
    }
    await stream.close();
    return text;
  }
});

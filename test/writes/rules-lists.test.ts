import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, listAt, type TestGateway } from "../support/gateway/gateway.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import {
  expectRefused,
  expectWritten,
  idOf,
  problemsOf,
  type Outcome,
} from "../support/writes/mutation.ts";
import type { Writes } from "../support/writes/writes.ts";
import {
  fieldFor,
  kinds,
  leastInput,
  oneOfEach,
  type Kind,
} from "../support/samples/one-of-each.ts";

let gateway: TestGateway;
let key: string;
let tenant: TenantFixtures;
let writes: Writes;
let ours: Record<Kind, string>;
let account: Made;

beforeAll(async () => {
  ({ gateway, key, tenant, writes } = await startTenant("ours"));
  ours = await oneOfEach(gateway, key);
  account = await tenant.account();
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;

const create = (kind: Kind, input: Values, selection = "id"): Promise<Outcome> =>
  writes.mutate(
    fieldFor("create", kind),
    { input: { ...leastInput(kind, ours), ...input } },
    selection,
  );
const make = (values: Values = {}) => writes.created("Deal", { account_id: account.id, ...values });
const labelled = kinds.filter((kind) => kind !== "lineItem");

describe("addTags and removeTags", () => {
  const tagged = labelled.filter((kind) => kind !== "activity");
  const edit = (way: "add" | "remove", id: unknown, tags: unknown, more: Values = {}) =>
    writes.mutate(`${way}Tags`, { id, tags, ...more }, "id tags version");

  it.each(tagged)("change the list by what is named: %s", async (kind) => {
    const { id } = expectWritten(await create(kind, { tags: ["a", "b"] }));
    const added = expectWritten(await edit("add", id, ["c", " b ", "B", "c"], { version: 1 }));
    expect(added).toEqual({ id, tags: ["a", "b", "c", "B"], version: 2 });
    expect(expectWritten(await edit("add", id, ["b"]))).toEqual(added);
    const removed = expectWritten(await edit("remove", id, ["a", "c ", "missing"]));
    expect(removed).toEqual({ id, tags: ["b", "B"], version: 3 });
    expect(expectWritten(await edit("remove", id, ["a"]))).toEqual(removed);
    expectRefused(await edit("remove", id, ["b"], { version: 2 }), [["version", "ConflictError"]]);
  });

  it("hold the limits of the list", async () => {
    const many = Array.from({ length: 99 }, (_, index) => `tag ${index}`);
    const { id } = expectWritten(await create("deal", { tags: many }));
    expectRefused(await edit("add", id, ["one", "two"]), [["tags", "ValidationError", /100/]]);
    expectWritten(await edit("add", id, ["one", "tag 3"]));
    const long = "x".repeat(65);
    for (const way of ["add", "remove"] as const) {
      expectRefused(await edit(way, id, ["a", long]), [["tags.1", "ValidationError", /64/]]);
      expectRefused(await edit(way, id, ["", " "]), [["tags", "ValidationError", /blanks/]]);
    }
    expect(expectWritten(await edit("add", id, []))).toMatchObject({ version: 2 });
  });

  it("refuse what has no tags, and log entries", async () => {
    for (const id of [ours.lineItem, ours.activity, "nonsense", ours.deal.slice(5)]) {
      expectRefused(await edit("add", id, ["a"]), [["id", "ValidationError"]]);
    }
    const missing = "deal-01900000-0000-7000-8000-000000000000";
    expectRefused(await edit("add", missing, ["a"]), [["id", "NotFoundError"]]);
  });
});

describe("addDealContacts and removeDealContacts", () => {
  const edit = (way: "add" | "remove", id: string, contactIds: readonly string[]) =>
    writes.mutate(`${way}DealContacts`, { id, contactIds }, "version contacts { nodes { id } }");
  const idsIn = (record: unknown) => listAt(record, "contacts", "nodes").map(idOf).toSorted();

  it("make no more links than an input can set", async () => {
    const inputs = Array.from({ length: 1_000 }, (_, place) => ({ last_name: `L${place}` }));
    const data = await gateway.data(
      key,
      "mutation ($inputs: [CreateContactInput!]!) { createContacts(inputs: $inputs) { results { contact { id } } } }",
      { inputs },
    );
    const ids = listAt(data, "createContacts", "results").map((one) =>
      String(at(one, "contact", "id")),
    );
    const id = idOf(await make({}));
    expect((await edit("add", id, ids)).record).toMatchObject({ version: 2 });
    const one = (await tenant.contact(account)).id;
    expect(problemsOf(await edit("add", id, [one]))).toEqual(["BAD_USER_INPUT contact_ids"]);
    expect((await edit("add", id, ids.slice(0, 3))).record).toMatchObject({ version: 2 });
  });

  it("change the list by what is named, and write nothing if it is so already", async () => {
    const [one, two, three] = [
      (await tenant.contact(account)).id,
      (await tenant.contact(account)).id,
      (await tenant.contact(null)).id,
    ];
    const id = idOf(await make({ contact_ids: [one] }));
    const { record } = await edit("add", id, [two, one, three, two]);
    expect(idsIn(record)).toEqual([one, two, three].toSorted());
    expect((await edit("add", id, [two])).record).toMatchObject({ version: 2 });
    expect(idsIn((await edit("remove", id, [three, one])).record)).toEqual([two]);
    expect((await edit("remove", id, [three])).record).toMatchObject({ version: 3 });
    const { rows } = await gateway.fixtures.client.query<{ changes: unknown }>(
      "SELECT changes FROM change_events WHERE entity_id = $1 AND version > 1 ORDER BY version",
      [id.slice("deal-".length)],
    );
    expect(rows).toEqual([
      { changes: { contact_ids: [expect.any(Array), expect.any(Array)] } },
      { changes: { contact_ids: [expect.any(Array), expect.any(Array)] } },
    ]);
  });

  it("refuse contacts that are not there, and the end of the primary one", async () => {
    const { id: primary } = await tenant.contact(account);
    const id = idOf(await make({ primary_contact_id: primary }));
    const unknown = `con-${account.uuid}`;
    expect(problemsOf(await edit("add", id, [primary, unknown]))).toEqual([
      "NOT_FOUND contact_ids.1",
    ]);
    expect(problemsOf(await edit("remove", id, [unknown, primary]))).toEqual([
      "NOT_FOUND contact_ids.0",
      "BAD_USER_INPUT contact_ids.1",
    ]);
    expect(problemsOf(await edit("remove", id, ["nonsense"]))).toEqual([
      "BAD_USER_INPUT contact_ids.0",
    ]);
    expect(await writes.read("Deal", id, "version")).toEqual({ version: 1 });
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventsOf } from "../support/changes/events.ts";
import { at, listAt } from "../support/gateway/gateway.ts";
import { restClient } from "../support/rest/client.ts";
import { done, merge } from "../support/writes/merging.ts";
import { idOf, problemsOf, type Values } from "../support/writes/mutation.ts";
import { startRaceTrack, type RaceTrack } from "../support/writes/races.ts";
import { boundKey, Writes } from "../support/writes/writes.ts";

let track: RaceTrack;
let write: Writes;
let account: string;
let quote: string;

beforeAll(async () => {
  track = await startRaceTrack();
  write = new Writes(track, track.key);
  account = await track.make("Account", {});
  quote = await track.make("Quote", { account_id: account });
});
afterAll(() => track.close());

/** What a new record of each kind needs. */
const needed: Readonly<Record<string, () => Values>> = {
  Account: () => ({}),
  Contact: () => ({}),
  Deal: () => ({ account_id: account }),
  Quote: () => ({ account_id: account }),
  LineItem: () => ({ quote_id: quote }),
};

describe.each(Object.entries(needed))("external_id of %s", (type, input) => {
  const plural = `${type.charAt(0).toLowerCase()}${type.slice(1)}s`;

  it("is unique among live records; a deletion frees it, and a restore looks at it", async () => {
    const first = await write.created(type, { ...input(), external_id: "  SAP-1 " }, "id");
    const again = await write.create(type, { ...input(), external_id: "SAP-1" });
    expect(problemsOf(again)).toEqual(["DUPLICATE external_id"]);
    expect(again.userErrors[0]?.existingId).toBe(first["id"]);
    // Compared exactly.
    const other = await write.created(type, { ...input(), external_id: "sap-1" }, "id externalId");
    expect(other["externalId"]).toBe("sap-1");
    const id = String(first["id"]);
    await write.delete(type, id);
    const next = await write.created(type, { ...input(), external_id: "SAP-1" }, "id");
    expect(problemsOf(await write.restore(type, id))).toEqual(["DUPLICATE external_id"]);
    await write.updated(type, String(next["id"]), { external_id: "SAP-2" });
    expect(problemsOf(await write.restore(type, id))).toEqual([]);
  });

  it("is swapped in one call, and refused where two rows want it", async () => {
    const [one, two] = [
      idOf(await write.create(type, { ...input(), external_id: "swap-1" })),
      idOf(await write.create(type, { ...input(), external_id: "swap-2" })),
    ];
    const swap = [
      { id: one, external_id: "swap-2" },
      { id: two, external_id: "swap-1" },
    ];
    expect(await write.mutateMany(`update${type}s`, { inputs: swap })).toMatchObject({
      written: 2,
    });
    const rows = [1, 2].map(() => ({ ...input(), external_id: "both" }));
    const { results } = await write.mutateMany(`create${type}s`, { inputs: rows });
    expect(results.map(problemsOf)).toEqual([[], ["DUPLICATE external_id"]]);
  });

  it("is what lists are filtered and sorted by, over GraphQL and REST", async () => {
    for (const external_id of ["list-b", "list-a"])
      await write.created(type, { ...input(), external_id });
    const data = await track.data(
      track.key,
      `{ ${plural}(first: 9, where: { externalId: { startsWith: "list-" } }, orderBy: [{ externalId: asc }]) { nodes { externalId } } }`,
    );
    expect(listAt(data, plural, "nodes").map((node) => at(node, "externalId"))).toEqual([
      "list-a",
      "list-b",
    ]);
    const rest = restClient(track, { "x-api-key": track.key });
    const path = `/api/v1/crm/${type === "LineItem" ? "line-items" : plural}`;
    const { body } = await rest.get(`${path}?external_id[in]=list-a,list-b&sort=-external_id`);
    expect(listAt(body, "data").map((item) => at(item, "external_id"))).toEqual([
      "list-b",
      "list-a",
    ]);
  });
});

it("of an activity is unique, and told with the record that has it", async () => {
  const input = { type: "call", account_id: account, external_id: "call-1" };
  const first = await write.created("Activity", input);
  const again = await write.create("Activity", input);
  expect(again.userErrors[0]).toMatchObject({ code: "DUPLICATE", existingId: first["id"] });
});

it("of more than 255 characters is refused, and a blank one is none", async () => {
  const long = await write.create("Account", { external_id: "x".repeat(256) });
  expect(problemsOf(long)).toEqual(["BAD_USER_INPUT external_id"]);
  const blank = await write.created("Account", { external_id: "  " }, "externalId");
  expect(blank["externalId"]).toBeNull();
});

it("that another application's record has is taken, and nothing is said of whom", async () => {
  const [ours, theirs] = await Promise.all(
    ["app-1", "app-2"].map((app_id) => boundKey(track, track.key, { app_id })),
  );
  await new Writes(track, theirs ?? "").created("Contact", { external_id: "theirs" });
  const mine = await new Writes(track, ours ?? "").create("Contact", {
    external_id: "theirs",
  });
  expect(mine.userErrors[0]).toMatchObject({
    code: "DUPLICATE",
    existingId: null,
    message: "external_id is taken. Choose another one.",
  });
});

describe("line items inside their quote", () => {
  const lines = (...keys: readonly string[]) =>
    keys.map((external_id) => ({ external_id, unit_price: "1" }));
  const made = (line_items: readonly Values[]) =>
    write.create("Quote", { account_id: account, line_items }, "id lineItems { nodes { id } }");

  it("keep keys of their own: taken ones are refused, freed ones taken over", async () => {
    const first = await made(lines("line-1", "line-2"));
    expect(problemsOf(await made(lines("line-3", "line-1")))).toEqual([
      "DUPLICATE line_items.1.external_id",
    ]);
    expect(problemsOf(await made(lines("line-4", "line-4")))).toEqual([
      "BAD_USER_INPUT line_items.1.external_id",
    ]);
    const [one, two] = listAt(first.record, "lineItems", "nodes").map((node) => at(node, "id"));
    const swapped = [
      { id: one, external_id: "line-2" },
      { id: two, external_id: "line-1" },
    ];
    const id = idOf(first);
    expect(problemsOf(await write.update("Quote", id, { line_items: swapped }))).toEqual([]);
    // The key of a line that is left out goes to another quote of the same call.
    const inputs = [
      { id: idOf(await made([])), line_items: lines("line-1") },
      { id, line_items: [{ id: one }] },
    ];
    expect(await write.mutateMany("updateQuotes", { inputs })).toMatchObject({ written: 2 });
  });

  it("of two quotes of a call that want one key are refused with their row", async () => {
    const inputs = [1, 2].map(() => ({ account_id: account, line_items: lines("line-9") }));
    const { results } = await write.mutateMany("createQuotes", { inputs });
    expect(results.map(problemsOf)).toEqual([[], ["DUPLICATE line_items.0.external_id"]]);
    expect(results[1]?.userErrors[0]?.message).toContain("row 0 of this call");
  });

  it("come back with their quote only where nobody took their key", async () => {
    const id = idOf(await made(lines("line-5")));
    await write.delete("Quote", id);
    const other = await made(lines("line-5"));
    const back = await write.restore("Quote", id);
    expect(problemsOf(back)).toEqual(["DUPLICATE lineItems.external_id"]);
    await write.delete("Quote", idOf(other));
    expect(problemsOf(await write.restore("Quote", id))).toEqual([]);
  });
});

describe("a merge", () => {
  const keys = async (id: string) =>
    (await track.sql("SELECT external_id FROM contacts WHERE id = $1", id.slice(4)))[0];

  it("keeps the survivor's key, and tells the other one in the event", async () => {
    const [into, from] = [
      await track.make("Contact", { external_id: "stays" }),
      await track.make("Contact", { external_id: "goes" }),
    ];
    done(await merge(track, track.key, "contact", { into, from }));
    expect(await keys(into)).toEqual({ external_id: "stays" });
    expect((await eventsOf(track, into)).at(-1)?.changes).toMatchObject({
      merged_external_id: [null, "goes"],
    });
    const data = await track.data(
      track.key,
      "query($id: ID!) { contact(id: $id) { history(first: 1) { nodes { changes { field new } } } } }",
      { id: into },
    );
    const changes = listAt(data, "contact", "history", "nodes").flatMap((node) =>
      listAt(node, "changes"),
    );
    expect(changes).toContainEqual({ field: "merged_external_id", new: "goes" });
    // Free again: what was merged is deleted.
    await track.make("Contact", { external_id: "goes" });
  });

  it("takes the other's key over where the survivor has none", async () => {
    const [into, from] = [
      await track.make("Contact", {}),
      await track.make("Contact", { external_id: "inherited" }),
    ];
    done(await merge(track, track.key, "contact", { into, from }));
    expect(await keys(into)).toEqual({ external_id: "inherited" });
    const [event] = (await eventsOf(track, into)).slice(-1);
    expect(event?.changes["external_id"]).toEqual([null, "inherited"]);
    expect(event?.changes["merged_external_id"]).toBeUndefined();
  });
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { usualSchedule } from "../../src/webhooks/schedule.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { startReceiver, status, type Receiver } from "../support/webhooks/receiver.ts";
import { createWebhook } from "../support/webhooks/webhook.ts";
import { RowWriter } from "../support/writes/row-writer.ts";

let gateway: TestGateway;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  gateway = await startGateway({ schedule: usualSchedule, maxConnections: 10 });
  for (const slug of ["ours", "theirs"]) await gateway.fixtures.tenant(slug);
});
afterAll(async () => {
  await gateway.close();
  receiver.close();
});

const patient = { timeout: 60_000 };

const query = `query ($id: ID!, $event: ID!) {
  changeEvent(id: $event) { recordId changes { field old new } }
  node(id: $id) { id ... on Deal { name account { name } contacts(first: 5) { nodes { lastName } } } }
  deals(first: 50) { nodes { id name account { id name } } }
}`;
const forms = [{ payload: "thin" }, { payload: "full" }, { payload: "graphql", query }];

const makeWebhook = async (key: string, path: string, input: object): Promise<string> =>
  (await createWebhook(gateway, key, { url: receiver.urlOf(path), ...input })).id;

/** A key for an application of a tenant, or with scopes of its own. */
async function keyOf(tenantKey: string, input: object): Promise<string> {
  const made = await gateway.data(
    tenantKey,
    `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret userErrors { message } } }`,
    { input: { name: "key", ...input } },
  );
  return String(at(made, "createApiKey", "secret"));
}

/** An account, a contact and a deal on both, changed once; every text of theirs has the owner's mark. */
async function writeAs(key: string, mark: string): Promise<readonly string[]> {
  const account_id = await new RowWriter(gateway, key, "accounts").made({
    name: `${mark} account`,
  });
  const contact = await new RowWriter(gateway, key, "contacts").made({
    account_id,
    last_name: `${mark} contact`,
  });
  const deals = new RowWriter(gateway, key, "deals");
  const deal = await deals.made({ account_id, name: `${mark} deal`, contact_ids: [contact] });
  await deals.update([{ id: deal, name: `${mark} deal, renamed` }]);
  return [account_id, contact, deal];
}

/** All that a receiver has got at the paths of one owner: paths, headers and bodies. */
const told = (owner: string): string =>
  JSON.stringify(forms.flatMap(({ payload }) => receiver.at(`/${owner}/${payload}`)));

/** Waits until each of the owner's webhooks was told of its last event. */
async function allTold(owner: string, lastRecord: string, version: number): Promise<void> {
  const isTold = (path: string): boolean =>
    receiver.at(path).some(({ data }) => data.record_id === lastRecord && data.version === version);
  await expect
    .poll(() => forms.every(({ payload }) => isTold(`/${owner}/${payload}`)), patient)
    .toBe(true);
}

test("nothing of another tenant, another application or a missing scope is in any request", async () => {
  const [ours, theirs] = [await gateway.keyFor("ours"), await gateway.keyFor("theirs")];
  const one = await keyOf(ours, { scopes: ["*"], app_id: "app-one" });
  const two = await keyOf(ours, { scopes: ["*"], app_id: "app-two" });
  const narrowScopes = ["read:deals", "read:webhooks", "write:webhooks"];
  const narrow = await keyOf(ours, { scopes: narrowScopes });
  const owners = { ours, theirs, one, two };
  for (const [owner, key] of Object.entries(owners)) {
    for (const form of forms) await makeWebhook(key, `/${owner}/${form.payload}`, form);
  }
  const ofDeals =
    "query ($id: ID!) { deal(id: $id) { id name } deals(first: 50) { nodes { id name } } }";
  for (const form of forms) {
    const own = form.payload === "graphql" ? { ...form, query: ofDeals } : form;
    await makeWebhook(narrow, `/narrow/${form.payload}`, own);
  }
  const marks = { ours: "Aspen", theirs: "Birch", one: "Cedar", two: "Dogwood" };
  const ids = {
    ours: await writeAs(ours, marks.ours),
    theirs: await writeAs(theirs, marks.theirs),
    one: await writeAs(one, marks.one),
    two: await writeAs(two, marks.two),
  };
  for (const owner of ["ours", "theirs", "one", "two"] as const) {
    await allTold(owner, ids[owner][2] ?? "", 2);
  }
  await allTold("ours", ids.two[2] ?? "", 2);
  await allTold("narrow", ids.two[2] ?? "", 2);

  /** Whose marks and ids may be in what an owner's receiver got. */
  const seenBy = {
    ours: ["ours", "one", "two"],
    theirs: ["theirs"],
    one: ["one"],
    two: ["two"],
  } as const;
  for (const owner of ["ours", "theirs", "one", "two"] as const) {
    const text = told(owner);
    for (const other of ["ours", "theirs", "one", "two"] as const) {
      const isSeen = seenBy[owner].some((seen) => seen === other);
      expect([owner, other, text.includes(marks[other])]).toEqual([owner, other, isSeen]);
      for (const id of ids[other])
        expect([owner, id, text.includes(id)]).toEqual([owner, id, isSeen]);
    }
  }
  // Whoever may read deals alone is told of deals alone, without the records on them.
  const text = told("narrow");
  for (const mark of ["Aspen", "Cedar", "Dogwood"]) {
    expect(text).toContain(`${mark} deal`);
    expect(text).not.toContain(`${mark} account`);
    expect(text).not.toContain(`${mark} contact`);
  }
  expect(text).not.toContain("Birch");
  for (const { data } of forms.flatMap(({ payload }) => receiver.at(`/narrow/${payload}`))) {
    expect(data["record_type"]).toBe("Deal");
  }
});

test("a record that leaves the sight before it is sent is not told", async () => {
  const ours = await gateway.keyFor("ours");
  const app = await keyOf(ours, { scopes: ["*"], app_id: "app-moves" });
  const made = await Promise.all(
    forms.map((form) => makeWebhook(app, `/moves/${form.payload}`, { ...form, types: ["Deal"] })),
  );
  const pause = (id: string, how: "pauseWebhook" | "resumeWebhook") =>
    gateway.data(ours, `mutation { ${how}(id: "${id}") { userErrors { message } } }`);
  for (const id of made) await pause(id, "pauseWebhook");
  const [, , moved] = await writeAs(app, "Elder");
  const [, , stays] = await writeAs(app, "Fir");
  // As an operator would move it: with its events.
  const { client } = gateway.fixtures;
  await client.query("UPDATE deals SET app_id = 'app-other', name = 'Elder secret' WHERE id = $1", [
    String(moved).slice(5),
  ]);
  await client.query("UPDATE change_events SET app_id = 'app-other' WHERE entity_id = $1", [
    String(moved).slice(5),
  ]);
  for (const id of made) await pause(id, "resumeWebhook");
  await allTold("moves", String(stays), 2);
  const text = told("moves");
  expect(text).toContain("Fir");
  expect(text).not.toContain(String(moved));
  expect(text).not.toContain("Elder deal");
  expect(text).not.toContain("Elder secret");
});

test("an endpoint that is switched off says so in the log, to those who may read webhooks", async () => {
  const [ours, theirs] = [await gateway.keyFor("ours"), await gateway.keyFor("theirs")];
  const app = await keyOf(ours, { scopes: ["*"], app_id: "app-gone" });
  const narrow = await keyOf(ours, { scopes: ["read:accounts"] });
  const gone = ["/gone/ours", "/gone/app"];
  for (const path of gone) receiver.answer(path, status(410));
  const stopped = {
    ours: await makeWebhook(ours, "/gone/ours", { types: ["Account"] }),
    app: await makeWebhook(app, "/gone/app", { types: ["Account"] }),
  };
  const ownQuery = `query ($event: ID!, $type: RecordType!) { changes(types: [$type], where: { id: { eq: $event } }) { nodes { recordId record { id } } } }`;
  const watching = { types: ["Webhook"], where: { operation: { eq: "updated" } } };
  await makeWebhook(ours, "/watch/full", { ...watching, payload: "full" });
  await makeWebhook(ours, "/watch/graphql", { ...watching, payload: "graphql", query: ownQuery });
  await makeWebhook(app, "/watch/app", {});
  await makeWebhook(theirs, "/watch/theirs", {});
  const narrowId = `key-${narrow.split("_")[2]}`;
  await makeWebhook(ours, "/watch/narrow", { api_key_id: narrowId });
  await new RowWriter(gateway, app, "accounts").made({ name: "Gone" });
  const toldAt = (path: string) => receiver.at(path).map(({ data }) => data);
  const webhooksAt = (path: string) =>
    toldAt(path)
      .filter((data) => data["record_type"] === "Webhook")
      .map((data) => String(data.record_id))
      .toSorted();
  const both = Object.values(stopped).toSorted();
  for (const path of ["/watch/full", "/watch/graphql"]) {
    await expect.poll(() => webhooksAt(path), patient).toEqual(both);
  }
  await expect.poll(() => webhooksAt("/watch/app"), patient).toEqual([stopped.app]);
  const changes = [
    { field: "status", old: "active", new: "stopped" },
    { field: "status_reason", old: null, new: "It answered 410 Gone." },
  ];
  const full = toldAt("/watch/full").find(({ record_id: id }) => id === stopped.app);
  expect(full).toMatchObject({
    operation: "updated",
    version: 2,
    changed_fields: ["status", "status_reason"],
    changes,
    record: { id: stopped.app, status: "stopped", version: 2, app_id: "app-gone" },
  });
  for (const { record_id: recordId, ...data } of toldAt("/watch/graphql")) {
    expect(data["result"]).toEqual({ data: { changes: { nodes: [{ recordId, record: null }] } } });
  }

  const logOf = async (key: string): Promise<unknown> => {
    const { data, errors } = await gateway.ask(
      key,
      `query ($ids: [ID!]) { changes(types: [Webhook], where: { recordId: { in: $ids } }) {
        nodes { recordType recordId operation version actor appId changes { field old new } } } }`,
      { ids: both },
    );
    return errors === undefined ? listAt(data, "changes", "nodes") : at(errors, 0, "extensions");
  };
  const event = (id: string, appId: string | null) => ({
    recordType: "Webhook",
    recordId: id,
    operation: "updated",
    version: 2,
    actor: "gateway",
    appId,
    changes,
  });
  const ofApp = event(stopped.app, "app-gone");
  expect(await logOf(app)).toEqual([ofApp]);
  const all = await logOf(ours);
  expect(all).toHaveLength(2);
  expect(all).toEqual(expect.arrayContaining([event(stopped.ours, null), ofApp]));
  expect(await logOf(theirs)).toEqual([]);
  expect(await logOf(narrow)).toMatchObject({ code: "FORBIDDEN" });

  // Whoever pauses it or has it go on is told too.
  for (const how of ["resumeWebhook", "pauseWebhook"]) {
    await gateway.data(app, `mutation { ${how}(id: "${stopped.app}") { userErrors { code } } }`);
  }
  expect(await logOf(app)).toMatchObject([
    ofApp,
    { version: 3, actor: `key-${app.split("_")[2]}`, changes: [{ new: "active" }, { new: null }] },
    { version: 4, changes: [{ old: "active", new: "paused" }] },
  ]);
  // Those who have had their last event by now have had no other.
  const last = await new RowWriter(gateway, ours, "accounts").made({ name: "Last" });
  await expect.poll(() => toldAt("/watch/narrow").at(-1)?.record_id, patient).toBe(last);
  expect(webhooksAt("/watch/narrow")).toEqual([]);
  expect(toldAt("/watch/theirs")).toEqual([]);
});

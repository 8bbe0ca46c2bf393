import { problemsOf } from "../support/writes/mutation.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, listAt } from "../support/gateway/gateway.ts";
import { race, startRaceTrack, type RaceTrack } from "../support/writes/races.ts";
import { restClient, type RestAnswer, type RestClient } from "../support/rest/client.ts";
import { aftermath, peace } from "../support/writes/soundness.ts";

let track: RaceTrack;
let clients: readonly RestClient[];

beforeAll(async () => {
  track = await startRaceTrack();
  const headers = { "x-api-key": track.key, "x-organization-id": track.tenantId };
  clients = track.urls.map((url) => restClient({ url }, headers));
});
afterAll(() => track.close());

const rest = (through: number): RestClient => {
  const client = clients[through % 2];
  if (client === undefined) throw new Error("there is no such gateway");
  return client;
};

/** What a creation came to, in the words of all faces: its record, or the one that was there before. */
type Made =
  | { readonly id: string }
  | { readonly duplicate: string | null; readonly status: number };

/** The UUID in an id, which some faces show without its prefix. */
const bare = (id: unknown): string => String(id).slice(-36);

function madeBy({ status, body, text }: RestAnswer): Made {
  if (status === 201) {
    const isEnveloped = typeof body === "object" && body !== null && "data" in body;
    return { id: bare(isEnveloped ? at(body, "data", "id") : at(body, "id")) };
  }
  expect([status, at(body, "field")], text).toEqual([409, "email"]);
  const isShown = typeof body === "object" && body !== null && "existing" in body;
  return { duplicate: isShown ? bare(at(body, "existing", "id")) : null, status };
}

async function graphql(field: string, input: Readonly<Record<string, unknown>>, through: number) {
  const outcome = await track.write(field, { input }, through % 2);
  if (outcome.id !== null) return { id: bare(outcome.id) };
  expect(problemsOf(outcome)).toEqual(["DUPLICATE email"]);
  return { duplicate: bare(outcome.userErrors[0]?.existingId), status: 409 };
}

const spelt = (email: string, index: number): string =>
  index % 2 === 0 ? email : email.toUpperCase();

describe("one email on every face at once", () => {
  const faces = {
    "an account": [
      async (email: string, through: number) =>
        madeBy(await rest(through).post("/api/v1/crm/accounts", { email })),
      (email: string, through: number) => graphql("createAccount", { email }, through),
      async (email: string, through: number) => {
        const customer = { account_type: "business", company_name: "One", email, phone: "1" };
        return madeBy(await rest(through).post("/api/public/v1/customers", customer));
      },
    ],
    "a contact of no account": [
      async (email: string, through: number) =>
        madeBy(await rest(through).post("/api/v1/crm/contacts", { email })),
      (email: string, through: number) => graphql("createContact", { email }, through),
      async (email: string, through: number) => {
        const path = ["/api/v1/integration/customers", "/v1/customers", "/v1/customer"][
          through % 3
        ];
        return madeBy(await rest(through).post(path ?? "", { last_name: "One", email }));
      },
    ],
  };

  it.each(Object.entries(faces))(
    "makes %s once, and names it to the others",
    async (name, ways) => {
      const email = `one@${name.replaceAll(" ", "-")}.example`;
      const made = await race(60, async (racer): Promise<Made> => {
        const create = ways[racer % ways.length];
        if (create === undefined) throw new Error("there is no such way");
        return create(spelt(email, racer), racer);
      });
      const [winner, ...more] = made.flatMap((one) => ("id" in one ? [one.id] : []));
      expect(more).toEqual([]);
      const told = made.flatMap((one) => ("id" in one ? [] : [one.duplicate]));
      expect(told).toHaveLength(59);
      for (const existing of told) expect([winner, null]).toContain(existing);
      // The document of the customers API has no place for it.
      expect(told.filter((existing) => existing !== null).length).toBeGreaterThanOrEqual(38);
      const events = await track.sql(
        "SELECT version FROM change_events WHERE entity_id = $1",
        winner,
      );
      expect(events).toEqual([{ version: 1 }]);
      expect(await aftermath(track)).toEqual(peace);
    },
  );
});

describe("records that are made over one face", () => {
  it("are there on all others at once, whichever gateway is asked", async () => {
    await race(20, async (index) => {
      const email = `customer-${index}@at-once.example`;
      const made = await rest(index).post("/api/public/v1/customers", {
        account_type: "business",
        company_name: `At once ${index}`,
        first_name: "Nora",
        last_name: "Harbor",
        email,
        phone: "+1 415 555 0100",
      });
      expect(made.status, made.text).toBe(201);
      const id = String(at(made.body, "data", "id"));
      const crm = await rest(index + 1).get(`/api/v1/crm/accounts/acc-${id}`);
      expect(crm.body).toMatchObject({ id: `acc-${id}`, email, version: 1 });
      const contacts = await rest(index + 1).get(`/api/v1/crm/contacts?account_id=acc-${id}`);
      expect(listAt(contacts.body, "data")).toMatchObject([{ email, is_primary: true }]);
      const contact = String(at(contacts.body, "data", 0, "id")).slice("con-".length);
      const person = await rest(index).get(`/v1/customers/${contact}`);
      expect(person.body).toMatchObject({ id: contact, last_name: "Harbor", email });
      const { answer } = await track.send(
        "query ($id: ID!) { account(id: $id) { email version contacts { nodes { id } } } }",
        { variables: { id }, through: (index + 1) % 2 },
      );
      expect(answer.data).toEqual({
        account: { email, version: 1, contacts: { nodes: [{ id: `con-${contact}` }] } },
      });
      // What one face changes, the next one shows and counts on from.
      const changed = await rest(index + 1).patch(
        `/api/v1/crm/accounts/acc-${id}`,
        { phone: "+14155550101" },
        { "if-match": '"1"' },
      );
      expect(changed.headers.get("etag")).toBe('"2"');
      const shown = await rest(index).get(`/api/public/v1/customers/${id}`);
      expect(at(shown.body, "data", "phone")).toBe("+14155550101");
      expect(shown.headers.get("etag")).toBe('"2"');
      await track.write("deleteAccount", { id, version: 2 }, index % 2);
      for (const path of [`/api/public/v1/customers/${id}`, `/v1/customer/${contact}`]) {
        expect((await rest(index + 1).get(path)).status).toBe(404);
      }
    });
    expect(await aftermath(track)).toEqual(peace);
  });

  it("free their email when they are deleted, and take it back by a restoration only if it is free", async () => {
    const email = "again@free.example";
    const path = "/api/v1/crm/accounts";
    const first = await rest(0).post(path, { email });
    const id = String(at(first.body, "id"));
    expect((await rest(1).delete(`${path}/${id}`)).status).toBe(200);
    const customer = { account_type: "business", company_name: "Two", email, phone: "1" };
    const second = await rest(1).post("/api/public/v1/customers", customer);
    expect(second.status).toBe(201);
    expect(problemsOf(await track.write("restoreAccount", { id }))).toEqual(["DUPLICATE email"]);
    const taken = `${path}/acc-${String(at(second.body, "data", "id"))}`;
    expect((await rest(0).delete(taken, { "if-match": '"1"' })).status).toBe(200);
    expect((await track.write("restoreAccount", { id })).id).toBe(id);
    const again = await rest(1).get(`${path}/${id}`);
    expect(again.body).toMatchObject({ email, version: 3, is_deleted: false });
    expect(await aftermath(track)).toEqual(peace);
  });
});

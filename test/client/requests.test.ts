import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AsteriPublicApiClient,
  createCrmClient,
  exactNumbers,
  type CrmClient,
} from "../../client/src/index.ts";
import { at } from "../support/gateway/gateway.ts";
import {
  reply,
  startScriptedServer,
  type ScriptedServer,
} from "../support/processes/scripted-server.ts";

let server: ScriptedServer;
let client: CrmClient;
const apiKey = "crm_test_secret";

beforeAll(async () => {
  server = await startScriptedServer();
  client = createCrmClient({ baseUrl: server.url, apiKey });
});
afterAll(() => server.close());

const page = (data: readonly unknown[], next_cursor: string | null = null) =>
  reply(200, { data, pagination: { count: data.length, limit: 25, next_cursor } });

it("a file is sent under its own name", async () => {
  for (const [file, settings, name] of [
    [new File(["email\n"], "people.csv"), {}, "people.csv"],
    [new File(["email\n"], "people.csv"), { file_name: "other.csv" }, "other.csv"],
    [new Blob(["email\n"]), {}, "file"],
  ] as const) {
    server.script(reply(202, {}));
    await client.imports.create(file, { entity: "contacts", ...settings });
    expect(server.received[0]?.body).toContain(`name="file"; filename="${name}"`);
  }
});

describe("the parameters of a list", () => {
  const askedFor = async (
    parameters: Parameters<typeof client.customer.deals.list>[0],
  ): Promise<string> => {
    server.script(page([]));
    await client.customer.deals.list(parameters);
    return decodeURIComponent(server.received[0]?.path.split("?")[1] ?? "");
  };

  it.each([
    [{}, ""],
    [{ limit: 5, cursor: "abc", q: "north" }, "limit=5&cursor=abc&q=north"],
    [{ sort: "-created_at" }, "sort=-created_at"],
    [{ sort: ["-value", "name"] }, "sort=-value,name"],
    [
      { include_deleted: true, stage: "lead", value: 10 },
      "include_deleted=true&stage=lead&value=10",
    ],
    [{ value: { gte: 5, lt: 10 } }, "value[gte]=5&value[lt]=10"],
    [{ stage: { in: ["lead", "won"] } }, "stage[in]=lead,won"],
    [{ name: { in: ["a,b", "c\\d"] } }, "name[in]=a\\,b,c\\\\d"],
    [{ name: "a,b" }, "name=a,b"],
    [{ name: { contains: "a b&c=d" } }, "name[contains]=a+b&c=d"],
    [{ created_at: { gte: new Date(0) } }, "created_at[gte]=1970-01-01T00:00:00.000Z"],
    [{ primary_contact_id: null }, "primary_contact_id[is_null]=true"],
    [{ name: undefined, value: { gte: undefined } }, ""],
  ] as const)("%j are sent as they are documented", async (parameters, expected) => {
    expect(await askedFor(parameters)).toBe(expected);
  });

  it("escape what could be read as another parameter", async () => {
    server.script(page([]));
    await client.customer.accounts.list({ name: "a&limit=1#?%" });
    expect(server.received[0]?.path).toBe("/api/v1/crm/accounts?name=a%26limit%3D1%23%3F%25");
  });

  it.each([[{ name: { contains: null } }, "give a text"]])(
    "that cannot be sent are refused: %j",
    async (parameters, message) => {
      server.script(page([]));
      const { list }: { list: (parameters: object) => PromiseLike<unknown> } =
        client.customer.deals;
      await expect(list(parameters)).rejects.toThrow(message);
      expect(server.received).toEqual([]);
    },
  );
});

describe("a list", () => {
  it("sends nothing until it is awaited, and then once", async () => {
    server.script(page([{ id: "acc-1" }]));
    const list = client.customer.accounts.list();
    expect(server.received).toEqual([]);
    const [first, second] = await Promise.all([list, list]);
    expect(second).toBe(first);
    for await (const { id } of list) expect(id).toBe("acc-1");
    expect(server.received).toHaveLength(1);
  });

  it("is a promise: catch and finally work, and nothing is left unhandled", async () => {
    server.script(reply(404, { error: "No." }));
    const caught: unknown = await client.customer.accounts.list().catch((error: unknown) => error);
    expect(caught).toMatchObject({ name: "NotFoundError" });
    let ended = false;
    await client.customer.accounts
      .list()
      .finally(() => {
        ended = true;
      })
      .catch(() => undefined);
    expect(ended).toBe(true);
  });

  it("asks for the next page when it is its turn, and not when the loop was left", async () => {
    server.script(page([{ id: "1" }, { id: "2" }], "b"), page([{ id: "3" }], "c"));
    for await (const { id } of client.customer.accounts.list({ limit: 2 })) {
      if (id === "3") break;
    }
    expect(server.received.map(({ path }) => path.split("?")[1])).toEqual([
      "limit=2",
      "limit=2&cursor=b",
    ]);
  });

  it("does not go round for ever when a server gives the same cursor again", async () => {
    server.script(page([{ id: "1" }], "b"));
    const walk = async (): Promise<void> => {
      for await (const { data } of client.customer.accounts.list().pages()) {
        expect(data).toHaveLength(1);
      }
    };
    await expect(walk()).rejects.toThrow("circle");
    expect(server.received).toHaveLength(2);
  });
});

describe("credentials", () => {
  it("go into the headers that the documents name", async () => {
    server.script(page([]));
    await client.customer.accounts.list();
    await createCrmClient({ baseUrl: server.url, token: "a.b.c" }).customer.quotes.list();
    const options = { baseUrl: server.url, apiKey, departmentId: "dep-1" };
    await createCrmClient(options).integration.customers.list();
    const asteri = { baseUrl: `${server.url}/`, apiKey, organizationId: "ten-1" };
    await new AsteriPublicApiClient(asteri).customers.list();
    const [withKey, withToken, integration, customers] = server.received;
    expect(withKey?.headers).toMatchObject({ "x-api-key": apiKey });
    expect(withToken?.headers).toMatchObject({ authorization: "Bearer a.b.c" });
    expect(withToken?.headers).not.toHaveProperty("x-api-key");
    expect(integration?.headers).toMatchObject({ "x-api-key": apiKey, "x-department-id": "dep-1" });
    expect(customers?.headers).toMatchObject({ "x-api-key": apiKey, "x-organization-id": "ten-1" });
    expect(server.received.map(({ path }) => path)).toEqual([
      "/api/v1/crm/accounts",
      "/api/v1/crm/quotes",
      "/api/v1/integration/customers",
      "/api/public/v1/customers",
    ]);
  });

  it("come before the client's own headers, and a call's headers before all", async () => {
    server.script(page([]));
    const headers = { "X-Api-Key": "another", Accept: "text/plain", "x-trace": "1" };
    const { deals } = createCrmClient({ baseUrl: server.url, apiKey, headers }).customer;
    await deals.list();
    await deals.list({}, { headers: { "X-Trace": "2", "X-Api-Key": "this time" } });
    expect(server.received.map((received) => received.headers)).toMatchObject([
      { "x-api-key": apiKey, accept: "text/plain", "x-trace": "1" },
      { "x-api-key": "this time", accept: "text/plain", "x-trace": "2" },
    ]);
  });

  it("that are missing or cannot be sent are refused at once, without being repeated", () => {
    const { ASTERI_NO_SUCH_KEY } = process.env;
    const make = (key: string | undefined) => () =>
      Reflect.construct(AsteriPublicApiClient, [
        { baseUrl: server.url, organizationId: "ten-1", apiKey: key },
      ]);
    expect(make(ASTERI_NO_SUCH_KEY)).toThrow("apiKey is missing");
    expect(make("")).toThrow("apiKey is missing");
    expect(make("secret\nx-admin: 1")).toThrow(/^(?!.*secret)apiKey/);
  });

  it("show neither in a client that is printed nor in an error", async () => {
    server.script(reply(404, { error: "No." }));
    const failure = await client.customer.accounts.get("acc-1").catch((error: unknown) => error);
    expect(inspect([client, failure], { depth: 9, showHidden: true })).not.toContain(apiKey);
    expect(JSON.stringify([client, failure])).not.toContain(apiKey);
  });
});

describe("a body", () => {
  it("is JSON without what is undefined; null is sent, as it clears a field", async () => {
    server.script(reply(200, {}));
    await client.customer.deals.update("deal-1", { name: null, stage: undefined, value: 5 });
    expect(server.received).toMatchObject([
      {
        method: "PATCH",
        path: "/api/v1/crm/deals/deal-1",
        body: '{"name":null,"value":5}',
        headers: { "content-type": "application/json", accept: "application/json" },
      },
    ]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "cannot have %d, which JSON makes null",
    async (value) => {
      server.script(reply(200, {}));
      await expect(client.customer.deals.update("deal-1", { value })).rejects.toThrow("value: ");
      expect(server.received).toEqual([]);
    },
  );

  it("is not sent with a deletion, nor with reading", async () => {
    server.script(reply(200, {}));
    await client.customer.deals.delete("deal-1", { ifMatch: 7 });
    await client.customer.deals.get("deal-1");
    expect(server.received.map(({ body }) => body)).toEqual(["", ""]);
    expect(server.received[0]?.headers).toMatchObject({ "if-match": '"7"' });
    for (const { headers } of server.received) expect(headers).not.toHaveProperty("content-type");
  });
});

describe("what would go to another place than was meant", () => {
  it.each(["", ".", ".."])("is refused: the id %j", async (id) => {
    server.script(page([]));
    await expect(client.customer.accounts.delete(id)).rejects.toThrow("id of a record");
    expect(server.received).toEqual([]);
  });

  it("is escaped: an id with a slash", async () => {
    server.script(reply(404, { error: "No." }));
    await client.customer.deals.get("../accounts/acc-1?x=1").catch(() => undefined);
    expect(server.received[0]?.path).toBe("/api/v1/crm/deals/..%2Faccounts%2Facc-1%3Fx%3D1");
  });

  it.each(["", "crm.example", "ftp://crm.example", "https://u:p@crm.example", "https://x/?a=1"])(
    "is refused: the base URL %j",
    (baseUrl) => {
      expect(() => createCrmClient({ baseUrl, apiKey })).toThrow("baseUrl");
    },
  );

  it("is not: a base URL with a path", async () => {
    server.script(page([]));
    await createCrmClient({ baseUrl: `${server.url}/gateway//`, apiKey }).customer.deals.list();
    expect(server.received[0]?.path).toBe("/gateway/api/v1/crm/deals");
  });
});

describe("exactNumbers", () => {
  const read = (json: string): unknown => at(exactNumbers(`{"n": ${json}}`), "n");

  it.each([
    ["0", 0],
    ["-7", -7],
    ["10.5", 10.5],
    ["10.50", 10.5],
    ["100.0000", 100],
    ["999999999999999", 999_999_999_999_999],
    ["1e3", 1000],
    ["999999999999999.9999", "999999999999999.9999"],
    ["-123456789012345.6789", "-123456789012345.6789"],
    ["9007199254740993", "9007199254740993"],
  ])("reads %s as %j", (json, expected) => {
    expect(read(json)).toBe(expected);
  });

  it("leaves everything else as JSON.parse reads it", () => {
    const json = '{"a":[null,true,"1.50",{"b":{}}],"__proto__":1}';
    expect(exactNumbers(json)).toEqual(JSON.parse(json));
  });
});

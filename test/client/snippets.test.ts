import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCrmClient, type CrmClient } from "../../client/src/index.ts";
import {
  installClient,
  type ClientInstallation,
  type Ran,
} from "../support/processes/client-package.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let apiKey: string;
let program: ClientInstallation;

beforeAll(async () => {
  [gateway, program] = await Promise.all([startGateway(), installClient()]);
  tenant = await gateway.fixtures.tenant("north-harbor");
  apiKey = await gateway.keyFor(tenant.slug);
});
afterAll(async () => {
  await Promise.all([gateway.close(), program.remove()]);
});

/** A snippet, letter by letter as the document has it. */
const snippet = (name: string): Promise<string> =>
  readFile(new URL(`snippets/${name}.txt`, import.meta.url), "utf8");

/** Runs a module in a process of its own and gives what it leaves in `outcome`. */
async function outcomeOf(code: string): Promise<unknown> {
  await program.write("snippet.mts", `${code}\nconsole.log(JSON.stringify(outcome));\n`);
  const env = { ASTERI_ORG_ID: tenant.uuid, ASTERI_API_KEY: apiKey, BASE_URL: gateway.url };
  const { code: status, stdout, stderr } = await program.run("snippet.mts", env);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const documentedUrl = "http://localhost:3000";
const customerId = "8af2ca8e-8f31-4e6e-a46c-0703b61f7ca3";
const northHarbor = {
  account_type: "business",
  display_name: "North Harbor Facilities",
  email: "ops@northerborfacilities.com",
  phone: "+1-404-555-0128",
};

describe("a snippet of the customers document, with another base URL", () => {
  const outcome = async (name: string): Promise<unknown> => {
    const text = await snippet(`customers-${name}`);
    expect(text).toContain(`'${documentedUrl}'`);
    return outcomeOf(`${text.replace(documentedUrl, gateway.url)}\nconst outcome = response;`);
  };
  const keys = ["id", "organization_id", "account_type", "display_name", "email", "phone"];

  it("creates the customer", async () => {
    const response = await outcome("create");
    const data = at(response, "data");
    expect(Object.keys(Object(response))).toEqual(["data"]);
    expect(Object.keys(Object(data))).toEqual([...keys, "created_at"]);
    expect(data).toMatchObject({ ...northHarbor, organization_id: tenant.uuid });
  });

  it("lists the customers", async () => {
    const response = await outcome("list");
    expect(Object.keys(Object(response))).toEqual(["data", "pagination"]);
    expect(response).toMatchObject({
      data: [{ ...northHarbor, created_at: expect.stringMatching(/\.\d{3}Z$/) }],
      pagination: { count: 1, limit: 25, next_cursor: null },
    });
  });

  it("gets a customer by its id", async () => {
    await expect(outcome("get")).rejects.toThrow("NotFoundError: Customer not found");
    await gateway.fixtures.client.query(
      `INSERT INTO accounts (tenant_id, id, name, email, email_key, phone) VALUES ($1, $2, 'North Harbor', 'a@b.example', 'a@b.example', '1')`,
      [tenant.uuid, customerId],
    );
    expect(await outcome("get")).toMatchObject({
      data: { id: customerId, organization_id: tenant.uuid, display_name: "North Harbor" },
    });
  });
});

const before = `import { createCrmClient } from "crm-gateway-client";
const client = createCrmClient({
  baseUrl: process.env["BASE_URL"] ?? "",
  apiKey: process.env["ASTERI_API_KEY"] ?? "",
});
`;

describe("a snippet of the CRM document, with a client in scope", () => {
  type Name = keyof CrmClient["customer"];
  const run = async (text: string): Promise<Ran> => {
    await program.write("snippet.mts", `${before}${text}`);
    return program.run("snippet.mts", { BASE_URL: gateway.url, ASTERI_API_KEY: apiKey });
  };
  /** All that there is of a kind. */
  const records = async (name: Name): Promise<readonly unknown[]> => {
    const { [name]: collection } = createCrmClient({ baseUrl: gateway.url, apiKey }).customer;
    return listAt(await collection.list({ limit: 100 }), "data");
  };

  it.each(["accounts", "contacts"] as const)("%s: runs as it stands", async (name) => {
    const old = (await records(name)).length;
    expect(await run(await snippet(`crm-${name}`))).toEqual({ code: 0, stdout: "", stderr: "" });
    const [made, ...others] = await records(name);
    expect(others).toHaveLength(old);
    // What the server manages is taken from nobody, and not complained about.
    expect(made).toMatchObject({
      id: expect.stringMatching(/^(?:acc|con)-[0-9a-f-]{36}$/),
      tenant_id: tenant.id,
      app_id: null,
      version: 1,
    });
    expect(at(made, "created_at")).not.toMatch(/^2026-01-01/);
  });

  it.each([
    ["deals", "account_id"],
    ["activities", "account_id"],
    ["quotes", "account_id"],
    ["lineItems", "quote_id"],
  ] as const)("%s: is told what it lacks, and with that line it runs", async (name, field) => {
    const text = await snippet(`crm-${name}`);
    const refused = await run(text);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      new RegExp(`ValidationError: Invalid request payload .*${field}`),
    );
    const account = await tenant.account();
    const { id } = field === "quote_id" ? await tenant.quote(account, null) : account;
    const old = await records(name);
    const mended = text.replace("create({\n", `create({\n${field}: "${id}",\n`);
    expect(await run(mended)).toEqual({ code: 0, stdout: "", stderr: "" });
    const [made, ...others] = await records(name);
    expect(others).toEqual(old);
    expect(made).toMatchObject({ [field]: id, tenant_id: tenant.id, version: 1 });
  });

  it("activities have neither update nor delete", async () => {
    const names = await outcomeOf(`${before}
const outcome = Object.entries(client.customer).map(([name, verbs]) => [name, Object.keys(verbs)]);`);
    const all = ["list", "get", "create", "export", "update", "delete", "upsert"];
    expect(names).toEqual([
      ["accounts", all],
      ["contacts", all],
      ["deals", all],
      ["activities", ["list", "get", "create", "export"]],
      ["quotes", all],
      ["lineItems", all],
    ]);
  });
});

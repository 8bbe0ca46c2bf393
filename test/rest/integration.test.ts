import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import {
  at,
  listAt,
  recordAt,
  startGateway,
  type TestGateway,
} from "../support/gateway/gateway.ts";
import { restClient, type RestClient } from "../support/rest/client.ts";

const path = "/api/v1/integration/customers";

let gateway: TestGateway;
let north: TenantFixtures;
let sales: Made;
let key: string;
let rest: RestClient;

beforeAll(async () => {
  gateway = await startGateway();
  north = await gateway.fixtures.tenant("north");
  sales = await north.department("Sales");
  key = await gateway.keyFor("north");
  rest = restClient(gateway, { "x-api-key": key });
});
afterAll(() => gateway.close());

/** Everything that the document lets a customer have, and the further address line of its sample. */
const complete = {
  company: "North Harbor",
  website: "https://harbor.example",
  title: "Dr.",
  first_name: "John",
  last_name: "Doe",
  phone_1: "+49 12345678",
  phone_2: "030 / 1234",
  phone_3: "ask Nora",
  phone_1_label: "Mobile",
  phone_2_label: "Work",
  phone_3_label: "Other",
  email: "john@doe.example",
  postcode: "20457",
  address: "Am Sandtorkai 1",
  address_addition: "Floor 3",
  city: "Hamburg",
  country: "Germany",
  state: "HH",
  lead_origin: "fair",
  birthday: "1980-02-29",
  note: "Likes\r\nboats",
};

describe("a customer of the integration API", () => {
  it("has all attributes of the document, as they were sent", async () => {
    const answer = await rest.post(path, complete);
    expect(answer.status).toBe(201);
    expect(recordAt(answer.body)).toMatchObject(complete);
    expect(Object.keys(recordAt(answer.body))).toHaveLength(Object.keys(complete).length + 4);
  });

  it("that was read can be sent back: what the server keeps is ignored", async () => {
    const sent = { ...complete, last_name: "Back", email: "back@doe.example" };
    const record = recordAt((await rest.post(path, sent)).body);
    const again = await rest.post(path, { ...record, email: "again@doe.example" });
    expect(again.status).toBe(201);
    const { id, created_at, updated_at } = recordAt(again.body);
    expect(id).not.toBe(record["id"]);
    const own = { id, created_at, updated_at, email: "again@doe.example" };
    expect(again.body).toEqual({ ...record, ...own });
    for (const name of ["created_by", "version", "is_deleted", "app_id", "schema_version"]) {
      const managed = await rest.post(path, { last_name: "Managed", [name]: "x" });
      expect([name, managed.status]).toEqual([name, 201]);
    }
  });

  it("needs its last name alone", async () => {
    expect((await rest.post(path, { last_name: "Alone" })).status).toBe(201);
    for (const last_name of [undefined, null, "", "  "]) {
      const answer = await rest.post(path, { ...complete, email: null, last_name });
      expect([answer.status, at(answer.body, "issues", 0, "path")]).toEqual([400, "last_name"]);
    }
  });

  it("keeps its phone as it is sent, where the CRM API keeps E.164", async () => {
    const phone = "+49 (40) 123-4567";
    const kept = await rest.post(path, { last_name: "Kept", phone_1: phone });
    expect(at(kept.body, "phone_1")).toBe(phone);
    const id = String(at(kept.body, "id"));
    expect(at((await rest.get(`/api/v1/crm/contacts/${id}`)).body, "phone")).toBe(phone);
    const normal = await rest.post("/api/v1/crm/contacts", { last_name: "Normal", phone });
    expect(at(normal.body, "phone")).toBe("+49401234567");
    const found = await rest.get("/api/v1/crm/contacts?q=%2B49401234567");
    const names = listAt(found.body, "data").map((record) => String(at(record, "last_name")));
    expect(names.toSorted()).toEqual(["Kept", "Normal"]);
  });

  it("is listed and filtered under its own names", async () => {
    await rest.post(path, { last_name: "Listed", city: "Bremen", birthday: "1990-01-02" });
    const answer = await rest.get(`${path}?city=Bremen&birthday[gte]=1990-01-01&sort=last_name`);
    expect(answer.status).toBe(200);
    expect(Object.keys(recordAt(answer.body))).toEqual(["data", "pagination"]);
    expect(listAt(answer.body, "data")).toMatchObject([{ last_name: "Listed", city: "Bremen" }]);
    expect(at(answer.body, "pagination")).toEqual({ count: 1, limit: 25, next_cursor: null });
    const foreign = await rest.get(`${path}?job_title=x`);
    expect([foreign.status, at(foreign.body, "issues", 0, "path")]).toEqual([400, "job_title"]);
  });
});

describe("the department of a customer", () => {
  const departmentOf = async (id: unknown): Promise<unknown> => {
    const { rows } = await gateway.fixtures.client.query(
      "SELECT department_id FROM contacts WHERE id = $1",
      [id],
    );
    return at(rows, 0, "department_id");
  };

  it("is that of the header, and shown on no face", async () => {
    const headers = { "x-department-id": sales.id };
    const made = await rest.post(path, { last_name: "Private" }, headers);
    const id = String(at(made.body, "id"));
    expect(await departmentOf(id)).toBe(sales.uuid);
    for (const read of [`${path}/${id}`, `/api/v1/crm/contacts/${id}`]) {
      const answer = await rest.get(read);
      expect(answer.status).toBe(200);
      expect(answer.text).not.toContain(sales.uuid);
      expect(answer.text).not.toContain("department");
    }
  });

  it("is the key's where the key has one, with or without the header", async () => {
    const bound = await gateway.keyFor("north");
    const { client } = gateway.fixtures;
    const [service, id] = [await north.department("Service"), bound.split("_")[2]];
    await client.query("UPDATE api_keys SET department_id = $1 WHERE id = $2", [service.uuid, id]);
    const own = restClient(gateway, { "x-api-key": bound });
    const ways: Record<string, string>[] = [{}, { "x-department-id": service.uuid }];
    for (const headers of ways) {
      const made = await own.post(path, { last_name: "Bound" }, headers);
      expect(await departmentOf(at(made.body, "id"))).toBe(service.uuid);
    }
    const other = await own.post(path, { last_name: "x" }, { "x-department-id": sales.id });
    expect(other.status).toBe(403);
  });

  it("cannot be sent in a body", async () => {
    for (const to of [path, "/api/v1/crm/contacts"]) {
      const answer = await rest.post(to, { last_name: "x", department_id: sales.id });
      expect([answer.status, at(answer.body, "issues", 0, "path")]).toEqual([400, "department_id"]);
    }
  });
});

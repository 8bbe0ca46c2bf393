import type { ErrorObject } from "ajv/dist/2020.js";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { operations } from "../../../src/rest/operations.ts";
import type { Operation } from "../../../src/rest/face.ts";
import { at, listAt, startGateway, type TestGateway } from "../../support/gateway/gateway.ts";
import { casesOf } from "../../support/run/run-length.ts";
import { bodiesOf } from "../../support/rest/input-values.ts";
import { validatorAt } from "../../support/rest/openapi-contract.ts";
import { restClient, type RestAnswer, type RestClient } from "../../support/rest/client.ts";

let gateway: TestGateway;
let rest: RestClient;
/** A record of each kind, by the path of its list. */
const records = new Map<string, string>();
/** What new records need. */
const needed: Record<string, unknown> = {
  account_type: "business",
  email: "ops@example.com",
  phone: "+1 404 555 0128",
  last_name: "Harbor",
};

beforeAll(async () => {
  gateway = await startGateway({ env: { POINTS_PER_MINUTE: "100000000" } });
  const north = await gateway.fixtures.tenant("north");
  const account = await north.account();
  const deal = await north.deal(account);
  const quote = await north.quote(account, deal);
  records.set("/api/v1/crm/accounts", account.id);
  records.set("/api/v1/crm/contacts", (await north.contact(account)).id);
  records.set("/api/v1/crm/deals", deal.id);
  records.set("/api/v1/crm/quotes", quote.id);
  records.set(
    "/api/v1/crm/line-items",
    (await north.lineItem(await north.quote(account, deal))).id,
  );
  Object.assign(needed, { account_id: account.id, quote_id: quote.id });
  rest = restClient(gateway, {
    "x-api-key": await gateway.keyFor("north"),
    "x-organization-id": north.id,
  });
});
afterAll(() => gateway.close());

const writes = operations.flatMap((operation): [string, Operation][] =>
  operation.input !== null ? [[operation.id, operation]] : [],
);

/**
 * What no schema says: what other records are like, what goes together, and which of the texts of a form there are in the
 * world.
 */
const beyondSchemas =
  /There is no such|ISO 4217|country code|must be a domain|15 integer and 4 fraction|from 0 to 100|is needed|says something else than|cannot change|is taken|is not the current one|of another account|must be the quote's|nothing but blanks|must not be negative|must be from 0 to/;

describe("a body is refused by the server for the keys that the document refuses", () => {
  it.each(writes)("%s", async (_, operation) => {
    const { resource, verb, input: definition } = operation;
    if (definition === null) throw new Error("takes a body");
    const validate = validatorAt(`#/components/schemas/${definition.name}`);
    const path = `${resource.path}/${records.get(resource.path)}`;
    const request = (body: unknown): Promise<RestAnswer> => {
      if (verb === "create") return rest.post(resource.path, body);
      return verb === "upsert"
        ? rest.put(`${resource.path}/external/known`, body)
        : rest.patch(path, body);
    };
    const base = Object.entries(needed).filter(
      ([key]) => verb !== "update" && resource.create.input.fields[key]?.required === true,
    );
    // An upsert's is that of its path, or it is refused for that alone.
    const keys = Object.keys(definition.fields).filter(
      (key) => verb !== "upsert" || key !== "external_id",
    );
    await fc.assert(
      fc.asyncProperty(bodiesOf(keys, Object.fromEntries(base)), async (body) => {
        const refused = validate(body) ? new Set() : new Set((validate.errors ?? []).map(keyOf));
        const answer = await request(body);
        const issues = answer.status === 400 ? listAt(answer.body, "issues") : [];
        const told = issues.map((issue) => ({
          key: String(at(issue, "path")).split(".")[0],
          message: String(at(issue, "message")),
        }));
        // Each key that the document refuses is told of …
        // (Of more than a hundred, the others are only counted.)
        const isWhole = told.length <= 100;
        const expected = isWhole ? [...refused] : [];
        expect(told.map(({ key }) => key)).toEqual(expect.arrayContaining(expected));
        // … and no other, but for what no schema can say.
        const others = told.filter(({ key }) => !refused.has(key) && (isWhole || key !== ""));
        expect(others.filter(({ message }) => !beyondSchemas.test(message))).toEqual([]);
      }),
      { numRuns: casesOf(60) },
    );
  });
});

/** The key of a body that an error is about. */
function keyOf({ instancePath, keyword, params }: ErrorObject): string {
  if (instancePath !== "") return instancePath.split("/")[1] ?? "";
  return String(keyword === "required" ? params["missingProperty"] : params["additionalProperty"]);
}

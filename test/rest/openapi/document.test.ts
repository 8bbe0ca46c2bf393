import { createConfig, lintFromString } from "@redocly/openapi-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { documented } from "../../../src/rest/crm/documented.ts";
import { exports } from "../../../src/rest/export/operations.ts";
import { importOperations } from "../../../src/rest/imports/operations.ts";
import { operations } from "../../../src/rest/operations.ts";
import { printOpenApi } from "../../../src/rest/openapi/document.ts";
import { at, listAt, startGateway, type TestGateway } from "../../support/gateway/gateway.ts";
import { openApi } from "../../support/rest/openapi-contract.ts";
import { send } from "../../support/gateway/raw-http.ts";

/** What the specifications of the three APIs list; activities are neither changed nor deleted. */
const listed: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    ["accounts", "contacts", "deals", "quotes", "line-items"].flatMap((name) => [
      [`/api/v1/crm/${name}`, ["get", "post"]],
      [`/api/v1/crm/${name}/{id}`, ["get", "patch", "delete"]],
      [`/api/v1/crm/${name}/external/{external_id}`, ["put"]],
    ]),
  ),
  "/api/v1/crm/export": ["get"],
  ...Object.fromEntries(
    ["accounts", "contacts", "deals", "activities", "quotes", "line-items"].map((name) => [
      `/api/v1/crm/${name}/export`,
      ["get"],
    ]),
  ),
  "/api/v1/crm/imports": ["get", "post"],
  "/api/v1/crm/imports/{id}": ["get"],
  "/api/v1/crm/imports/{id}/errors.csv": ["get"],
  "/api/v1/crm/imports/{id}/start": ["post"],
  "/api/v1/crm/imports/{id}/cancel": ["post"],
  "/api/v1/crm/activities": ["get", "post"],
  "/api/v1/crm/activities/{id}": ["get"],
  ...Object.fromEntries(
    ["/api/v1/integration/customers", "/v1/customers", "/v1/customer"].flatMap((path) => [
      [path, ["get", "post"]],
      [`${path}/{id}`, ["get"]],
    ]),
  ),
  "/api/public/v1/customers": ["get", "post"],
  "/api/public/v1/customers/{customerId}": ["get"],
};

const paths = Object.entries(Object(openApi["paths"]));

describe("the OpenAPI document", () => {
  it("has nothing that a strict linter would complain of", async () => {
    const config = await createConfig({
      extends: ["recommended-strict"],
      rules: {
        "operation-4xx-response": "error",
        "operation-operationId-unique": "error",
        "operation-description": "error",
        "parameter-description": "error",
        "tag-description": "error",
        "no-invalid-media-type-examples": "error",
        "no-invalid-schema-examples": "error",
        "no-unused-components": "error",
        "no-required-schema-properties-undefined": "error",
        "paths-kebab-case": "error",
      },
    });
    const problems = await lintFromString({
      source: printOpenApi(),
      absoluteRef: "openapi.json",
      config,
    });
    expect(
      problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
    ).toEqual([]);
  });

  it("has every operation at each of its paths, and nothing else", () => {
    const found = paths.map(([path, item]) => [path, Object.keys(Object(item)).toSorted()]);
    const expected = Object.entries(listed).map(([path, methods]) => [path, methods.toSorted()]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
    const ids = paths.flatMap(([, item]) =>
      Object.values(Object(item)).map((operation) => at(operation, "operationId")),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(
      expect.arrayContaining(
        [...operations, ...exports, ...Object.values(importOperations)].map(({ id }) => id),
      ),
    );
  });

  it("has the keys of records as their document lists them, in its order, and says that all are there", () => {
    for (const [name, keys] of Object.entries(documented)) {
      const noun = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
      const schema = at(openApi, "components", "schemas", noun);
      const found = Object.keys(Object(at(schema, "properties")));
      expect(found.slice(0, keys.length)).toEqual(keys);
      expect(listAt(schema, "required")).toEqual(found);
    }
  });

  it("names what is written of a record once: nothing that can be read is unknown to what changes it", () => {
    for (const noun of ["Account", "Contact", "Deal", "Quote", "LineItem"]) {
      const keysOf = (name: string) =>
        Object.keys(Object(at(openApi, "components", "schemas", name, "properties")));
      const changeable = keysOf(`Update${noun}Input`);
      expect(keysOf(noun).filter((key) => !changeable.includes(key))).toEqual([]);
    }
  });

  it("is small enough to be loaded by a browser", () => {
    expect(JSON.stringify(openApi).length).toBeLessThan(450_000);
    expect(printOpenApi().length).toBeLessThan(700_000);
  });
});

describe("the document beside the server", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  it.each(Object.entries(listed))("%s has these methods and no others", async (path, methods) => {
    const url = `${gateway.url}${path.replace(/\{\w+\}/, "019cbd7f-679e-705d-b742-3c0d785c8c30")}`;
    const served: string[] = [];
    for (const method of ["get", "post", "put", "patch", "delete", "options", "trace"]) {
      const { status } = await send(url, { method: method.toUpperCase() });
      // Who calls is asked first, and only where there is something to call.
      expect([401, 405]).toContain(status);
      if (status === 401) served.push(method);
    }
    expect(served.toSorted()).toEqual([...methods].toSorted());
  });
});

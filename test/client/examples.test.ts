import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { installClient, type ClientInstallation } from "../support/processes/client-package.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let program: ClientInstallation;

beforeAll(async () => {
  [gateway, program] = await Promise.all([startGateway(), installClient()]);
  tenant = await gateway.fixtures.tenant("north-harbor");
});
afterAll(async () => {
  await Promise.all([gateway.close(), program.remove()]);
});

async function printed(name: string): Promise<string> {
  const example = new URL(`../../client/examples/${name}`, import.meta.url);
  await program.write(name, await readFile(example, "utf8"));
  const { code, stdout, stderr } = await program.run(name, {
    BASE_URL: gateway.url,
    ORGANIZATION_ID: tenant.id,
    API_KEY: await gateway.keyFor(tenant.slug),
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

describe("the client's examples run", () => {
  it("customers.mjs, also a second time", async () => {
    expect(await printed("customers.mjs")).toBe(
      "created Lighthouse Trust\nLighthouse Trust ops@lighthouse.example\n",
    );
    expect(await printed("customers.mjs")).toBe(
      "there already: Customer email already exists in this organization\nLighthouse Trust ops@lighthouse.example\n",
    );
  });

  it("crm.mjs", async () => {
    expect(await printed("crm.mjs")).toBe(
      "somebody was first: qualified\n1 deal: Renewal, 1200 USD\nRenewal went with its account: true\n",
    );
  });
});

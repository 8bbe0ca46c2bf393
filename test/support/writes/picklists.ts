import { expect } from "vitest";
import { at, type TestGateway } from "../gateway/gateway.ts";
import { Writes } from "./writes.ts";

let tenants = 0;

/** A tenant of its own, with an account to hang deals on. */
export async function listsTenant(gateway: TestGateway) {
  tenants += 1;
  const tenant = await gateway.fixtures.tenant(`lists-${tenants}`);
  const key = await gateway.keyFor(tenant.slug);
  const account_id = `acc-${(await tenant.account()).uuid}`;
  const writes = new Writes(gateway, key);
  const deal = (input: object = {}) =>
    writes.create("Deal", { account_id, ...input }, "id stage actualCloseDate");
  return { tenant, key, account_id, writes, deal };
}

/** What is read of a list. */
export const shownOfList = "list isStrict version updatedBy values { value label order kind }";
/** Sets a list. */
export const settingText = `mutation ($input: SetPicklistInput!) { setPicklist(input: $input) {
  picklist { ${shownOfList} updatedAt } userErrors { __typename code path message } } }`;

/** Sets the stages, or another list that the input names; gives the payload. */
export async function trySetting(
  gateway: TestGateway,
  key: string,
  input: object,
): Promise<unknown> {
  const variables = { input: { list: "dealStages", ...input } };
  return at(await gateway.data(key, settingText, variables), "setPicklist");
}

/** The same of what must be accepted; gives the list. */
export async function setList(gateway: TestGateway, key: string, input: object): Promise<unknown> {
  const done = await trySetting(gateway, key, input);
  expect(at(done, "userErrors")).toEqual([]);
  return at(done, "picklist");
}

import { expect } from "vitest";
import { at, type TestGateway } from "../gateway/gateway.ts";

/** Others who work with the CRM of the example pages, and what the gateway has of a deal. */
export type OtherPeople = {
  ask(query: string, variables?: object): Promise<Record<string, unknown>>;
  firstAccount(): Promise<string>;
  newDeal(name: string): Promise<string>;
  update(id: string, input: object): Promise<void>;
  dealOf(id: string): Promise<unknown>;
};

/** Those who work with a key in their hands. */
export function otherPeople(gateway: TestGateway, key: string): OtherPeople {
  const ask = (query: string, variables: object = {}) => gateway.data(key, query, { ...variables });
  const firstAccount = async (): Promise<string> => {
    const data = await ask(
      `{ accounts(first: 1, where: { quotes: { some: {} }, deals: { some: {} } }, search: "old mill") { nodes { id } } }`,
    );
    return String(at(data, "accounts", "nodes", "0", "id"));
  };
  return {
    ask,
    firstAccount,
    newDeal: async (name) => {
      const data = await ask(
        `mutation ($input: CreateDealInput!) { createDeal(input: $input) { deal { id } userErrors { message } } }`,
        { input: { account_id: await firstAccount(), name, stage: "lead", value: "1234.5" } },
      );
      return String(at(data, "createDeal", "deal", "id"));
    },
    update: async (id, input) => {
      const data = await ask(
        `mutation ($id: ID!, $input: UpdateDealInput!) { updateDeal(id: $id, input: $input) { userErrors { message } } }`,
        { id, input },
      );
      expect(at(data, "updateDeal", "userErrors")).toEqual([]);
    },
    dealOf: async (id) =>
      at(
        await ask(
          `query ($id: ID!) { deal(id: $id) { stage name version lossReason lossCategory } }`,
          { id },
        ),
        "deal",
      ),
  };
}

import { expect } from "vitest";
import { at, listAt, type TestGateway } from "../gateway/gateway.ts";

/** Others who work with the CRM of the example pages, and what the gateway has of a deal. */
export type OtherPeople = {
  ask(query: string, variables?: object): Promise<Record<string, unknown>>;
  /** The ids of the accounts that the page's list has, in its order. */
  accounts(search: string | null): Promise<string[]>;
  firstAccount(): Promise<string>;
  /** An account with what its page shows. */
  account(id: string): Promise<unknown>;
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
    accounts: async (search) => {
      const data = await ask(
        `query ($search: String) { accounts(first: 100, search: $search, orderBy: [{ lastActivityAt: desc_nulls_last }]) { nodes { id } } }`,
        { search },
      );
      return listAt(data, "accounts", "nodes").map((node) => String(at(node, "id")));
    },
    firstAccount,
    account: async (id) => {
      const data = await ask(
        `query ($id: ID!) { account(id: $id) {
          displayName
          deals(first: 20, orderBy: [{ updatedAt: desc }]) { nodes { name } }
          quotes(first: 10) { nodes { quoteNumber } }
          activities(first: 20) { nodes { subject } }
          dealsAggregate(where: { stage: { notIn: ["closed_won", "closed_lost"] } }) { count }
        } }`,
        { id },
      );
      return at(data, "account");
    },
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

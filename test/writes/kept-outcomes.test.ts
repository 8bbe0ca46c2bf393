import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fingerprint, seal, unseal } from "../../src/lib/seal.ts";
import { restClient } from "../support/rest/client.ts";
import { startRaceTrack, type RaceTrack } from "../support/writes/races.ts";

let track: RaceTrack;
/** A live account with an email that others cannot have, as the graph names it and bare. */
let account: string;
let uuid: string;

beforeAll(async () => {
  track = await startRaceTrack();
  account = await track.make("Account", { name: "Harbor", email: "a@taken.example" });
  uuid = account.replace(/^acc-/, "");
});
afterAll(() => track.close());

type Kept = { readonly step: string; readonly outcome: unknown };

/** What is kept under a key; a request has one step. */
async function keptUnder(key: string): Promise<Kept> {
  const [row] = await track.sql(
    "SELECT e.key AS step, e.value AS sealed FROM idempotency_keys k, jsonb_each_text(k.outcomes) e WHERE k.key = $1",
    fingerprint(key),
  );
  const outcome: unknown = JSON.parse(unseal(key, String(row?.["sealed"])));
  return { step: String(row?.["step"]), outcome };
}

/** Puts the outcome there as the gateway of before kept it; the answer as a whole is gone, as after a crash. */
async function keepAsBefore(key: string, outcome: unknown): Promise<void> {
  const { step } = await keptUnder(key);
  const outcomes = JSON.stringify({ [step]: seal(key, JSON.stringify(outcome)) });
  await track.sql(
    "UPDATE idempotency_keys SET outcomes = $2::jsonb, status = NULL, response = NULL WHERE key = $1",
    fingerprint(key),
    outcomes,
  );
}

const errors =
  "userErrors { __typename code path message ... on DuplicateError { existingId } ... on ConflictError { current { id } } }";
const create = `mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } ${errors} } }`;
const update = `mutation ($id: ID!, $input: UpdateAccountInput!) { updateAccount(id: $id, input: $input) { account { id } ${errors} } }`;
const merge = `mutation ($into: ID!, $from: ID!) { mergeAccounts(into: $into, from: $from) { ${errors} } }`;

describe("a refusal that a gateway of before has kept, with sentences in place of complaints", () => {
  const row = (problem: object) => [{ id: null, problems: [problem] }];
  const nobody = "018c1860-1800-7000-8000-000000000000";

  it.each([
    {
      what: "a value that cannot be used",
      query: create,
      variables: () => ({ input: { name: "x", domain: "no domain" } }),
      outcome: () =>
        row({
          kind: "invalid",
          path: ["domain"],
          message: "domain must be a domain, such as example.com",
          record: null,
        }),
    },
    {
      what: "a duplicate",
      query: create,
      variables: () => ({ input: { name: "x", email: "a@taken.example" } }),
      outcome: () =>
        row({
          kind: "duplicate",
          path: ["email"],
          message: "email is taken: another live Account has it. Change it, or update that record.",
          record: { entity: "account", id: uuid },
        }),
    },
    {
      what: "a record that is not there",
      query: update,
      variables: () => ({ id: `acc-${nobody}`, input: { name: "x" } }),
      outcome: () =>
        row({ kind: "notFound", path: ["id"], message: "There is no such Account.", record: null }),
    },
    {
      what: "a conflict",
      query: update,
      variables: () => ({ id: account, input: { name: "x", version: 7 } }),
      outcome: () =>
        row({
          kind: "conflict",
          path: ["version"],
          message:
            "version is not the current one: the Account is at version 1 by now. Read it again.",
          record: { entity: "account", id: uuid },
        }),
    },
    {
      what: "a merge",
      query: merge,
      variables: () => ({ into: account, from: account }),
      outcome: () => ({
        dryRun: false,
        merged: [],
        moved: [],
        problems: [
          {
            kind: "invalid",
            path: ["from"],
            message: "from is the same Account as into; name another one.",
            record: null,
          },
        ],
      }),
    },
  ])("is answered as it was: $what", async ({ query, variables, outcome }) => {
    const key = randomUUID();
    const send = () => track.send(query, { variables: variables(), idempotencyKey: key });
    const first = await send();
    await keepAsBefore(key, outcome());
    expect(first.text).toContain('"userErrors":[{"__typename"');
    expect(await send()).toEqual(first);
  });

  it("is answered as it was by REST", async () => {
    const rest = restClient(track, { "x-api-key": track.key, "x-organization-id": track.tenantId });
    const key = randomUUID();
    const send = () =>
      rest.post(
        "/api/v1/crm/accounts",
        { name: "x", email: "a@taken.example" },
        { "idempotency-key": key },
      );
    const first = await send();
    expect(first.status).toBe(409);
    await keepAsBefore(key, [
      {
        id: null,
        problems: [
          {
            kind: "duplicate",
            path: ["email"],
            message:
              "email is taken: another live Account has it. Change it, or update that record.",
            record: { entity: "account", id: uuid },
          },
        ],
      },
    ]);
    const again = await send();
    expect([again.status, again.text]).toEqual([first.status, first.text]);
  });
});

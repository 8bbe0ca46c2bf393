import { withoutExtensions } from "../gateway/without-extensions.ts";
import { getNamedType, isObjectType, type GraphQLField } from "graphql";
import { expect } from "vitest";
import { schema } from "../gateway/schema.ts";
import { at, listAt, type Answer, type TestGateway } from "../gateway/gateway.ts";

type Values = Readonly<Record<string, unknown>>;

/** What a caller got wrong, as a mutation tells it. */
export type UserError = {
  readonly __typename: string;
  readonly code: string;
  readonly path: readonly string[];
  readonly message: string;
  /** Of a conflict: the record as it is. */
  readonly current?: Values | null;
  /** Of a duplicate: who has the value. */
  readonly existingId?: string | null;
};

/** What became of one record: it, or why not. */
export type Outcome = {
  readonly record: Values | null;
  readonly userErrors: readonly UserError[];
  /** Of an upsert: whether the record is new. */
  readonly created: boolean | null;
};

const userErrors = `userErrors { __typename message code path
  ... on ConflictError { current { id ... on Account { version name } ... on Contact { version lastName } } }
  ... on DuplicateError { existingId } }`;

/** Sends a mutation with its arguments as variables, and gives the whole answer. */
export function askMutation(
  gateway: TestGateway,
  key: string,
  field: string,
  args: Values,
  selection = "id",
): Promise<Answer> {
  const definition = fieldOf(field);
  const sent = definition.args.filter(({ name }) => name in args);
  const declared = sent.map(({ name, type }) => `$${name}: ${String(type)}`).join(", ");
  const given = sent.map(({ name }) => `${name}: $${name}`).join(", ");
  const { fields, record } = payloadOf(definition);
  const inner = fields.includes("results")
    ? `written results { index ${recordOf(definition)} { ${selection} } ${userErrors} }`
    : `${fields.includes("created") ? "created" : ""} ${record} { ${selection} } ${userErrors}`;
  return gateway.ask(
    key,
    `mutation (${declared}) { ${field}(${given}) { ${inner} } }`,
    Object.fromEntries(sent.map(({ name }) => [name, args[name]])),
  );
}

/** Writes one record: `mutate(gateway, key, "updateAccount", { id, input }, "id name")`. */
export async function mutate(
  gateway: TestGateway,
  key: string,
  field: string,
  args: Values,
  selection = "id",
): Promise<Outcome> {
  const payload = payloadIn(await askMutation(gateway, key, field, args, selection), field);
  return outcomeOf(payload, payloadOf(fieldOf(field)).record);
}

/** Writes many: what became of each row, in order, and how many were written. */
export async function mutateMany(
  gateway: TestGateway,
  key: string,
  field: string,
  args: Values,
  selection = "id",
): Promise<{ readonly written: number; readonly results: readonly Outcome[] }> {
  const payload = payloadIn(await askMutation(gateway, key, field, args, selection), field);
  const results = listAt(payload, "results");
  expect(results.map((result) => at(result, "index"))).toEqual([...results.keys()]);
  const record = recordOf(fieldOf(field));
  return {
    written: Number(at(payload, "written")),
    results: results.map((result) => outcomeOf(result, record)),
  };
}

/** Creates an account from the text of its input, which can say what no JavaScript value does. */
export async function createAccountFrom(
  { url }: TestGateway,
  key: string,
  inputText: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const query =
    "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } userErrors { code path } } }";
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": key },
    body: `{"query":${JSON.stringify(query)},"variables":{"input":${inputText}}}`,
  });
  return { status: response.status, text: withoutExtensions(await response.text()) };
}

/** The record of an outcome that must be a success. */
export function expectWritten({ record, userErrors: errors }: Outcome): Values {
  expect(errors).toEqual([]);
  if (record === null) throw new Error("nothing was written");
  return record;
}

/** Nothing was written, and these paths were complained of, in any order: `[["email", "ValidationError"]]`. */
export function expectRefused(
  { record, userErrors: errors }: Outcome,
  complaints: readonly (readonly [path: string, type: string, message?: RegExp])[],
): void {
  const told = errors.map(({ path, __typename }) => `${path.join(".")} ${__typename}`);
  expect(told.toSorted()).toEqual(complaints.map(([path, type]) => `${path} ${type}`).toSorted());
  expect(record).toBeNull();
  for (const [path, , message = /./] of complaints) {
    const messages = errors.filter((error) => error.path.join(".") === path);
    expect(messages.map((error) => error.message).join("\n")).toMatch(message);
  }
}

function fieldOf(name: string): GraphQLField<unknown, unknown> {
  const field = schema.getMutationType()?.getFields()[name];
  if (field === undefined) throw new Error(`there is no mutation ${name}`);
  return field;
}

function payloadOf({ type }: Pick<GraphQLField<unknown, unknown>, "type">): {
  readonly fields: readonly string[];
  readonly record: string;
} {
  const payload = getNamedType(type);
  if (!isObjectType(payload)) throw new Error(`${String(type)} is no payload`);
  const fields = Object.values(payload.getFields());
  const record = fields.find((field) => isNode(field));
  return { fields: fields.map(({ name }) => name), record: record?.name ?? "" };
}

/** The record's field of a batch's rows. */
function recordOf({ type }: GraphQLField<unknown, unknown>): string {
  const payload = getNamedType(type);
  const results = isObjectType(payload) ? payload.getFields()["results"] : undefined;
  if (results === undefined) throw new Error(`${String(type)} has no results`);
  return payloadOf(results).record;
}

function isNode(field: GraphQLField<unknown, unknown>): boolean {
  const type = getNamedType(field.type);
  return isObjectType(type) && type.getInterfaces().some(({ name }) => name === "Node");
}

function payloadIn(answer: Answer, field: string): unknown {
  if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
  return at(answer.data, field);
}

function outcomeOf(payload: unknown, record: string): Outcome {
  const created = isObject(payload) ? payload["created"] : undefined;
  const found = at(payload, record);
  return {
    record: isObject(found) ? found : null,
    userErrors: listAt(payload, "userErrors").filter(isUserError),
    created: typeof created === "boolean" ? created : null,
  };
}

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null;
}

function isUserError(value: unknown): value is UserError {
  return isObject(value) && typeof value["__typename"] === "string" && Array.isArray(value["path"]);
}

import {
  getNamedType,
  getNullableType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLObjectType,
  isInterfaceType,
  isLeafType,
  isObjectType,
} from "graphql";
import { expect } from "vitest";
import { schema } from "../gateway/schema.ts";
import { at, listAt } from "../gateway/gateway.ts";

export type Values = Readonly<Record<string, unknown>>;

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
  /** Its id; null when nothing was written, or when it was not asked for. */
  readonly id: string | null;
  readonly userErrors: readonly UserError[];
  /** Of an upsert: whether the record is new. */
  readonly created: boolean | null;
  /** All that was told, of a batch's row too. */
  readonly payload: unknown;
};

type Mutation = GraphQLField<unknown, unknown>;

const mutations: Readonly<Record<string, Mutation>> = schema.getMutationType()?.getFields() ?? {};

/** The mutations that write one record, by name; the others take lists of them. */
export const singleMutations: readonly string[] = Object.values(mutations)
  .filter((mutation) => !isBatch(mutation) && !isOperational(mutation))
  .map(({ name }) => name);

/** Webhooks, imports and picklists are no records of the write engine, and a tenant has few. */
export function isOperational({ name }: { readonly name: string }): boolean {
  return /webhook|import$|picklist$|^redeliver$/i.test(name);
}

function mutationOf(name: string): Mutation {
  const mutation = mutations[name];
  if (mutation === undefined) throw new Error(`there is no mutation ${name}`);
  return mutation;
}

function isBatch({ args }: Mutation): boolean {
  return args.some(({ name }) => name === "inputs");
}

/** What is told of one record: the payload, or a batch's row of it. */
function toldOf(mutation: Mutation): GraphQLObjectType {
  const payload = getNamedType(mutation.type);
  const results = isObjectType(payload) ? payload.getFields()["results"] : undefined;
  const told = results === undefined ? payload : getNamedType(results.type);
  if (!isObjectType(told)) throw new Error(`${mutation.name} has no payload`);
  return told;
}

/** The record in it: the first of its fields that is a node, of one type or of any. */
function recordIn(told: GraphQLObjectType): {
  readonly name: string;
  readonly types: readonly GraphQLObjectType[];
} {
  for (const { name, type } of Object.values(told.getFields())) {
    const named = getNamedType(type);
    if (isInterfaceType(named) && named.name === "Node") {
      const tagged = schema.getPossibleTypes(named).filter((one) => "tags" in one.getFields());
      return { name, types: tagged };
    }
    const isNode = isObjectType(named) && named.getInterfaces().some((one) => one.name === "Node");
    if (isNode) return { name, types: [named] };
  }
  throw new Error(`${told.name} has no record`);
}

/** What a mutation is asked for beside the record's own fields. */
export type Asked = {
  /** The arguments that are given; all unless said. */
  readonly args?: readonly string[];
  /** Fields of the record. */
  readonly selection?: string;
  /** More of the payload. */
  readonly also?: string;
};

/** A variable for an argument that has a default may be left out. */
const variableType = ({ type, defaultValue }: GraphQLArgument): string =>
  defaultValue === undefined ? String(type) : String(getNullableType(type));

/**
 * A mutation with its arguments as variables of their names: `updateDeal` asks for the payload's plain fields, the
 * deal with its `selection`, and all that can be wrong.
 */
export function mutationText(
  name: string,
  { args, selection = "id", also = "" }: Asked = {},
): string {
  const mutation = mutationOf(name);
  const given = mutation.args.filter((arg) => args === undefined || args.includes(arg.name));
  const declared = given.map((arg) => `$${arg.name}: ${variableType(arg)}`).join(", ");
  const passed = given.map((arg) => `${arg.name}: $${arg.name}`).join(", ");
  const told = toldOf(mutation);
  const record = recordIn(told);
  const plain = Object.values(told.getFields()).filter(({ type }) =>
    isLeafType(getNamedType(type)),
  );
  const shown = `${plain.map((field) => field.name).join(" ")} ${record.name} { ${fragments(record.types, selection)} } ${also}
    userErrors { __typename code path message ${detailsOf(told, record.types)} }`;
  const payload = isBatch(mutation) ? `written results { ${shown} }` : shown;
  return `mutation (${declared}) { ${name}(${passed}) { ${payload} } }`;
}

const fragments = (types: readonly GraphQLObjectType[], selection: string): string =>
  types.map(({ name }) => `... on ${name} { ${selection} }`).join(" ");

/** What errors of two kinds tell more: the record that has the value, and the record as it is. */
function detailsOf(told: GraphQLObjectType, records: readonly GraphQLObjectType[]): string {
  const errors = getNamedType(told.getFields()["userErrors"]?.type ?? told);
  const kinds = isInterfaceType(errors) ? schema.getPossibleTypes(errors) : [];
  const fieldsIn = (record: GraphQLObjectType) =>
    ["version", "name", "lastName"].filter((name) => name in record.getFields()).join(" ");
  const current = records.map((one) => fragments([one], fieldsIn(one))).join(" ");
  const details: Readonly<Record<string, string>> = {
    DuplicateError: "existingId existing { id }",
    ConflictError: `current { __typename id ${current} }`,
  };
  return kinds
    .flatMap(({ name }) => (name in details ? [`... on ${name} { ${details[name]} }`] : []))
    .join(" ");
}

/** What became of each record that a mutation's payload tells of: one, or a batch's rows in their order. */
export function outcomesIn(name: string, payload: unknown): Outcome[] {
  if (!isBatch(mutationOf(name))) return [outcomeIn(name, payload)];
  const results = listAt(payload, "results");
  expect(results.map((result) => at(result, "index"))).toEqual([...results.keys()]);
  return results.map((result) => outcomeIn(name, result));
}

/** What became of the record that a payload tells of, or a batch's row. */
export function outcomeIn(name: string, payload: unknown): Outcome {
  const found = at(payload, recordIn(toldOf(mutationOf(name))).name);
  const record = isObject(found) ? found : null;
  const created = isObject(payload) ? payload["created"] : undefined;
  const id = record?.["id"];
  return {
    record,
    id: typeof id === "string" ? id : null,
    userErrors: listAt(payload, "userErrors").filter(isUserError),
    created: typeof created === "boolean" ? created : null,
    payload,
  };
}

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null;
}

function isUserError(value: unknown): value is UserError {
  return isObject(value) && typeof value["__typename"] === "string" && Array.isArray(value["path"]);
}

/** The record of an outcome that must be a success. */
export function expectWritten({ record, userErrors }: Outcome): Values {
  expect(userErrors).toEqual([]);
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

/** What is wrong, as `CODE path`, in the order that it was told: `DUPLICATE email`. */
export function problemsOf({ userErrors }: Pick<Outcome, "userErrors">): string[] {
  return userErrors.map(({ code, path }) => `${code} ${path.join(".")}`);
}

/** The id of a record in an answer. */
export const idOf = (record: unknown): string => String(at(record, "id"));

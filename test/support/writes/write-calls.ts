import { at, listAt, type TestGateway } from "../gateway/gateway.ts";

/** The payload of a mutation field, taken apart. */
export type Outcome = {
  /** The record; null when nothing was written. */
  readonly record: unknown;
  /** What the caller got wrong. */
  readonly errors: readonly unknown[];
  readonly payload: unknown;
};

type Variables = Readonly<Record<string, unknown>>;
type Removal = { readonly version?: number };
type UpsertArguments = { readonly restore?: boolean };

const details = (type: string): string =>
  `userErrors { __typename message code path
    ... on DuplicateError { existingId existing { id } }
    ... on ConflictError { current { id ... on ${type} { version } } } }`;

/** `LineItem` → `lineItem`: the field that holds the record. */
const fieldOf = (type: string): string => `${type.charAt(0).toLowerCase()}${type.slice(1)}`;

/** Sends mutations with one key, as a client writes them: REST-shaped inputs in variables. */
export class WriteCalls {
  readonly #gateway: TestGateway;
  readonly key: string;

  constructor(gateway: TestGateway, key: string) {
    this.#gateway = gateway;
    this.key = key;
  }

  create(type: string, input: Variables, selection = "id version"): Promise<Outcome> {
    const declared = `$input: Create${type}Input!`;
    return this.mutate(`create${type}`, { type, declared, selection }, { input });
  }

  /** Creates a record that must be accepted. */
  async created(type: string, input: Variables, selection?: string): Promise<unknown> {
    return accepted(await this.create(type, input, selection));
  }

  update(type: string, id: string, input: Variables, selection = "id version"): Promise<Outcome> {
    const declared = `$id: ID!, $input: Update${type}Input!`;
    return this.mutate(`update${type}`, { type, declared, selection }, { id, input });
  }

  /** Makes a change that must be accepted. */
  async updated(type: string, id: string, input: Variables, selection?: string): Promise<unknown> {
    return accepted(await this.update(type, id, input, selection));
  }

  delete(type: string, id: string, removal: Removal = {}, selection?: string): Promise<Outcome> {
    return this.#remove("delete", type, { id, ...removal }, selection);
  }

  restore(type: string, id: string, removal: Removal = {}, selection?: string): Promise<Outcome> {
    return this.#remove("restore", type, { id, ...removal }, selection);
  }

  upsert(
    type: string,
    input: Variables,
    options: UpsertArguments = {},
    selection = "id version",
  ): Promise<Outcome> {
    const declared = `$input: Upsert${type}Input!, $restore: Boolean`;
    const made = { type, declared, selection, also: "created" };
    return this.mutate(`upsert${type}`, made, { input, ...options });
  }

  /** One live record as it is now; null for a deleted one. */
  async read(type: string, id: string, selection: string): Promise<unknown> {
    const field = fieldOf(type);
    const query = `query ($id: ID!) { ${field}(id: $id) { ${selection} } }`;
    return at(await this.#gateway.data(this.key, query, { id }), field);
  }

  /** Any mutation field whose payload is a record and `userErrors`. */
  async mutate(
    field: string,
    call: { type: string; declared: string; selection: string; also?: string },
    variables: Variables,
  ): Promise<Outcome> {
    const { type, declared, selection, also = "" } = call;
    const names = [...declared.matchAll(/\$(\w+)/g)].map(([, name]) => `${name}: $${name}`);
    const data = await this.#gateway.data(
      this.key,
      `mutation (${declared}) { ${field}(${names.join(", ")}) { ${fieldOf(type)} { ${selection} } ${also} ${details(type)} } }`,
      variables,
    );
    const payload = at(data, field);
    return {
      record: at(payload, fieldOf(type)),
      errors: listAt(payload, "userErrors"),
      payload,
    };
  }

  #remove(
    verb: "delete" | "restore",
    type: string,
    variables: Variables,
    selection = "id version isDeleted",
  ): Promise<Outcome> {
    const declared = "$id: ID!, $version: Int";
    return this.mutate(`${verb}${type}`, { type, declared, selection }, variables);
  }
}

/** The record of an outcome without problems. */
export function accepted({ record, errors }: Outcome): unknown {
  if (record === null || errors.length > 0) {
    throw new Error(`nothing was written: ${JSON.stringify(errors)}`);
  }
  return record;
}

/** The id of a record in an answer. */
export const idOf = (record: unknown): string => String(at(record, "id"));

/** The bare UUID of a public id, for SQL. */
export const uuidOf = (id: string): string => id.slice(id.indexOf("-") + 1);

/** What is wrong, as `code path`, in the order that it was told. */
export function problemsOf({ errors }: Outcome): string[] {
  return errors.map(
    (error) => `${String(at(error, "code"))} ${listAt(error, "path").map(String).join(".")}`,
  );
}

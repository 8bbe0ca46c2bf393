import { at, type Answer, type TestGateway } from "../gateway/gateway.ts";
import { withoutExtensions } from "../gateway/without-extensions.ts";
import {
  expectWritten,
  mutationText,
  outcomeIn,
  outcomesIn,
  type Outcome,
  type Values,
} from "./mutation.ts";

type Removal = { readonly version?: number };
type UpsertArguments = { readonly restore?: boolean };

/** Writes through the graph with one key, as a client does: REST-shaped inputs in variables. */
export class Writes {
  readonly #gateway: TestGateway;
  readonly key: string;

  constructor(gateway: TestGateway, key: string) {
    this.#gateway = gateway;
    this.key = key;
  }

  /** Sends a mutation and gives the whole answer. */
  ask(field: string, args: Values, selection?: string, also?: string): Promise<Answer> {
    const asked = {
      args: Object.keys(args),
      ...(selection && { selection }),
      ...(also && { also }),
    };
    return this.#gateway.ask(this.key, mutationText(field, asked), args);
  }

  async #payload(...sent: Parameters<Writes["ask"]>): Promise<unknown> {
    const { data, errors } = await this.ask(...sent);
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return at(data, sent[0]);
  }

  /** Writes one record: `mutate("updateAccount", { id, input }, "id name")`. */
  async mutate(field: string, args: Values, selection?: string, also?: string): Promise<Outcome> {
    return outcomeIn(field, await this.#payload(field, args, selection, also));
  }

  /** Writes many: what became of each row, in order, and how many were written. */
  async mutateMany(
    field: string,
    args: Values,
    selection?: string,
  ): Promise<{ readonly written: number; readonly results: readonly Outcome[] }> {
    const payload = await this.#payload(field, args, selection);
    return { written: Number(at(payload, "written")), results: outcomesIn(field, payload) };
  }

  create(type: string, input: Values, selection = "id version"): Promise<Outcome> {
    return this.mutate(`create${type}`, { input }, selection);
  }

  /** Creates a record that must be accepted. */
  async created(type: string, input: Values, selection?: string): Promise<Values> {
    return expectWritten(await this.create(type, input, selection));
  }

  update(type: string, id: string, input: Values, selection = "id version"): Promise<Outcome> {
    return this.mutate(`update${type}`, { id, input }, selection);
  }

  /** Makes a change that must be accepted. */
  async updated(type: string, id: string, input: Values, selection?: string): Promise<Values> {
    return expectWritten(await this.update(type, id, input, selection));
  }

  delete(
    type: string,
    id: string,
    removal: Removal = {},
    selection = "id version isDeleted",
  ): Promise<Outcome> {
    return this.mutate(`delete${type}`, { id, ...removal }, selection);
  }

  restore(
    type: string,
    id: string,
    removal: Removal = {},
    selection = "id version isDeleted",
  ): Promise<Outcome> {
    return this.mutate(`restore${type}`, { id, ...removal }, selection);
  }

  upsert(
    type: string,
    input: Values,
    options: UpsertArguments = {},
    selection = "id version",
  ): Promise<Outcome> {
    return this.mutate(`upsert${type}`, { input, ...options }, selection);
  }

  /** One live record as it is now; null for a deleted one. */
  async read(type: string, id: string, selection: string): Promise<unknown> {
    const field = `${type.charAt(0).toLowerCase()}${type.slice(1)}`;
    const query = `query ($id: ID!) { ${field}(id: $id) { ${selection} } }`;
    return at(await this.#gateway.data(this.key, query, { id }), field);
  }
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

/** Columns of rows, as the database's owner sees them: `rowsOf(gateway, "SELECT …", id)`. */
export async function rowsOf(
  gateway: TestGateway,
  query: string,
  ...values: readonly unknown[]
): Promise<readonly Values[]> {
  const { rows } = await gateway.fixtures.client.query<Record<string, unknown>>(query, [...values]);
  return rows;
}

/** A key of the tenant that was made for an application or a department. */
export async function boundKey(
  gateway: TestGateway,
  key: string,
  binding: { readonly app_id?: string; readonly department_id?: string },
): Promise<string> {
  const input = { name: "bound", scopes: ["*"], ...binding };
  const { payload } = await new Writes(gateway, key).mutate("createApiKey", { input });
  return String(at(payload, "secret"));
}

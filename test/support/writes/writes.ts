import { at, listAt, type TestGateway } from "../gateway/gateway.ts";

/** Values of an input, under their REST names. */
export type Input = Readonly<Record<string, unknown>>;

/** What became of one row of a mutation. */
export type Outcome = {
  /** The record's id; null when it was not written. */
  readonly id: string | null;
  /** `CODE path`, e.g. `DUPLICATE email`. */
  readonly problems: readonly string[];
};

const problems = "userErrors { code path }";
const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** Writes records of one entity through the graph as one caller does: `writer(gateway, key, "deal", "deals")`. */
export class Writer {
  readonly #gateway: TestGateway;
  readonly #key: string;
  readonly #one: string;
  readonly #many: string;

  constructor(gateway: TestGateway, key: string, one: string, many = `${one}s`) {
    this.#gateway = gateway;
    this.#key = key;
    this.#one = one;
    this.#many = many;
  }

  create(inputs: readonly Input[], onError = "abort"): Promise<Outcome[]> {
    return this.#write("create", `Create${capital(this.#one)}Input`, inputs, onError);
  }

  update(inputs: readonly Input[], onError = "abort"): Promise<Outcome[]> {
    return this.#write("update", `Update${capital(this.#one)}Input`, inputs, onError);
  }

  delete(...ids: readonly string[]): Promise<Outcome[]> {
    return this.remove("delete", ids);
  }

  restore(...ids: readonly string[]): Promise<Outcome[]> {
    return this.remove("restore", ids);
  }

  remove(
    verb: "delete" | "restore",
    ids: readonly string[],
    onError = "abort",
  ): Promise<Outcome[]> {
    return this.#write(verb, "RecordVersionInput", ids.map(toRow), onError);
  }

  /** Creates one that must be good, and gives its id. */
  async made(input: Input): Promise<string> {
    const [outcome] = await this.create([input]);
    if (outcome?.id == null) throw new Error(`nothing was made: ${outcome?.problems.join(", ")}`);
    return outcome.id;
  }

  async #write(
    verb: "create" | "update" | "delete" | "restore",
    type: string,
    inputs: readonly Input[],
    onError: string,
  ): Promise<Outcome[]> {
    const data = await this.#gateway.data(
      this.#key,
      `mutation($inputs: [${type}!]!) { answer: ${verb}${capital(this.#many)}(inputs: $inputs, onError: ${onError}) {
        results { ${this.#one} { id } ${problems} }
      } }`,
      { inputs },
    );
    return listAt(data, "answer", "results").map((result) => outcomeOf(result, this.#one));
  }
}

const toRow = (id: string): Input => ({ id });

/** What became of a row, out of its payload. */
export function outcomeOf(payload: unknown, record: string): Outcome {
  const written = at(payload, record);
  return {
    id: written === null ? null : String(at(written, "id")),
    problems: listAt(payload, "userErrors").map(
      (problem) => `${String(at(problem, "code"))} ${listAt(problem, "path").join(".")}`,
    ),
  };
}

/** Columns of rows, as the database's owner sees them: `rowsOf(gateway, "SELECT …", id)`. */
export async function rowsOf(
  gateway: TestGateway,
  query: string,
  ...values: readonly unknown[]
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { rows } = await gateway.fixtures.client.query<Record<string, unknown>>(query, [...values]);
  return rows;
}

/** A key of the tenant that was made for an application or a department. */
export async function boundKey(
  gateway: TestGateway,
  key: string,
  binding: { readonly app_id?: string; readonly department_id?: string },
): Promise<string> {
  const data = await gateway.data(
    key,
    "mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }",
    { input: { name: "bound", scopes: ["*"], ...binding } },
  );
  return String(at(data, "createApiKey", "secret"));
}

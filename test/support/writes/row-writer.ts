import type { TestGateway } from "../gateway/gateway.ts";
import { problemsOf, type Outcome, type Values } from "./mutation.ts";
import { Writes } from "./writes.ts";

/** What became of one row, in short: its id or null, and `CODE path` of what was wrong with it. */
export type Verdict = { readonly id: string | null; readonly problems: readonly string[] };

export const verdictOf = (outcome: Outcome): Verdict => ({
  id: outcome.id,
  problems: problemsOf(outcome),
});

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** Writes lists of records of one entity: `new RowWriter(gateway, key, "activities")`. */
export class RowWriter {
  readonly #writes: Writes;
  readonly #many: string;

  constructor(gateway: TestGateway, key: string, many: string) {
    this.#writes = new Writes(gateway, key);
    this.#many = capital(many);
  }

  create(inputs: readonly Values[], onError = "abort"): Promise<Verdict[]> {
    return this.#write("create", inputs, onError);
  }

  update(inputs: readonly Values[], onError = "abort"): Promise<Verdict[]> {
    return this.#write("update", inputs, onError);
  }

  delete(...ids: readonly string[]): Promise<Verdict[]> {
    return this.remove("delete", ids);
  }

  restore(...ids: readonly string[]): Promise<Verdict[]> {
    return this.remove("restore", ids);
  }

  remove(
    verb: "delete" | "restore",
    ids: readonly string[],
    onError = "abort",
  ): Promise<Verdict[]> {
    return this.#write(
      verb,
      ids.map((id) => ({ id })),
      onError,
    );
  }

  /** Creates one that must be good, and gives its id. */
  async made(input: Values): Promise<string> {
    const [verdict] = await this.create([input]);
    if (verdict?.id == null) throw new Error(`nothing was made: ${verdict?.problems.join(", ")}`);
    return verdict.id;
  }

  async #write(verb: string, inputs: readonly Values[], onError: string): Promise<Verdict[]> {
    const field = `${verb}${this.#many}`;
    const { results } = await this.#writes.mutateMany(field, { inputs, onError });
    return results.map(verdictOf);
  }
}

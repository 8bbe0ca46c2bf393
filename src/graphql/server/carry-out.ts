import type { ExecutionResult } from "graphql";
import { findAnswer, keepAnswer } from "../../write/idempotency.ts";
import type { Execution, MutationField } from "../compile/mutation.ts";

/**
 * Runs the fields of a mutation one after the other. The payload of each is read before the next begins. `interpret`
 * answers a field whose payload only resolvers can print.
 */
export async function carryOut(
  fields: readonly MutationField[],
  execution: Execution,
  interpret: (field: MutationField) => Promise<ExecutionResult>,
): Promise<ExecutionResult> {
  // An alias may be `__proto__`.
  const data: Record<string, unknown> = Object.create(null);
  const texts: string[] = [];
  const errors: NonNullable<ExecutionResult["errors"]>[number][] = [];
  const add = (key: string, value: unknown, text: string): void => {
    data[key] = value;
    texts.push(`${JSON.stringify(key)}:${text}`);
  };
  for (const field of fields) {
    const text = await field.answer(execution);
    if (text !== null) {
      add(field.selected.key, JSON.parse(text), text);
      continue;
    }
    const result = await interpret(field);
    // No field runs after one that failed as a whole.
    if (result.data == null || fields.length === 1) return result;
    for (const [key, value] of Object.entries(result.data)) add(key, value, JSON.stringify(value));
    errors.push(...(result.errors ?? []));
  }
  return errors.length > 0 ? { data, errors } : printed(data, `{${texts.join(",")}}`);
}

/** A result whose data is printed already. Yoga calls its `stringify`. */
export function printed(data: Record<string, unknown>, text: string) {
  return { data, stringify: () => `{"data":${text}}` };
}

const [before, behind] = ['{"data":', "}"] as const;

/** The data of a stored answer; null if it is not such an answer. */
const dataIn = (body: string): string | null =>
  body.startsWith(before) ? body.slice(before.length, -behind.length) : null;

/** Data as text; `cost` is null where the text tells it. */
type Answered = { readonly data: string; readonly cost: number | null };

/**
 * Carries out a mutation in front of Yoga, or repeats its stored answer. Null where Yoga has to answer: it continues with
 * what the verbs led to, and with what is printed of them by then.
 */
export async function answerInFront(
  fields: readonly MutationField[],
  execution: Execution,
): Promise<Answered | null> {
  const { actor, pool, idempotency } = execution.context;
  if (idempotency === null) return answered(await dataOf(fields, execution), null);
  try {
    const kept = await findAnswer(pool, actor, idempotency);
    // Nothing is read for it.
    if (kept !== null) return answered(dataIn(kept.body), 0);
    const data = await dataOf(fields, execution);
    if (data === null) return null;
    const answer = { status: 200, body: `${before}${data}${behind}` };
    const { body } = await keepAnswer(pool, actor, idempotency, answer);
    return answered(dataIn(body), null);
  } catch {
    // Yoga meets the same error, and tells it.
    return null;
  }
}

const answered = (data: string | null, cost: number | null): Answered | null =>
  data === null ? null : { data, cost };

async function dataOf(
  fields: readonly MutationField[],
  execution: Execution,
): Promise<string | null> {
  const texts: string[] = [];
  for (const field of fields) {
    const text = await field.answer(execution);
    if (text === null) return null;
    texts.push(`${JSON.stringify(field.selected.key)}:${text}`);
  }
  return `{${texts.join(",")}}`;
}

import type { ExecutionResult } from "graphql";
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

/**
 * The data of a mutation that is carried out in front of Yoga. Null where a field needs its resolvers: Yoga continues with
 * what the verbs led to, and with what is printed of them by then.
 */
export async function dataInFront(
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

import type { Problem, RecordKey } from "../write/problem.ts";
import { answerOf, Printed, type Answer } from "./answer.ts";
import type { Operation } from "./face.ts";
import { invalid, notFound } from "./refusal.ts";

/** What a problem's record is shown as; null when the caller may not see it. */
type Show = (key: RecordKey) => Promise<string | null>;

/** The answer to a write that was refused for what was sent, or for how things stand. */
export async function problemAnswer(
  problems: readonly Problem[],
  {
    operation,
    isConditional,
    record,
  }: { readonly operation: Operation; readonly isConditional: boolean; readonly record: Show },
): Promise<Answer> {
  const { words } = operation.face;
  const isTarget = ({ kind, path }: Problem) =>
    kind === "notFound" && path.length === 1 && path[0] === "id";
  if (problems.some(isTarget)) return notFound(operation.resource);
  const [first] = problems;
  const isInvalid = ({ kind }: Problem) => kind === "invalid" || kind === "notFound";
  if (first === undefined || problems.some(isInvalid)) {
    return invalid(problems.map(({ path, message }) => ({ path: path.join("."), message })));
  }
  const shown = async (problem: Problem) => {
    const json = problem.record === null ? null : await record(problem.record);
    return new Printed(json ?? "null");
  };
  const stale = problems.find(({ kind }) => kind === "conflict");
  if (stale !== undefined) {
    const body = { error: stale.message, current: await shown(stale) };
    return answerOf(isConditional ? 412 : 409, body);
  }
  const field = first.path.join(".");
  return words.duplicate === null
    ? answerOf(409, { error: first.message, field, existing: await shown(first) })
    : answerOf(409, { error: words.duplicate(field), field });
}

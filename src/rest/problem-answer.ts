import type { RecordKey } from "../lib/refusal.ts";
import { messageOf, recordOf, type Problem } from "../write/problem.ts";
import { answerOf, Printed, type Answer } from "./answer.ts";
import type { Operation } from "./face.ts";
import { invalid, notFound } from "./error-answers.ts";

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
  const isTarget = ({ code, path }: Problem) =>
    code === "NOT_FOUND" &&
    path.length === 1 &&
    path[0] === (operation.verb === "upsert" ? operation.parameter : "id");
  if (problems.some(isTarget)) return notFound(operation.resource);
  const [first] = problems;
  const isInvalid = ({ code }: Problem) => code === "BAD_USER_INPUT" || code === "NOT_FOUND";
  if (first === undefined || problems.some(isInvalid)) {
    return invalid(
      problems.map((problem) => ({ path: problem.path.join("."), message: messageOf(problem) })),
    );
  }
  const shown = async (problem: Problem) => {
    const key = recordOf(problem);
    const json = key === null ? null : await record(key);
    return new Printed(json ?? "null");
  };
  const stale = problems.find(({ code }) => code === "CONFLICT");
  if (stale !== undefined) {
    const body = { error: messageOf(stale), current: await shown(stale) };
    return answerOf(isConditional ? 412 : 409, body);
  }
  const field = first.path.join(".");
  return words.duplicate === null
    ? answerOf(409, { error: messageOf(first), field, existing: await shown(first) })
    : answerOf(409, { error: words.duplicate(field), field });
}

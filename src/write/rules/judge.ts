import { sound, type Draft } from "../draft.ts";

/** What happens to the good rows of a call when others are not: nothing is written, or they are. */
export type OnError = "abort" | "continue";

/** A rule on how the rows of a call stand to each other and to what is stored. It holds the state that they lead to. */
export type Judge<Row = Draft> = {
  /** Takes out of the state what a row changes: what it held is free. */
  leave(draft: Row): void;
  /** Adds problems to a row that cannot be put into the state. It has left by then. */
  check(draft: Row): void;
  /** Puts a row back: as it shall be if it stands, else as it was. */
  settle(draft: Row, stands: boolean): void;
};

/**
 * Judges rows by the state after the call, or, where others go on, each by the state that those before it left
 * behind, as if they were sent one after the other.
 */
export function judgeRows(
  drafts: readonly Draft[],
  judges: readonly Judge[],
  onError: OnError,
): void {
  const each = (step: (judge: Judge) => void): void => judges.forEach(step);
  if (onError === "abort") for (const draft of drafts) each((judge) => judge.leave(draft));
  for (const draft of drafts) {
    if (onError === "continue") each((judge) => judge.leave(draft));
    each((judge) => judge.check(draft));
    const [stands] = sound([draft]);
    if (stands !== undefined) each((judge) => judge.settle(draft, true));
    else if (onError === "continue") each((judge) => judge.settle(draft, false));
  }
}

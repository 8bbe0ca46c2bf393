/**
 * Runs tasks with a limit on tasks at once. Owners take turns, so that the many tasks of one do not hold up another's; the
 * tasks of an owner run in the order in which they come.
 */
export function fairTurns(
  count: number,
): <Result>(owner: string, task: () => Promise<Result>) => Promise<Result> {
  /** What waits, by owners in the order of their next turn. */
  const lines = new Map<string, (() => void)[]>();
  let free = count;
  const startNext = (): void => {
    const [next] = lines;
    if (next === undefined) {
      free += 1;
      return;
    }
    const [owner, line] = next;
    const start = line.shift();
    lines.delete(owner);
    if (line.length > 0) lines.set(owner, line);
    start?.();
  };
  return async (owner, task) => {
    if (free > 0) free -= 1;
    else {
      await new Promise<void>((resolve) => {
        const line = lines.get(owner);
        if (line === undefined) lines.set(owner, [resolve]);
        else line.push(resolve);
      });
    }
    try {
      return await task();
    } finally {
      startNext();
    }
  };
}

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Collects all garbage at once, also where Node was started without `--expose-gc`. */
export function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  // Code that V8 made itself.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  (runInNewContext("gc") as () => void)();
}

/** The bytes that are in use when all garbage is collected, with those of buffers. */
export function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

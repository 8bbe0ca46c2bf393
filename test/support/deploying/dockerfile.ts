import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../..", import.meta.url));

/** One line of a Dockerfile, such as `WORKDIR` and `/app`. */
export type Instruction = { readonly keyword: string; readonly rest: string };

/** What a Dockerfile says, without comments, with continued lines put together. */
export function readDockerfile(): readonly Instruction[] {
  const text = readFileSync(`${root}/Dockerfile`, "utf8");
  const lines = text.replaceAll(/^\s*#.*\n/gm, "").replaceAll(/\\\n\s*/g, "");
  return lines
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [keyword = "", ...words] = line.trim().split(/\s+/);
      return { keyword, rest: words.join(" ") };
    });
}

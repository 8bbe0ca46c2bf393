import type { Kind } from "../kind.ts";
import { idLike } from "./parts/id-like.ts";

/** The record's own id. */
export const id = { ...idLike, name: "id", ids: "own", input: null } as const satisfies Kind;

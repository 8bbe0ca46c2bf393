import type { Actor } from "../auth/actor.ts";
import type { Reader } from "../query/reader.ts";

/** What every resolver gets. Made anew for each request. */
export type Context = {
  readonly actor: Actor;
  readonly reader: Reader;
  readonly requestId: string;
};

import type { Actor } from "./actor.ts";

/** What became of a credential: whom it stands for, or why it does not work, for the log and never for the caller. */
export type Authentication = { readonly actor: Actor } | { readonly refused: string };

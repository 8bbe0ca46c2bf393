import pg from "pg";
import { z } from "zod";
import { faultMark } from "./fence.ts";
import { serverRole } from "./session.ts";

const found = z.object({
  user: z.string(),
  pooled: z.boolean(),
  distributed: z.boolean(),
  lost: z.array(z.tuple([z.string(), z.string().nullable(), z.string()])).nullable(),
  unfenced: z.array(z.string()).nullable(),
});
type Found = z.infer<typeof found>;

/** A connection does not hold what the server relies on. The message is one line for the operator. */
export class FenceFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = "FenceFault";
  }
}

/** What a look has found; null for all other errors. */
export function faultOf(error: unknown): FenceFault | null {
  if (!(error instanceof pg.DatabaseError)) return null;
  // PgBouncer before 1.20, without `ignore_startup_parameters`.
  if (/unsupported startup parameter/.test(error.message)) return new FenceFault(behindPooler(""));
  const at = error.message.indexOf(`${faultMark} {`);
  if (at < 0) return null;
  const json = error.message.slice(at + faultMark.length, error.message.lastIndexOf("}") + 1);
  return new FenceFault(explain(found.parse(JSON.parse(json))));
}

const behindPooler = (seen: string): string =>
  `A pooler stands between the gateway and PostgreSQL at DATABASE_URL${seen}, and FENCE=session does not hold there: ` +
  `set FENCE=transaction (docs/growing.md)`;

function explain({ user, pooled, distributed, lost, unfenced }: Found): string {
  const told = (lost ?? []).map(([name, is, wanted]) =>
    name === "role"
      ? `connections act as ${user} instead of ${serverRole}`
      : `${name} is ${is ?? "unset"} instead of ${wanted}`,
  );
  if (pooled) return behindPooler(told.length === 0 ? "" : ` (${told.join(", ")})`);
  if (distributed) {
    return "Citus has come to distribute the tables at DATABASE_URL: stop this gateway, and start it again";
  }
  if (told.length > 0) {
    return (
      `The options of connections to DATABASE_URL do not hold: ${told.join(", ")}. Let them through, ` +
      `or set FENCE=transaction (docs/growing.md)`
    );
  }
  return (
    `The role ${user} is not held by row-level security on ${(unfenced ?? []).join(", ")}: ` +
    `crm doctor says why, and what to mend`
  );
}

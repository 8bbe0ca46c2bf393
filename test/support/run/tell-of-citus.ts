import { isDistributed } from "../../../src/db/check-server.ts";

/** In a program that a test starts: tells it what the start finds out, if the database is distributed. */
export async function tellOfCitus(url: string): Promise<void> {
  if (await isDistributed(url)) await import("./citus.ts");
}

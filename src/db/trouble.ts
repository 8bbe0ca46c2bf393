import { tooComplex, unavailable, type GatewayError } from "../lib/errors.ts";
import { FenceFault } from "./fence-fault.ts";

/** SQLSTATEs of a database that is gone, going or full: connection lost, shutting down, too many connections. */
const unavailableStates = /^(08(?!P01)|57P0|53300)/;

/** What is wrong with the database, or with the size of what was asked, rather than with our code; null for all else. */
export function troubleOf(cause: unknown): GatewayError | null {
  if (!(cause instanceof Error)) return null;
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : "";
  if (cause instanceof RangeError && cause.message.includes("call stack")) {
    return tooComplex("The operation is nested too deep; ask for less at once.");
  }
  // 57014: statement_timeout.
  if (code === "57014") {
    return tooComplex("The operation took too long; ask for less, or filter by something indexed.");
  }
  // 55P03: lock_timeout.
  if (code === "55P03") {
    return unavailable(
      "Others are writing the same records just now and took too long; nothing was changed. Try again.",
    );
  }
  const lost =
    cause instanceof FenceFault ||
    // A pooler ends a connection with this state when it has none to PostgreSQL.
    ("severity" in cause && cause.severity === "FATAL" && code === "08P01") ||
    /^E(CONN|PIPE|HOST|NET|TIMEDOUT|NOTFOUND|AI_AGAIN)/.test(code) ||
    // The socket's file is gone.
    ("syscall" in cause && cause.syscall === "connect") ||
    // The last three are what a coordinator of Citus says when one of its nodes is gone in the middle of a statement.
    /terminated|timeout exceeded when trying to connect|not queryable|server closed the connection|SYSCALL error|could not (?:receive|send) data (?:from|to) server/.test(
      cause.message,
    );
  return unavailableStates.test(code) || lost
    ? unavailable("The database cannot be reached just now; try again.")
    : null;
}

import { InvalidArgumentError } from "commander";
import { z } from "zod";
import { readDuration } from "../lib/duration.ts";

/** `read:accounts,write:deals` → its parts, each once. */
export const parseScopes = (text: string): string[] => parseList(text, "'read:*'");

/** `Deal,Account` → its parts, each once. */
export const parseTypes = (text: string): string[] => parseList(text, "Deal");

function parseList(text: string, example: string): string[] {
  const parts = text.split(/[\s,]+/).filter((part) => part !== "");
  if (parts.length === 0) throw new InvalidArgumentError(`Name at least one, such as ${example}.`);
  return [...new Set(parts)];
}

/** `60m` → milliseconds. */
export function parseDuration(text: string): number {
  const duration = readDuration(text);
  if (duration !== null) return duration;
  throw new InvalidArgumentError("Give a number and s, m, h or d, such as 60m or 90d.");
}

const instant = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

/** An instant in the future: `2027-01-31T00:00:00Z`, or `90d` from now. */
export function parseExpiry(text: string): Date {
  const duration = readDuration(text);
  if (duration === null && !instant.safeParse(text).success) {
    throw new InvalidArgumentError("Give an instant such as 2027-01-31T00:00:00Z, or 90d.");
  }
  const time = duration === null ? Date.parse(text) : Date.now() + duration;
  if (time <= Date.now()) throw new InvalidArgumentError("It must be in the future.");
  return new Date(time);
}

/** Of requests a minute. */
export function parseQuota(text: string): number {
  const quota = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (quota < 1) throw new InvalidArgumentError("It must be a whole number > 0.");
  return quota;
}

/** Of a distributed table. */
export function parseShards(text: string): number {
  const shards = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (shards < 1) throw new InvalidArgumentError("It must be a whole number from 1 to 9999.");
  return shards;
}

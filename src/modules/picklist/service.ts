import { z } from "zod";
import type { Actor } from "../../auth/actor.ts";
import type { FencedPrisma } from "../../db/fenced-prisma.ts";
import { Prisma, type Picklist as Row } from "../../db/generated/prisma/client.ts";
import { textSchema } from "../../model/kinds/parts/text-schema.ts";
import {
  isStageKind,
  type ListedField,
  type Picklist,
  type PicklistValue,
  type TenantPicklist,
} from "../../model/picklist.ts";
import { problemsOf } from "../../write/input.ts";
import { conflict, invalid, type Problem } from "../../write/problem.ts";
import { valuesSchema } from "../../write/tenant-facts.ts";

/** The most values of a list, and the most characters of each and of its label. */
export const mostValues = 200;
const mostCharacters = 255;
/** The kind of lock under which a tenant's lists change; any number that no other part uses. */
const changeLock = 4_715_020;

/** Who writes, and where. */
export type PicklistContext = { readonly actor: Actor; readonly prisma: FencedPrisma };

/** A list as the tenant has it. Its version is 0 until it is first set. */
export type ShownPicklist = TenantPicklist & {
  readonly of: ListedField;
  readonly version: number;
  readonly updatedAt: Date | null;
  readonly updatedBy: string | null;
};

/** The list as it is now, and what was wrong. */
export type PicklistResult = {
  readonly picklist: ShownPicklist;
  readonly problems: readonly Problem[];
};

/** What a caller says of a list; what is left out stays as it is. */
export type PicklistInput = {
  readonly values?: readonly unknown[] | null | undefined;
  readonly strict?: boolean | null | undefined;
  readonly version?: number | null | undefined;
};

/** Lists as the tenant has them. */
export async function readPicklists(
  { actor: { tenantId }, prisma }: PicklistContext,
  fields: readonly ListedField[],
): Promise<ShownPicklist[]> {
  const names = fields.map(({ list }) => list.name);
  const rows = await prisma.picklist.findMany({ where: { tenantId, list: { in: names } } });
  const byName = new Map(rows.map((row) => [row.list, row]));
  return fields.map((of) => shown(of, byName.get(of.list.name) ?? null));
}

/** Sets the values of a list, whether other values are refused, or both. */
export async function setPicklist(
  ctx: PicklistContext,
  of: ListedField,
  { values, strict, version }: PicklistInput,
): Promise<PicklistResult> {
  const read = values == null ? null : readValues(of.list, values);
  const problems: Problem[] = [...(read?.problems ?? [])];
  if (values == null && strict == null) {
    problems.push(invalid(["values"], "or strict is needed: what is to change."));
  }
  return change(ctx, of, { version, problems }, (row) => ({
    values: read === null ? (row?.values ?? null) : read.values,
    isStrict: strict ?? row?.isStrict ?? false,
  }));
}

/** Gives a list the values again that it has unless a tenant sets its own; others are allowed. */
export function resetPicklist(
  ctx: PicklistContext,
  of: ListedField,
  version?: number | null,
): Promise<PicklistResult> {
  return change(ctx, of, { version, problems: [] }, () => ({ values: null, isStrict: false }));
}

type Next = { readonly values: Prisma.JsonValue | readonly PicklistValue[]; isStrict: boolean };

/** One change of a tenant's lists after the other, so that each is judged on the state that the one before left. */
function change(
  { actor, prisma }: PicklistContext,
  of: ListedField,
  said: { readonly version?: number | null | undefined; readonly problems: readonly Problem[] },
  make: (row: Row | null) => Next,
): Promise<PicklistResult> {
  const { tenantId } = actor;
  const where = { tenantId, list: of.list.name };
  return prisma.$transaction(async (transaction) => {
    await transaction.$queryRaw`SELECT 1 FROM (SELECT pg_advisory_xact_lock(${changeLock}::integer, hashtext(${tenantId}))) l`;
    const row = await transaction.picklist.findFirst({ where });
    const before = shown(of, row);
    const next = make(row);
    const problems = [...said.problems];
    if (said.version != null && said.version !== before.version) {
      const { version } = before;
      problems.push(conflict(["version"], { complaint: "stale", type: "picklist", version }, null));
    }
    if (next.isStrict && next.values === null && of.list.values.length === 0) {
      problems.push(invalid(["strict"], "needs a list with values: send values along."));
    }
    if (problems.length > 0) return { picklist: before, problems };
    const data = {
      values: next.values === null ? Prisma.DbNull : asJson(next.values),
      isStrict: next.isStrict,
      version: before.version + 1,
      updatedAt: new Date(),
      updatedBy: actor.id,
    };
    if (row === null) await transaction.picklist.createMany({ data: { ...where, ...data } });
    else await transaction.picklist.updateMany({ where, data });
    return { picklist: shown(of, { ...where, ...data, values: plain(next.values) }), problems };
  });
}

const plain = (values: Next["values"]): Prisma.JsonValue => valuesSchema.parse(values);
const asJson = (values: Next["values"]): Prisma.InputJsonValue => valuesSchema.parse(values) ?? [];

function shown(of: ListedField, row: Row | null): ShownPicklist {
  const values = valuesSchema.parse(row?.values ?? null) ?? of.list.values;
  const { isStrict = false, version = 0, updatedAt = null, updatedBy = null } = row ?? {};
  return { of, values, isStrict, version, updatedAt, updatedBy };
}

const line = textSchema("line", mostCharacters);
const rowSchema = z.strictObject({
  value: line,
  label: line.nullish(),
  kind: z
    .custom<PicklistValue["kind"]>(
      (kind) => kind == null || isStageKind(kind),
      "must be open, won or lost",
    )
    .nullish(),
});

/** Reads the values of an input, and collects all their errors. */
function readValues(
  list: Picklist,
  sent: readonly unknown[],
): { readonly values: readonly PicklistValue[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const of = (
    path: readonly (string | number)[],
    complaint: Parameters<typeof invalid>[1],
  ): void => {
    problems.push(invalid(["values", ...path.map(String)], complaint));
  };
  if (sent.length === 0) {
    of([], "must have at least one value; resetPicklist brings back the usual ones.");
  }
  if (sent.length > mostValues) {
    of([], { complaint: "tooManyItems", max: mostValues, of: "values" });
    return { values: [], problems };
  }
  const places = new Map<string, number>();
  const values = sent.flatMap((one, place): PicklistValue[] => {
    const parsed = rowSchema.safeParse(one, { reportInput: true });
    if (!parsed.success) {
      for (const issue of parsed.error.issues) {
        problems.push(...problemsOf({ ...issue, path: [place, ...issue.path] }, "values"));
      }
      return [];
    }
    const { value, label, kind = null } = parsed.data;
    if (value === null) {
      of([place, "value"], { complaint: "empty" });
      return [];
    }
    const first = places.get(value);
    if (first !== undefined)
      of([place, "value"], `is the same as values.${first}.value; remove one.`);
    else places.set(value, place);
    const { fixedKinds } = list;
    if (fixedKinds === null && kind !== null) {
      of([place, "kind"], "is for stages of deals; leave it out.");
    }
    const fixed =
      fixedKinds !== null && Object.hasOwn(fixedKinds, value) ? fixedKinds[value] : undefined;
    if (fixed !== undefined && kind !== null && kind !== fixed) {
      of(
        [place, "kind"],
        `must be ${fixed}: ${value} has that kind with every tenant. Leave it out.`,
      );
    }
    return [
      {
        value,
        label: label ?? value,
        kind: fixedKinds === null ? null : (fixed ?? kind ?? "open"),
      },
    ];
  });
  return { values, problems };
}

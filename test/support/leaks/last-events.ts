import type { ChangeOperation } from "../../../src/changes/event-log.ts";
import { formatId } from "../../../src/lib/id.ts";
import { catalog } from "../../../src/modules/catalog.ts";
import { changeEvent } from "../../../src/modules/change-event/model.ts";
import type { Graph } from "../samples/two-tenants.ts";
import type { TestGateway } from "../gateway/gateway.ts";

/** The application of the records, whose values sort behind all others: who is bound to it hears of them, and so does who is bound to none. */
export const lastApp = "zz-app";

/** What happens to each of them, in this order. It is deleted in the end, so that few lists show it. */
const operations = ["created", "updated", "deleted", "restored", "deleted"] as const;
const day = "2026-02-03T04:05:06.000Z";
const changes: Readonly<Record<ChangeOperation, object>> = {
  created: {},
  updated: {},
  deleted: { deleted_at: [null, day] },
  restored: { deleted_at: [day, null] },
};

const kinds = (changeEvent.tellsOf ?? []).map((name) => catalog.entity(name));
/** What can be listened to by itself. */
const followed = kinds.filter(({ softDelete }) => softDelete);
/** The same in each tenant. */
const uuid = (kind: number, place: number): string =>
  `00000000-0000-7000-8000-0000${String(kind + 1).padStart(4, "0")}${String(place).padStart(4, "0")}`;

/** The id of the record of a kind that the last events are about. */
export function lastRecord(type: string): string {
  const place = kinds.findIndex((entity) => entity.type === type);
  return formatId(kinds[place]?.prefix ?? "", uuid(place, 0));
}

export const lastRecords: readonly string[] = kinds.map(({ type }) => lastRecord(type));

/** The id of the last event of all, or of some kinds or operations. */
export function lastEvent(
  types: readonly string[] | null,
  only: readonly string[] | null = null,
): string {
  const kind = kinds.findLastIndex(({ type }) => types?.includes(type) ?? true);
  return uuid(kind, 1 + operations.findLastIndex((one) => only?.includes(one) ?? true));
}

/** Whether an event is one of them, by its cursor. */
export const isLast = (cursor: string, id = "00000000-0000-7000-8000-0000"): boolean =>
  Buffer.from(cursor, "base64url").toString().includes(id);

/**
 * Adds events of every kind and operation to the end of a tenant's log, and the records that they are about. Whoever
 * reads a stream knows by them that nothing of what stands in front of them will come any more.
 */
export async function addLastEvents({ fixtures }: TestGateway, { tenant }: Graph): Promise<void> {
  const ids = Object.fromEntries(
    kinds.map(({ name }, place) => [`${name}Id`, uuid(place, 0)] as const),
  );
  const needed: Readonly<Record<string, object>> = {
    account: { name: "zz-last" },
    contact: { lastName: "zz-last", accountId: ids["accountId"] },
    deal: { name: "zz-last", dealNumber: "zz-last", currency: "USD", accountId: ids["accountId"] },
    activity: { type: "note", subject: "zz-last", accountId: ids["accountId"] },
    quote: {
      name: "zz-last",
      quoteNumber: "zz-last",
      currency: "USD",
      accountId: ids["accountId"],
    },
    lineItem: { description: "zz-last", unitPrice: "0", currency: "USD", quoteId: ids["quoteId"] },
  };
  for (const { name } of followed) {
    const own = {
      id: ids[`${name}Id`],
      appId: lastApp,
      deletedAt: day,
      version: operations.length,
    };
    await tenant.make(name, { ...needed[name], ...own });
  }
  const { rows } = await fixtures.client.query<{ end: number }>(
    "SELECT max(position)::int AS end FROM change_events WHERE tenant_id = $1",
    [tenant.uuid],
  );
  const end = rows[0]?.end ?? 0;
  await tenant.makeMany(
    "changeEvent",
    kinds.flatMap(({ type }, kind) =>
      operations.map((operation, place) => ({
        id: uuid(kind, place + 1),
        position: end + 1 + kind * operations.length + place,
        appId: lastApp,
        recordType: type,
        recordId: uuid(kind, 0),
        operation,
        version: place + 1,
        changes: changes[operation],
      })),
    ),
  );
}

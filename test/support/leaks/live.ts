import { setTimeout as sleep } from "node:timers/promises";
import { getNamedType } from "graphql";
import { cursorAt } from "../../../src/changes/position.ts";
import { isRecord } from "../../../src/lib/json.ts";
import type { TestGateway } from "../gateway/gateway.ts";
import { schema } from "../gateway/schema.ts";
import { EventStream } from "../live/event-stream.ts";
import { Variants } from "./arguments.ts";
import { documentOf, type Call } from "./calls.ts";
import { isLast, lastEvent, lastRecord, lastRecords } from "./last-events.ts";
import { entityTypes, fieldsOf, leaves, type Document } from "./schema.ts";
import type { Values } from "./values.ts";

type Args = Readonly<Record<string, unknown>>;

const root = schema.getSubscriptionType();
if (!root) throw new Error("there is no root of subscriptions");
/** The fields that follow the log, with the kind of records that they tell of; null for all changes. */
const fields = fieldsOf(root)
  .filter(({ args }) => args.some(({ name }) => name === "after"))
  .map((field) => {
    const type = getNamedType(field.type).name.replace(/Change$/, "");
    return { field, followed: entityTypes.has(type) ? type : null };
  });
/** Those that follow one thing until it has ended. */
const finite = fieldsOf(root).filter((field) => fields.every((one) => one.field !== field));

/** Every event of the log. */
const beginning = { after: cursorAt("0") };

/** Every field at the root of subscriptions over the whole log, with all that its payload tells. */
export function plainLiveCalls(): readonly Call[] {
  return fields.map(({ field, followed }) => ({
    ...callOf(field.name, followed, beginning),
    selection: leaves(field.type, 1),
  }));
}

/** Every argument of these fields with the values of a tenant. */
export function liveCalls(values: Values): readonly Call[] {
  const variants = new Variants(values);
  return fields.flatMap(({ field, followed }) =>
    field.args.flatMap((argument) =>
      variants
        .of(argument, followed ?? "ChangeEvent", [{ field: "changes" }])
        .filter(({ label }, place) => !label.startsWith("where") || place < filtersOfEach)
        .map(({ label, args, finds }) => ({
          ...callOf(field.name, followed, { ...beginning, ...args }),
          name: `${field.name} ${label}`,
          // What a record had is undone from what it has: not all of it is in these logs.
          finds: finds === true && label === "id",
        })),
    ),
  );
}

/** The subscriptions that end by themselves: what another tenant has is not found. */
export function endingCalls(values: Values): readonly Call[] {
  const variants = new Variants(values);
  return finite.flatMap((field) =>
    field.args.flatMap((argument) =>
      variants
        .of(argument, getNamedType(field.type).name.replace(/Progress$/, ""), [])
        .map(({ label, args, finds }) => ({
          name: `${field.name} ${label}`,
          isLive: true,
          // No event is the last one: it ends by itself.
          last: "the end",
          steps: [{ field: field.name, args }],
          selection: leaves(field.type, 1),
          finds: finds === true,
        })),
    ),
  );
}

/** How long an event is waited for that is not to come. */
const graceMilliseconds = 20;
/** The conditions are those of lists, each of which the calls of lists ask with. */
const filtersOfEach = 4;

function callOf(field: string, followed: string | null, args: Args): Call {
  const types = followed === null ? listIn(args["types"]) : [followed];
  return {
    name: field,
    isLive: true,
    last: args["id"] === undefined ? lastEvent(types, listIn(args["operations"])) : null,
    steps: [{ field, args: { ...args, ...withLast(args["where"], followed) } }],
    selection: followed === null ? "cursor node { id }" : "cursor transition",
  };
}

/** A filter that the last events pass as well. */
function withLast(where: unknown, followed: string | null): Args {
  if (where === undefined) return {};
  const last =
    followed === null ? { recordId: { in: lastRecords } } : { id: { eq: lastRecord(followed) } };
  return { where: { or: [where, last] } };
}

const listIn = (value: unknown): readonly string[] | null =>
  Array.isArray(value) ? value.map(String) : null;

/** What came in a stream until it ended or everything was told. */
type Told = {
  readonly status: number;
  readonly headers: Headers;
  /** The field of each event, without the last events; null if there was none at all. */
  readonly events: readonly unknown[] | null;
  /** What it was ended by; null if it was not. */
  readonly refusal: object | null;
};

/** All events that a subscription has for a caller. */
export async function eventsOf(
  gateway: TestGateway,
  key: string,
  document: Document,
): Promise<Told> {
  const stream = await EventStream.open(gateway.url, key, document);
  const { status, headers } = stream;
  const events: unknown[] = [];
  let left = document.last === null ? await countOf(gateway, key, document) : Infinity;
  let isOver = false;
  while (left > 0 && !isOver) {
    left -= 1;
    const next = await stream.next();
    const body: unknown = JSON.parse(next?.data || "null");
    if (!isRecord(body) || !isRecord(body["data"])) {
      const refusal = isRecord(body) ? body : null;
      return { status, headers, events: events.length === 0 ? null : events, refusal };
    }
    const cursor = next?.id ?? "";
    isOver = document.last != null && isLast(cursor, document.last);
    if (!isLast(cursor)) events.push(body["errors"] ?? Object.values(body["data"])[0]);
  }
  if (document.last === null && events.length === 0) {
    const unheard = await nextAfterAll(gateway, key, document, stream);
    if (unheard !== null) events.push(unheard);
  }
  await stream.close();
  return { status, headers, events, refusal: null };
}

/** What a stream gives that is to give nothing, while another one of the same kind and caller gives everything. */
async function nextAfterAll(
  gateway: TestGateway,
  key: string,
  { query }: Document,
  stream: EventStream,
): Promise<unknown> {
  const next = stream.next();
  await eventsOf(gateway, key, documentOf([likeIt(query, {})]));
  return Promise.race([next, sleep(graceMilliseconds, null)]);
}

/** How many events of one record the caller gets that asks for it by a filter; infinite if it is refused. */
async function countOf(
  gateway: TestGateway,
  key: string,
  { query, variables }: Document,
): Promise<number> {
  const ids = Object.values(variables).filter((value) => value !== beginning.after);
  const call = likeIt(query, { where: { id: { in: ids } } });
  return (await eventsOf(gateway, key, documentOf([call]))).events?.length ?? Infinity;
}

/** A call of the same field with other arguments. */
function likeIt(query: string, args: Args): Call {
  const found = fields.find(({ field }) => query.includes(`${field.name}(`));
  if (found === undefined) throw new Error(`no subscription: ${query}`);
  return callOf(found.field.name, found.followed, { ...beginning, ...args });
}

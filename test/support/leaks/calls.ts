import { getNamedType, isObjectType, type GraphQLField, type GraphQLNamedType } from "graphql";
import { schema } from "../gateway/schema.ts";
import { fieldsOf, type Document } from "./schema.ts";

/** One field on the way to what is asked, with its arguments; `on` narrows what it gives. */
export type Step = {
  readonly field: string;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly on?: string;
};

/** One thing to ask: the way there, and what to select at its end. */
export type Call = {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly selection: string;
  /** What the call is about, for those that look for what stands in a record: it must find the record's owner. */
  readonly finds?: boolean;
  /** The field of a subscription; of queries unless said. */
  readonly isLive?: boolean;
  /** Of a subscription: the id of the event that is its last one. Null if it has none of those. */
  readonly last?: string | null;
};

/** What a document asks for. */
export type Operation = "query" | "mutation" | "subscription";

function rootOf(operation: Operation): GraphQLNamedType | null | undefined {
  if (operation === "query") return schema.getQueryType();
  return operation === "mutation" ? schema.getMutationType() : schema.getSubscriptionType();
}

/** A document with several calls, each under an alias: `c0`, `c1`, … A subscription has one. */
export function documentOf(
  calls: readonly Call[],
  operation: Operation = calls[0]?.isLive === true ? "subscription" : "query",
): Document {
  const declared: string[] = [];
  const variables: Record<string, unknown> = {};
  const texts = calls.map(({ steps, selection }, index) => {
    let type = rootOf(operation);
    const opened = steps.map(({ field, args = {}, on }, place) => {
      const definition = type ? fieldsOf(type).find(({ name }) => name === field) : undefined;
      if (definition === undefined) throw new Error(`${type?.name} has no field ${field}`);
      const passed = Object.entries(args).map(([name, value]) => {
        const argument = definition.args.find((one) => one.name === name);
        if (argument === undefined) throw new Error(`${field} has no argument ${name}`);
        const variable = `v${declared.length}`;
        declared.push(`$${variable}: ${String(argument.type)}`);
        variables[variable] = value;
        return `${name}: $${variable}`;
      });
      type = on === undefined ? getNamedType(definition.type) : schema.getType(on);
      const alias = place === 0 ? `c${index}: ` : "";
      const sent = passed.length === 0 ? "" : `(${passed.join(", ")})`;
      const narrowed = on === undefined ? "" : `... on ${on} {`;
      return { text: `${alias}${field}${sent}`, narrowed };
    });
    const end = selection === "" ? "" : ` { ${opened.at(-1)?.narrowed ?? ""} ${selection} }`;
    const way = opened.slice(0, -1).map(({ text, narrowed }) => `${text} { ${narrowed}`);
    const open = `${way.join(" ")} ${opened.at(-1)?.text ?? ""}${end}`;
    const closing = [
      ...opened.slice(0, -1).map(() => " }"),
      ...opened.flatMap(({ narrowed }) => (narrowed === "" ? [] : [" }"])),
    ];
    return `${open}${closing.join("")}`;
  });
  const head = declared.length === 0 ? "" : ` (${declared.join(", ")})`;
  const [{ last } = {}] = calls;
  return {
    query: `${operation}${head} { ${texts.join("\n")} }`,
    variables,
    ...(last === undefined ? {} : { last }),
  };
}

/** The field at the end of a way. */
export function fieldAt(steps: readonly Step[]): GraphQLField<unknown, unknown> {
  let type: GraphQLNamedType | null | undefined = schema.getQueryType();
  let found: GraphQLField<unknown, unknown> | undefined;
  for (const step of steps) {
    found = type ? fieldsOf(type).find(({ name }) => name === step.field) : undefined;
    type = found && (step.on === undefined ? getNamedType(found.type) : schema.getType(step.on));
  }
  if (found === undefined) throw new Error(`${wayOf(steps)} leads nowhere`);
  return found;
}

export const wayOf = (steps: readonly Step[]): string => steps.map(({ field }) => field).join(".");

/** The shortest way to each object type that needs no argument, from the query root. */
export function waysIn(): ReadonlyMap<string, readonly Step[]> {
  const root = schema.getQueryType();
  if (!root) throw new Error("there is no query root");
  const ways = new Map<string, readonly Step[]>([[root.name, []]]);
  for (const [name, steps] of ways) {
    const type = schema.getType(name);
    if (!type || !isObjectType(type)) continue;
    for (const field of fieldsOf(type)) {
      const target = getNamedType(field.type);
      if (!isObjectType(target) || ways.has(target.name)) continue;
      const isFree = field.args.every((argument) => !String(argument.type).endsWith("!"));
      // One record by its key, which nothing but a value of it gives.
      const isKeyed = field.args.some(({ name: key }) => key === "id" || key === "number");
      if (isFree && !isKeyed) ways.set(target.name, [...steps, { field: field.name }]);
    }
  }
  return ways;
}

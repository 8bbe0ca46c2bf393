import fc from "fast-check";
import { openApi } from "../openapi-contract.ts";
import {
  objectsOf,
  prefixIn,
  resolved,
  schemasAt,
  valuesOf,
  versions,
  type Schema,
} from "./values.ts";

/** A request as it is thought of before it is sent: ids and versions in it are chosen then. */
export type Plan = {
  readonly method: string;
  /** A template of the document, or a path that is none. */
  readonly path: string;
  readonly pathValue: unknown;
  readonly query: readonly (readonly [name: string, value: unknown])[];
  readonly headers: readonly (readonly [name: string, value: unknown])[];
  /** Undefined for none; a text is sent as it is. */
  readonly body: unknown;
  /** The document forbids it for sure: it must not be carried out. */
  readonly mustFail: boolean;
  /** Of the document's body, for those that are to hold against it. */
  readonly bodySchema: string | null;
};

type Parameter = {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly schema: Schema;
  readonly style: string;
};

/** An operation as the document has it. */
type Described = {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** The pointer of its body's schema. */
  readonly bodySchema: string | null;
};

/** Every operation at every path. */
export const described: readonly Described[] = Object.entries(schemasAt(openApi, "paths")).flatMap(
  ([path, methods]) =>
    Object.entries(methods).map(([method, value]): Described => {
      const operation: Schema = { ...Object(value) };
      const listed: unknown = operation["parameters"];
      const parameters = (Array.isArray(listed) ? listed : []).map((one): Parameter => {
        const { name, in: place, required, schema, style } = resolved({ ...Object(one) });
        return {
          name: String(name),
          in: String(place),
          required: required === true,
          schema: { ...Object(schema) },
          style: String(style),
        };
      });
      const body = schemasAt(operation, "requestBody");
      const json = schemasAt({ ...Object(body["content"]) }, "application/json");
      const pointer = json["schema"]?.["$ref"];
      return { method, path, parameters, bodySchema: typeof pointer === "string" ? pointer : null };
    }),
);

/** The prefix of the ids of a path's records, by the path of one. */
export const prefixes: ReadonlyMap<string, string> = new Map(
  described.flatMap(({ path, parameters }) => {
    const [id] = parameters.filter((one) => one.in === "path");
    const prefix = id === undefined ? null : prefixIn(id.schema["pattern"]);
    return prefix === null
      ? []
      : [[path, prefix] as const, [path.replace(/\/\{\w+\}$/, ""), prefix] as const];
  }),
);

/** A value as a query has it; comparisons are parameters of their own. */
function asQuery({ name, style }: Parameter, value: unknown): (readonly [string, unknown])[] {
  if (Array.isArray(value)) return [[name, value.join(",")]];
  return style === "deepObject" ? deep(name, value) : [[name, value]];
}

/** Each value at its path in brackets. */
const deep = (name: string, value: unknown): (readonly [string, unknown])[] =>
  isPlainObject(value)
    ? Object.entries(value).flatMap(([key, one]: [string, unknown]) => deep(`${name}[${key}]`, one))
    : [[name, value]];

/** Whether a value is an object that JSON has, and no slot. */
export function isPlainObject(value: unknown): value is object {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}

/** Stands for the cursor that a list has given, where there is one. */
export const cursorSlot = Symbol("cursor");

function parameterValues({ name, schema }: Parameter): fc.Arbitrary<unknown> {
  if (name === "cursor") return fc.constant(cursorSlot);
  // Few as well, with what has to be encoded.
  if (name === "external_id") {
    return fc.oneof(
      fc.nat(20).map((number) => `SAP/${number} ü`),
      valuesOf(schema),
    );
  }
  if (name === "If-Match") {
    return fc.oneof(versions, versions, fc.constant("*"));
  }
  // Few, so that some are used again.
  if (name === "Idempotency-Key") {
    return fc.oneof(
      fc.nat(40).map((number) => `key ${number}`),
      valuesOf(schema),
    );
  }
  return valuesOf(schema);
}

/** Requests as the document has them. */
function validPlans({ method, path, parameters, bodySchema }: Described): fc.Arbitrary<Plan> {
  const chosen = (place: string, most: number) => {
    const own = parameters.filter((one) => one.in === place);
    const required = own.filter((one) => one.required);
    // Which place a credential belongs to has tests of its own; here it is the needed one alone.
    const optional = own.filter((one) => !one.required && !/^x-(org|dep)/i.test(one.name));
    return fc
      .subarray(optional, { maxLength: Math.min(most, optional.length) })
      .chain((some) =>
        fc.tuple(
          ...[...required, ...some].map((one) => fc.tuple(fc.constant(one), parameterValues(one))),
        ),
      );
  };
  return fc
    .record({
      paths: chosen("path", 0),
      query: chosen("query", 3),
      headers: chosen("header", 1),
      body: bodySchema === null ? fc.constant(undefined) : objectsOf({ $ref: bodySchema }, 5),
    })
    .map(({ paths, query, headers, body }) => ({
      method: method.toUpperCase(),
      path,
      pathValue: paths[0]?.[1],
      query: query.flatMap(([parameter, value]) => asQuery(parameter, value)),
      headers: headers.map(([parameter, value]) => [parameter.name, value] as const),
      body,
      mustFail: false,
      bodySchema,
    }));
}

/** Plans of each operation that hold to the document. */
export const byOperation = described.map((one) => ({ one, plans: validPlans(one) }));

/** Often enough that records are made before they are asked for and go. */
const weightOf = (method: string): number => ({ post: 4, patch: 4, put: 2, get: 3 })[method] ?? 1;

export const valid: fc.Arbitrary<Plan> = fc.oneof(
  ...byOperation.map(({ one, plans }) => ({ weight: weightOf(one.method), arbitrary: plans })),
);

import {
  defaultFieldResolver,
  getNamedType,
  GraphQLError,
  isIntrospectionType,
  isLeafType,
  isObjectType,
  type GraphQLField,
  type GraphQLSchema,
} from "graphql";
import type { Work } from "../../db/work.ts";
import { GatewayError } from "../../lib/errors.ts";
import { jsonBytes } from "../../lib/json-bytes.ts";
import type { Context } from "../schema/context.ts";

/** The characters around a value beside its name: two quotation marks, a colon and a comma. */
const punctuation = 4;

/**
 * Makes every field count its part of the answer when it is resolved. So an operation ends as soon as its answer is too
 * long, its time is up or it is stopped, and not after the whole answer lies in memory.
 */
export function countingAnswers(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    // All schemas of the process share the types of introspection.
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) count(field);
  }
  return schema;
}

function count(field: GraphQLField<unknown, Context>): void {
  const { resolve = defaultFieldResolver } = field;
  const isLeaf = isLeafType(getNamedType(field.type));
  field.resolve = (source, args, context, info) => {
    const { work } = context;
    if (work === null) return resolve(source, args, context, info);
    try {
      counted(work, String(info.path.key).length + punctuation);
      const value: unknown = resolve(source, args, context, info);
      if (!isLeaf) return value;
      if (value instanceof Promise) return value.then((answer) => leaf(work, answer));
      return leaf(work, value);
    } catch (error) {
      // When an item of a list throws synchronously, the executor abandons the promises of earlier items. If one of
      // those rejects too, the rejection is unhandled and would end the process.
      return Promise.reject(error);
    }
  };
}

function leaf(work: Work, value: unknown): unknown {
  counted(work, jsonBytes(value));
  return value;
}

function counted(work: Work, bytes: number): void {
  try {
    work.countMade(bytes);
  } catch (error) {
    throw ended(error);
  }
}

/** Stops the whole operation. The executor would continue after the failure of a nullable field. */
function ended(error: unknown): GraphQLError {
  const code = error instanceof GatewayError ? error.code : "UNAVAILABLE";
  const message = error instanceof Error ? error.message : "The operation was stopped.";
  return new GraphQLError(message, { extensions: { code, CRITICAL_ERROR: true } });
}

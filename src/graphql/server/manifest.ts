import { readFileSync } from "node:fs";
import {
  getOperationAST,
  type GraphQLSchema,
  Kind,
  NoSchemaIntrospectionCustomRule,
  OperationTypeNode,
  parse,
  specifiedRules,
  stripIgnoredCharacters,
  type TypeNode,
  validate,
} from "graphql";
import { z } from "zod";
import { StartupError } from "../../lib/startup-error.ts";

/** The only operations that a deployment runs. */
export type Manifest = {
  /** The text of an id. */
  byId(id: string): string | undefined;
  /** The manifest's form of a text, if it contains the text. Spaces, commas and comments do not matter. */
  byText(text: string): string | undefined;
  /** The body of a request that can be tried as it is: a query, if one needs no ids or inputs. */
  readonly example: Readonly<Record<string, unknown>> | null;
};

const apolloManifest = z.object({
  format: z.literal("apollo-persisted-query-manifest"),
  version: z.literal(1),
  operations: z.array(z.object({ id: z.string().min(1), body: z.string() })),
});
/** The format of graphql-codegen's client preset and of Relay's compiler: id to text. */
const plainManifest = z.record(z.string().min(1), z.string());

/**
 * Reads a manifest as Apollo's tools write it, or graphql-codegen and Relay.
 *
 * @throws StartupError that names the unreadable part, or all operations that the schema does not allow.
 */
export function readManifest(path: string, schema: GraphQLSchema): Manifest {
  const operations = operationsOf(path);
  const problems = [...operations].flatMap(([id, text]) => {
    const problem = problemOf(text, schema);
    return problem === null ? [] : [`  ${id}: ${problem}`];
  });
  if (problems.length > 0) {
    throw new StartupError(
      [`OPERATIONS: ${path} has operations that cannot be run:`, ...problems].join("\n"),
    );
  }
  const texts = new Map(
    [...operations.values()].map((text) => [stripIgnoredCharacters(text), text]),
  );
  // A longer text cannot be one of them, so it is not parsed.
  const longest = 2 * Math.max(0, ...[...operations.values()].map((text) => text.length));
  return {
    byId: (id) => operations.get(id) ?? operations.get(`sha256:${id}`),
    example: exampleOf(operations),
    byText: (text) => (text.length > longest ? undefined : texts.get(normalized(text))),
  };
}

function operationsOf(path: string): ReadonlyMap<string, string> {
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const reason =
      error instanceof SyntaxError ? "it is not JSON" : "is there such a file, and may it be read?";
    throw new StartupError(`OPERATIONS: ${path} cannot be read: ${reason}`);
  }
  const apollo = apolloManifest.safeParse(manifest);
  if (apollo.success) return new Map(apollo.data.operations.map(({ id, body }) => [id, body]));
  const plain = plainManifest.safeParse(manifest);
  if (plain.success) return new Map(Object.entries(plain.data));
  throw new StartupError(
    `OPERATIONS: ${path} is no manifest: it must be {"<id>": "<text>", …}, or Apollo's format "apollo-persisted-query-manifest" of version 1`,
  );
}

function exampleOf(operations: ReadonlyMap<string, string>): Manifest["example"] {
  for (const [documentId, text] of operations) {
    const operation = getOperationAST(parse(text));
    if (operation?.operation !== OperationTypeNode.QUERY) continue;
    const needed = (operation.variableDefinitions ?? []).filter(
      ({ type, defaultValue }) => type.kind === Kind.NON_NULL_TYPE && defaultValue === undefined,
    );
    const variables = needed.map(
      ({ variable, type }) => [variable.name.value, valueFor(type)] as const,
    );
    if (variables.some(([, value]) => value === undefined)) continue;
    if (variables.length === 0) return { documentId };
    return { documentId, variables: Object.fromEntries(variables) };
  }
  return null;
}

/** A value that every variable of the type takes; undefined if it must be the caller's own. */
function valueFor(type: TypeNode): unknown {
  if (type.kind === Kind.NON_NULL_TYPE) return valueFor(type.type);
  if (type.kind === Kind.LIST_TYPE) return [];
  return { Int: 10, Boolean: true }[type.name.value];
}

function problemOf(text: string, schema: GraphQLSchema): string | null {
  try {
    const rules = [...specifiedRules, NoSchemaIntrospectionCustomRule];
    const [error] = validate(schema, parse(text), rules);
    return error?.message ?? null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function normalized(text: string): string {
  try {
    return stripIgnoredCharacters(text);
  } catch {
    // A text that cannot be parsed is not in the manifest, and neither is the empty text.
    return "";
  }
}

import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Entity, Field } from "../query/entity.ts";
import { snakeCase } from "../lib/text.ts";
import { invalid, type Problem } from "./problem.ts";
import { schemaOf, type InputType } from "./input-types.ts";

/** One field of an input, under its REST name. */
export type InputField = {
  /** The model's field that it sets; null for what a service reads itself (`line_items`, `contact_ids`). */
  readonly field: string | null;
  readonly schema: z.ZodType;
  readonly type: InputType;
  readonly description: string;
  readonly required: boolean;
  /** Server-managed: accepted, because REST clients send back what they read, and not looked at. */
  readonly ignored: boolean;
};

/** An input: what GraphQL input types, REST bodies and OpenAPI are made from. */
export type InputDefinition = {
  /** Of the GraphQL type. */
  readonly name: string;
  readonly description: string;
  readonly fields: Readonly<Record<string, InputField>>;
};

/** Values by field name, as JSON holds them: decimals and instants are text, ids bare UUIDs. */
export type Values = Readonly<Record<string, unknown>>;

/** What an input says: values for the model's fields, and what only the entity's service understands. */
export type ParsedInput = {
  readonly values: Values;
  readonly extras: Values;
  readonly problems: readonly Problem[];
};

type FieldOptions = Partial<Pick<InputField, "field" | "required">> & {
  readonly schema: z.ZodType;
  readonly type: InputType;
  readonly description: string;
};

/** A field that the model does not have, or has in another form. */
export const inputField = (options: FieldOptions): InputField => ({
  field: null,
  required: false,
  ignored: false,
  ...options,
});

/** Accepted and not looked at. */
export const ignoredField = (reason: string): InputField => ({
  field: null,
  schema: z.unknown().optional(),
  type: { scalar: "JSON" },
  description: `Accepted and ignored: ${reason}`,
  required: false,
  ignored: true,
});

export type EntityInputs = { readonly create: InputDefinition; readonly update: InputDefinition };

/**
 * The inputs of an entity, derived from its model: every field that callers write under its REST name, every field
 * that the gateway keeps accepted and ignored.
 */
export function defineInputs(
  entity: Entity,
  options: {
    /** Needed on create, by REST name. */
    readonly required?: readonly string[];
    /** Second names of fields: twin → REST name. */
    readonly twins?: Readonly<Record<string, string>>;
    /** Fields beyond the model's, or in place of a derived one. */
    readonly fields?: Readonly<Record<string, InputField>>;
    /** Derived values that REST records show under names of their own. */
    readonly derived?: readonly string[];
    /** The model's fields that callers cannot write through this input. */
    readonly without?: readonly string[];
    readonly prefixOf: (entity: string) => string;
  },
): EntityInputs {
  const { required = [], twins = {}, derived = [], without = [], prefixOf } = options;
  const fields: Record<string, InputField> = {};
  for (const [name, definition] of Object.entries(entity.fields)) {
    if (without.includes(name)) continue;
    const rest = restName(name);
    fields[rest] = definition.managed
      ? ignoredField("kept by the gateway.")
      : fieldFromModel(name, definition, prefixOf);
  }
  if (entity.softDelete) fields["is_deleted"] = ignoredField("derived from `deleted_at`.");
  for (const name of derived) fields[name] = ignoredField("derived.");
  for (const [twin, rest] of Object.entries(twins)) {
    const original = fields[rest];
    if (original === undefined) throw new Error(`${entity.name} has no input ${rest}`);
    fields[twin] = { ...original, description: `The same as \`${rest}\`; send either.` };
  }
  Object.assign(fields, options.fields);
  const create = Object.fromEntries(
    Object.entries(fields).map(([rest, field]) => [
      rest,
      required.includes(rest) ? { ...field, required: true } : field,
    ]),
  );
  return {
    create: {
      name: `Create${entity.type}Input`,
      description: `A new ${entity.type}. Fields that are left out, or null, take their defaults.`,
      fields: create,
    },
    update: {
      name: `Update${entity.type}Input`,
      description: `Changes to a ${entity.type}: only what is sent changes, null clears.`,
      fields: {
        ...fields,
        id: {
          ...ignoredField(""),
          type: { scalar: "ID" },
          description: `In \`update${entity.plural.charAt(0).toUpperCase()}${entity.plural.slice(1)}\` the record to change; ignored elsewhere.`,
        },
        ...(entity.fields["version"] === undefined ? {} : { version }),
      },
    },
  };
}

const version = inputField({
  schema: z.int32("must be a whole number").nullish(),
  type: { scalar: "Int" },
  description:
    "The version that was read. When it is not the current one, nothing is written and the answer is a conflict with the current record.",
});

/** An input as one zod schema: for inputs inside inputs, and for what describes them (OpenAPI). */
export function objectSchema(definition: InputDefinition) {
  const shape = Object.fromEntries(
    Object.entries(definition.fields).map(([rest, field]) => [
      rest,
      (field.required ? field.schema : field.schema.optional()).meta({
        description: field.description,
      }),
    ]),
  );
  return z.strictObject(shape).meta({ description: definition.description });
}

/** `phone1Label` → `phone_1_label`: the REST name of a field. */
export function restName(field: string): string {
  return snakeCase(field);
}

/** An input field from the model's. */
export function fieldFromModel(
  name: string,
  definition: Field,
  prefixOf: (entity: string) => string,
): InputField {
  const { schema, type } = schemaOf(name, definition, prefixOf);
  return inputField({
    field: name,
    schema: schema.nullish(),
    type,
    description: definition.description,
  });
}

/**
 * Reads an input. Fields are read one by one, so that what is well said can be checked further while the rest is
 * complained of: every problem is told at once.
 */
export function parseInput(definition: InputDefinition, input: Values): ParsedInput {
  const values: Record<string, unknown> = {};
  const extras: Record<string, unknown> = {};
  const problems: Problem[] = [];
  /** Required fields that say something, be it faulty. */
  const said = new Set<string>();
  /** The name under which a field was said: its own or its twin's. */
  const saidAs = new Map<string, string>();
  for (const [rest, sent] of Object.entries(input)) {
    const field = Object.hasOwn(definition.fields, rest) ? definition.fields[rest] : undefined;
    if (field === undefined) {
      problems.push(invalid([rest], "is not a field of this input; remove it."));
      continue;
    }
    if (field.ignored || sent === undefined) continue;
    const parsed = field.schema.safeParse(sent, { reportInput: true });
    // Blank text says as little as none.
    if (!parsed.success || parsed.data != null) said.add(rest);
    if (!parsed.success) {
      problems.push(...parsed.error.issues.flatMap((issue) => problemsOf(issue, rest)));
    } else if (field.field === null) {
      extras[rest] = parsed.data;
    } else if (values[field.field] == null) {
      values[field.field] = parsed.data;
      saidAs.set(field.field, rest);
    } else if (parsed.data !== null && !isDeepStrictEqual(values[field.field], parsed.data)) {
      problems.push(
        invalid(
          [rest],
          `says something else than ${saidAs.get(field.field)}; send one of the two.`,
        ),
      );
    }
  }
  for (const [rest, field] of Object.entries(definition.fields)) {
    if (field.required && !said.has(rest)) problems.push(invalid([rest], "is needed."));
  }
  return { values, extras, problems };
}

function problemsOf(issue: z.core.$ZodIssue, rest: string): Problem[] {
  const path = [rest, ...issue.path.map(String)];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) =>
      invalid([...path, key], "is not a field of this input; remove it."),
    );
  }
  const missing = issue.code === "invalid_type" && issue.input === undefined;
  return [invalid(path, missing ? "is needed." : issue.message)];
}

import type { Values } from "../model/record.ts";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Entity } from "../model/entity.ts";
import type { Field } from "../model/field.ts";
import type { Scalar } from "../model/kind.ts";
import { jsonScalar } from "../model/kinds/json.ts";
import { withoutExponent } from "../lib/decimal.ts";
import { ExactNumber } from "../lib/exact-number.ts";
import { isRecord } from "../lib/json.ts";
import { isComplaint, wordsOf, type Complaint } from "../lib/messages.ts";
import { capitalized, snakeCase } from "../lib/text.ts";
import { invalid, type Problem } from "./problem.ts";
import type { EntityInputs, InputDefinition, InputField, InputType } from "./input-definition.ts";

/** What an input says: values for the model's fields, and what only the entity's service understands. */
export type ParsedInput = {
  readonly values: Values;
  readonly extras: Values;
  readonly problems: readonly Problem[];
  /** The values that were sent for the model's fields, before they were read. */
  readonly asSent?: readonly SentField[];
  /** The field whose value the gateway drew from those that are free. */
  readonly drawn?: string;
  /** Changes of parts of what the record holds when it is locked. */
  readonly edits?: readonly Edit[];
  /** What becomes of the links that it names; they replace the record's unless said. */
  readonly linking?: Way;
};

/** Whether items are added to what a record has, or taken away. */
export type Way = "add" | "remove";

/** A change of a part of a field's value. */
export type Edit = {
  readonly field: string;
  /** The name under which it was sent. */
  readonly rest: string;
  readonly change: (before: unknown) => unknown;
  /** Whether the value can only get smaller. It may have been stored before a limit. */
  readonly isRemoval: boolean;
};

type SentField = { readonly field: string; readonly rest: string; readonly value: unknown };

type FieldOptions = Partial<Pick<InputField, "field" | "patches" | "required" | "nullable">> & {
  readonly schema: z.ZodType;
  readonly type: InputType;
  readonly description: string;
};

/** A field that the model does not have, or has in another form. A list is never null: without items it is empty. */
export const inputField = (options: FieldOptions): InputField => ({
  field: null,
  patches: null,
  required: false,
  nullable: !("listOf" in options.type),
  ignored: false,
  ...options,
});

/** Accepted and not looked at. */
export const ignoredField = (reason: string): InputField => ({
  field: null,
  patches: null,
  schema: z.unknown(),
  type: { scalar: jsonScalar },
  description: `Accepted and ignored: ${reason}`,
  required: false,
  nullable: true,
  ignored: true,
});

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
  for (const [rest, field] of Object.entries(options.fields ?? {})) {
    const definition = field.field === null ? undefined : entity.fields[field.field];
    fields[rest] = definition === undefined ? field : { ...field, nullable: definition.nullable };
  }
  const create = Object.fromEntries(
    Object.entries(fields).map(([rest, field]) => [
      rest,
      required.includes(rest) ? { ...field, required: true } : field,
    ]),
  );
  return {
    create: {
      name: `Create${entity.type}Input`,
      description: `A new ${entity.type}. Fields that are left out, null or blank take their defaults.`,
      blank: "notGiven",
      fields: create,
    },
    update: {
      name: `Update${entity.type}Input`,
      description: `Changes to a ${entity.type}: only what is sent changes; null or blank clears, and is refused where a field is never null.`,
      blank: "null",
      fields: {
        ...fields,
        ...patchFields(fields, entity),
        id: {
          ...ignoredField(""),
          type: { scalar: "ID" },
          description: `In \`update${capitalized(entity.plural)}\` the record to change; ignored elsewhere.`,
        },
        ...(entity.fields["version"] === undefined ? {} : { version }),
      },
    },
  };
}

/** Fields of which a part can be sent, and the part: `custom_fields_patch`. */
function patchFields(fields: EntityInputs["create"]["fields"], { fields: known }: Entity) {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([rest, whole]) => {
      const { field, schema, type, description } = whole;
      const { patched } = known[field ?? ""]?.kind ?? {};
      if (field === null || patched === undefined) return [];
      const patch = inputField({
        patches: { field, patched },
        schema,
        type,
        description: `Changes single keys of \`${rest}\`: a key that is sent gets its value, null removes it, and all others stay. A value is replaced as a whole, also an object. Not together with \`${rest}\`.`,
      });
      const replaces = `${description} Replaces what is stored; \`${rest}_patch\` changes single keys.`;
      return [
        [rest, { ...whole, description: replaces }],
        [`${rest}_patch`, patch],
      ];
    }),
  );
}

const version = inputField({
  schema: z.int32(wordsOf({ complaint: "notWhole" })),
  type: { scalar: "Int" },
  description:
    "The version that was read. If it is not the current one, nothing is written, and the answer is a conflict with the current record.",
});

/** An input inside an input, as it was sent. */
export const recordSchema = (complaint: string) => z.custom<Values>(isRecord, complaint);

/** An input inside an input, read by the same rules. */
export const objectSchema = (definition: InputDefinition, otherwise: string) =>
  recordSchema(otherwise).transform((sent, context) => {
    const { extras, problems } = parseInput(definition, sent);
    for (const { path, complaint } of problems) {
      context.issues.push({ code: "custom", path: [...path], params: { complaint }, input: sent });
    }
    return extras;
  });

/** `phone1Label` → `phone_1_label`: the REST name of a field. */
export function restName(field: string): string {
  return snakeCase(field);
}

/** An input field from the model's. */
function fieldFromModel(
  name: string,
  definition: Field,
  prefixOf: (entity: string) => string,
): InputField {
  const { kind, to } = definition;
  if (kind.input === null) throw new Error(`${name}: callers do not write this`);
  return inputField({
    field: name,
    ...kind.input(definition, to === null ? "" : prefixOf(to)),
    nullable: definition.nullable,
    description: definition.description,
  });
}

/** Whether a value says nothing: null, or text of nothing but spaces, as the empty cells of a table are sent. */
export const isBlank = (value: unknown): boolean =>
  value == null || (typeof value === "string" && value.trim() === "");

/** What is said of null and blank for a field that cannot be null. */
function neverNull({ type }: InputField): Complaint {
  const emptiedBy = "listOf" in type ? "[]" : (scalarOf(type)?.emptiedBy ?? null);
  return { complaint: "neverNull", emptiedBy };
}

/** What was read of an input's fields, by REST name, and the schema that read it. */
type Readings = Map<
  string,
  { readonly by: z.ZodType; readonly read: z.ZodSafeParseResult<unknown> }
>;

/** Reads an input as a change, and as a new record if it comes to that: each field once, since most are read the same way. */
export function parseBoth(
  update: InputDefinition,
  create: InputDefinition,
  input: Values,
): { readonly change: ParsedInput; readonly create: () => ParsedInput } {
  const readings: Readings = new Map();
  const change = parseInput(update, input, readings);
  let made: ParsedInput | null = null;
  return { change, create: () => (made ??= parseInput(create, input, readings)) };
}

/**
 * Reads an input. Fields are read one by one, so that what is well said can be checked further while the rest is
 * complained of: every problem is told at once.
 *
 * @param readings of the same input, which are used and added to
 */
export function parseInput(
  definition: InputDefinition,
  input: Values,
  readings?: Readings,
): ParsedInput {
  const values: Record<string, unknown> = {};
  const extras: Record<string, unknown> = {};
  const problems: Problem[] = [];
  const asSent: SentField[] = [];
  const edits: Edit[] = [];
  /** Required fields that say something, be it faulty. */
  const said = new Set<string>();
  /** The name under which a field was said: its own or its twin's. */
  const saidAs = new Map<string, string>();
  const take = (rest: string, { field }: InputField, value: unknown): void => {
    if (field === null) {
      extras[rest] = value;
    } else if (values[field] == null) {
      values[field] = value;
      saidAs.set(field, rest);
    } else if (value !== null && !isDeepStrictEqual(values[field], value)) {
      const other = saidAs.get(field) ?? field;
      problems.push(invalid([rest], { complaint: "saysElse", other }));
    }
  };
  for (const [rest, sent] of Object.entries(input)) {
    const field = Object.hasOwn(definition.fields, rest) ? definition.fields[rest] : undefined;
    if (field === undefined) {
      problems.push(invalid([rest], { complaint: "unknownField" }));
      continue;
    }
    if (field.ignored || sent === undefined) continue;
    if (isBlank(sent)) {
      if (field.patches !== null) continue;
      if (definition.blank === "notGiven") continue;
      if (field.nullable) take(rest, field, null);
      else problems.push(invalid([rest], neverNull(field)));
      continue;
    }
    said.add(rest);
    if (field.field !== null) asSent.push({ field: field.field, rest, value: sent });
    const before = readings?.get(rest);
    const parsed =
      before?.by === field.schema
        ? before.read
        : field.schema.safeParse(readable(field, sent), { reportInput: true });
    readings?.set(rest, { by: field.schema, read: parsed });
    if (parsed.success && field.patches !== null) {
      const { field: name, patched } = field.patches;
      const change = (value: unknown) => patched(value, parsed.data);
      edits.push({ field: name, rest, change, isRemoval: false });
    } else if (parsed.success) take(rest, field, parsed.data);
    else problems.push(...parsed.error.issues.flatMap((issue) => problemsOf(issue, rest)));
  }
  for (const { field, rest } of edits) {
    if (!Object.hasOwn(values, field)) continue;
    problems.push(invalid([rest], { complaint: "besideWhole", whole: restName(field) }));
  }
  for (const [rest, field] of Object.entries(definition.fields)) {
    if (field.required && !said.has(rest)) problems.push(invalid([rest], { complaint: "missing" }));
  }
  return { values, extras, problems, asSent, edits };
}

/** An input with the values that its edits make of what a record holds. They are read like values that are sent. */
export function edited(
  definition: InputDefinition,
  input: ParsedInput,
  before: Values,
): Pick<ParsedInput, "values" | "problems"> {
  const { edits = [] } = input;
  if (edits.length === 0) return input;
  const values = { ...input.values };
  const problems = [...input.problems];
  for (const { field, rest, change, isRemoval } of edits) {
    const value = change(before[field]);
    const parsed = definition.fields[restName(field)]?.schema.safeParse(value);
    if (isRemoval || parsed === undefined) values[field] = value;
    else if (parsed.success) values[field] = parsed.data;
    else problems.push(...parsed.error.issues.flatMap((issue) => problemsOf(issue, rest)));
  }
  return { values, problems };
}

/** A number as text where it is read with all the digits that it was sent with. */
const readable = ({ type }: InputField, sent: unknown): unknown =>
  sent instanceof ExactNumber && scalarOf(type)?.readsDigits === true
    ? withoutExponent(sent.source)
    : sent;

/** The scalar of a type, if a kind brought it. */
const scalarOf = (type: InputType): Scalar | null =>
  "scalar" in type && typeof type.scalar === "object" ? type.scalar : null;

/** A check of ours says what is wrong as data, as does zod's of a text's length; others of zod's have our words. */
function complaintOf(issue: z.core.$ZodIssue): Complaint | string {
  if (issue.code === "too_big" && issue.origin === "string") {
    return { complaint: "tooLong", max: Number(issue.maximum) };
  }
  const { complaint }: { complaint?: unknown } = (issue.code === "custom" && issue.params) || {};
  return isComplaint(complaint) ? complaint : issue.message;
}

/** What zod found wrong with a value of that name, as problems. */
export function problemsOf(issue: z.core.$ZodIssue, rest: string): Problem[] {
  const path = [rest, ...issue.path.map(String)];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => invalid([...path, key], { complaint: "unknownField" }));
  }
  const missing = issue.code === "invalid_type" && issue.input === undefined;
  return [invalid(path, missing ? { complaint: "missing" } : complaintOf(issue))];
}

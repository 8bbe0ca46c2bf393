import type { Catalog } from "./catalog.ts";
import type { Entity } from "./entity.ts";
import type { Field } from "./field.ts";
import { listedValue } from "./kinds/parts/plain-text.ts";

/** The meaning of a deal's stage: the deal goes on, or has ended in one of two ways. */
export const stageKinds = {
  name: "StageKind",
  description: "Whether deals in a stage go on, or how they ended.",
  type: "text",
  values: {
    open: "The deal goes on: `forecast` counts it.",
    won: "The deal is won: its value counts in full.",
    lost: "The deal is lost: it needs a reason and a category, and its value does not count.",
  },
} as const;
export type StageKind = keyof typeof stageKinds.values;

/** Whether a text is a kind of stages. */
export const isStageKind = (text: unknown): text is StageKind =>
  typeof text === "string" && Object.hasOwn(stageKinds.values, text);

/** One value of a list. */
export type PicklistValue = {
  readonly value: string;
  readonly label: string;
  /** Null on lists whose values have no kinds. */
  readonly kind: StageKind | null;
};

/** The list of a text field, as the model has it. */
export type Picklist = {
  /** Its name in GraphQL: `dealStages`. */
  readonly name: string;
  /** The values until the tenant sets its own. */
  readonly values: readonly PicklistValue[];
  /** Values that have one kind with every tenant; null on a list whose values have no kinds. */
  readonly fixedKinds: Readonly<Record<string, StageKind>> | null;
};

/** A list as the tenant has it. */
export type TenantPicklist = {
  readonly values: readonly PicklistValue[];
  /** Whether other values are refused. */
  readonly isStrict: boolean;
};

/** A list that is empty until the tenant sets its values. */
export const emptyList = (name: string): Picklist => ({ name, values: [], fixedKinds: null });

/** A field that has a list. */
export type ListedField = {
  readonly entity: Entity;
  readonly field: string;
  readonly list: Picklist;
};

/** The fields of an entity that have lists. */
export function listedFields(entity: Entity): ListedField[] {
  return Object.entries<Field>(entity.fields).flatMap(([field, { picklist: list }]) =>
    list === null ? [] : [{ entity, field, list }],
  );
}

/** The fields of a catalog that have lists. */
export const allListedFields = ({ entities }: Pick<Catalog, "entities">): ListedField[] =>
  entities.flatMap(listedFields);

/** The kind that a stage has: fixed, as the list says, or open. */
export function kindOf(
  { fixedKinds }: Picklist,
  { values }: Pick<TenantPicklist, "values">,
  stage: unknown,
): StageKind {
  const fixed =
    typeof stage === "string" && fixedKinds !== null && Object.hasOwn(fixedKinds, stage)
      ? fixedKinds[stage]
      : undefined;
  return fixed ?? values.find(({ value }) => value === stage)?.kind ?? "open";
}

/** The characters of values that a message names. */
const namedCharacters = 500;

/** What is said of a value that is not on a strict list: the values, and the one that was probably meant. */
export function notListed(text: string, { values }: Pick<TenantPicklist, "values">) {
  const names: string[] = [];
  let length = 0;
  for (const { value } of values) {
    length += value.length + 2;
    if (length > namedCharacters) break;
    names.push(value);
  }
  const more = values.length - names.length;
  return { complaint: "notListed", names, more, meant: listedValue(text, values) } as const;
}

import type { z } from "zod";
import type { EnumDefinition, Kind, ScalarType } from "../model/kind.ts";

/** What GraphQL calls the type of an input field. */
export type InputType =
  | { readonly scalar: ScalarType }
  | { readonly enum: EnumDefinition }
  | { readonly input: InputDefinition }
  | { readonly listOf: InputType };

/** The field of which an input changes a part, and how. */
export type Patched = {
  readonly field: string;
  readonly patched: NonNullable<Kind["patched"]>;
};

/** One field of an input, under its REST name. */
export type InputField = {
  /** The model's field that it sets; null for what a service reads itself (`line_items`, `contact_ids`). */
  readonly field: string | null;
  /** The model's field of which it changes a part (`custom_fields_patch`); null and blank say nothing. */
  readonly patches: Patched | null;
  readonly schema: z.ZodType;
  readonly type: InputType;
  readonly description: string;
  readonly required: boolean;
  /** Whether it can be null. An update refuses null and blank for a field that cannot. */
  readonly nullable: boolean;
  /** Server-managed: accepted, because REST clients send back what they read, and not looked at. */
  readonly ignored: boolean;
};

/** An input: what GraphQL input types, REST bodies and OpenAPI are made from. */
export type InputDefinition = {
  /** Of the GraphQL type. */
  readonly name: string;
  readonly description: string;
  /** The meaning of null and blank: a new record takes the default, a change sets the field to null. */
  readonly blank: "notGiven" | "null";
  readonly fields: Readonly<Record<string, InputField>>;
};

/** The inputs of an entity: of a new record, and of changes to one. */
export type EntityInputs = { readonly create: InputDefinition; readonly update: InputDefinition };

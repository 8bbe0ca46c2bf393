import type { Unreadable } from "../../lib/unreadable.ts";
import type { BuiltInScalar, Scalar } from "../kind.ts";
import { anyReference } from "./any-reference.ts";
import { bigInt } from "./big-int.ts";
import { boolean } from "./boolean.ts";
import { bytes } from "./bytes.ts";
import { currency } from "./currency.ts";
import { date } from "./date.ts";
import { dateTime } from "./date-time.ts";
import { decimal } from "./decimal.ts";
import { domain } from "./domain.ts";
import { email } from "./email.ts";
import { enumeration } from "./enum.ts";
import { id } from "./id.ts";
import { int } from "./int.ts";
import { json } from "./json.ts";
import { jsonObject } from "./json-object.ts";
import { phone } from "./phone.ts";
import { reference } from "./reference.ts";
import { text } from "./text.ts";
import { textList } from "./text-list.ts";
import { url } from "./url.ts";

/** What fields can hold. */
export const kinds = {
  id,
  reference,
  anyReference,
  text,
  email,
  phone,
  domain,
  url,
  currency,
  enumeration,
  int,
  bigInt,
  decimal,
  boolean,
  dateTime,
  date,
  json,
  jsonObject,
  textList,
  bytes,
} as const;

type AnyKind = (typeof kinds)[keyof typeof kinds];

export type FieldKind = AnyKind["name"];

/** The kinds that a column of a PostgreSQL type may have: `numeric` → `"decimal"`. */
export type KindOfColumn<Type extends string> = Extract<
  AnyKind,
  { readonly sqlType: Type }
>["name"];

type Brought = Exclude<AnyKind["scalar"], BuiltInScalar | null>;

/** The GraphQL scalars that kinds bring along, as Pothos wants them: `{ Decimal: { Input: string; Output: string } }`. */
export type KindScalars = {
  [One in Brought as One["name"]]: One extends Scalar<string, infer Input, infer Output>
    ? { Input: Input | Unreadable; Output: Output }
    : never;
};

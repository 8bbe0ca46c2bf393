import {
  getNamedType,
  isInputObjectType,
  isListType,
  isNonNullType,
  type GraphQLInputType,
  type GraphQLNamedType,
} from "graphql";
import { isRecord } from "../../lib/json.ts";
import { accessOf } from "./access.ts";

const reading = new WeakMap<GraphQLNamedType, boolean>();

/** Whether values of an input type can name an entity, which takes its read scope. */
export function readingInputs(type: GraphQLInputType): boolean {
  const named = getNamedType(type);
  if (!isInputObjectType(named)) return false;
  const known = reading.get(named);
  if (known !== undefined) return known;
  // Input types can contain themselves. The answer is no until it is known.
  reading.set(named, false);
  const answer =
    accessOf(named).reads !== undefined ||
    Object.values(named.getFields()).some(
      (field) => accessOf(field).reads !== undefined || readingInputs(field.type),
    );
  reading.set(named, answer);
  return answer;
}

const sizes = new WeakMap<object, number>();

/** The number of values in an input, with the items of lists. One variable may be given to many fields. */
export function sizeOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  const known = sizes.get(value);
  if (known !== undefined) return known;
  const size = Object.values(value).reduce<number>((sum, item) => sum + sizeOf(item), 1);
  sizes.set(value, size);
  return size;
}

/** The number of values that an input compares with: the items of its lists, and single values. */
const valuesIn = (operators: unknown): number =>
  Object.values(isRecord(operators) ? operators : {}).reduce<number>(
    (sum, operand) => sum + (Array.isArray(operand) ? operand.length : 1),
    0,
  );

/** The demand of an input's value: the entities that it names, and points for values that are expensive to read. */
export type InputDemand = { readonly entities: Set<string>; points: number };

/** Adds the demand of an input's value: of filters through edges, and of terms of an order. */
export function inputReads(type: GraphQLInputType, value: unknown, found: InputDemand): void {
  if (value == null) return;
  if (isNonNullType(type)) return inputReads(type.ofType, value, found);
  if (isListType(type)) {
    // GraphQL takes a single value for a list of one.
    for (const item of Array.isArray(value) ? value : [value]) inputReads(type.ofType, item, found);
    return;
  }
  if (!isInputObjectType(type) || typeof value !== "object") return;
  for (const name of accessOf(type).reads ?? []) found.entities.add(name);
  const fields = type.getFields();
  for (const [name, item] of Object.entries(value)) {
    const field = fields[name];
    if (field === undefined || item == null) continue;
    const { reads = [], pointsPerValue = 0 } = accessOf(field);
    for (const entity of reads) found.entities.add(entity);
    if (pointsPerValue > 0) found.points += pointsPerValue * valuesIn(item);
    if (readingInputs(field.type)) inputReads(field.type, item, found);
  }
}

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

/** Whether values of an input type could name something that takes a read scope. */
export function readingInputs(type: GraphQLInputType): boolean {
  const named = getNamedType(type);
  if (!isInputObjectType(named)) return false;
  const known = reading.get(named);
  if (known !== undefined) return known;
  // Input types name themselves: until the answer is known it is no.
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

/** How many values an input holds, lists' items included. The same variable may be given to many fields. */
export function sizeOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  const known = sizes.get(value);
  if (known !== undefined) return known;
  const size = Object.values(value).reduce<number>((sum, item) => sum + sizeOf(item), 1);
  sizes.set(value, size);
  return size;
}

/** How many values an input compares with: those of its lists, and those that stand alone. */
const valuesIn = (operators: unknown): number =>
  Object.values(isRecord(operators) ? operators : {}).reduce<number>(
    (sum, operand) => sum + (Array.isArray(operand) ? operand.length : 1),
    0,
  );

/** What an input's value asks for: the entities that it names, and points for values that are work to read. */
export type InputDemand = { readonly entities: Set<string>; points: number };

/** Adds what an input's value asks for: by filters through edges, by terms of an order. */
export function inputReads(type: GraphQLInputType, value: unknown, found: InputDemand): void {
  if (value == null) return;
  if (isNonNullType(type)) return inputReads(type.ofType, value, found);
  if (isListType(type)) {
    // What is no list stands for a list of one.
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

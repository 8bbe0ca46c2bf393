import {
  defaultFieldResolver,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type OperationDefinitionNode,
} from "graphql";
import type { Cells } from "../../db/statement.ts";
import { join, param, raw, render, sql, type Sql } from "../../lib/sql.ts";
import type { Context } from "../schema/context.ts";
import { payloadSourceOf, type Written } from "../schema/payload-source.ts";
import { Late, type CompiledStatement } from "./call.ts";
import { asSent } from "./change.ts";
import { NotCompiled, type Compilation, type Selected } from "./compilation.ts";
import { quoted } from "./json.ts";
import { hasId, printEdge, readRecord } from "./record.ts";
import { joined } from "./row-sql.ts";

/** A piece of a payload: constant text, or a record that is yet to be read, by the field that shows it and its id. */
export type Piece =
  | string
  | { readonly field: string; readonly id: string; readonly isNeeded: boolean };
/** The texts of records that were read, by their fields and ids. */
export type RecordTexts = ReadonlyMap<string, string | null>;

/** Prints the outcome of a verb. @throws NotCompiled if only resolvers can print it. */
type Print = (value: unknown, context: Context, to: Piece[]) => void;

/** Makes the info argument of a field's resolver. */
export type InfoOf = (selected: Selected, type: GraphQLOutputType) => GraphQLResolveInfo;

/** How the info argument is made in an operation. */
export function infoIn(c: Compilation, operation: OperationDefinitionNode): InfoOf {
  const fragments = Object.fromEntries(c.fragments);
  return (of, returnType) => ({
    fieldName: of.name,
    fieldNodes: of.nodes,
    returnType,
    parentType: of.parent,
    path: { prev: undefined, key: of.key, typename: of.parent.name },
    schema: c.schema,
    fragments,
    rootValue: undefined,
    operation,
    // Verbs and the resolvers of outcomes read their arguments, which hold the variables' values.
    variableValues: {},
  });
}

/** A compiled payload of a field at the root of a mutation or a subscription. */
export type CompiledPayload = {
  /** The pieces of its text. @throws NotCompiled if only resolvers can print the outcome. */
  readonly pieces: (outcome: unknown, context: Context) => Piece[];
  /** Reads the records, whose ids are in `Call.written`; null if the payload shows no records. */
  readonly statement: CompiledStatement | null;
};

/** Compiles the selection of a payload. `isListed` says whether one statement reads the records of several payloads. */
export function payloadOf(
  c: Compilation,
  selected: Selected,
  infoOf: InfoOf,
  isListed = false,
): CompiledPayload {
  const records: Sql[] = [];
  const compiler = new PayloadCompiler(c, infoOf, records);
  const print = compiler.field(selected, selected.definition?.type, isListed);
  return {
    pieces: (outcome, context) => {
      const pieces: Piece[] = [];
      print(outcome, context, pieces);
      return pieces;
    },
    statement:
      records.length === 0
        ? null
        : {
            ...render(join(records, " UNION ALL ")),
            isPlannedEach: c.isPlannedEach,
            given: c.given,
          },
  };
}

/** The ids of the records in payloads, by the field that shows them. */
export function idsIn(pieces: Iterable<Piece>): Map<string, string[]> {
  const ids = new Map<string, string[]>();
  for (const piece of pieces) {
    if (typeof piece === "string") continue;
    const same = ids.get(piece.field);
    if (same === undefined) ids.set(piece.field, [piece.id]);
    else same.push(piece.id);
  }
  return ids;
}

/** The texts in the rows of a payload's statement. Each row holds a record's text, its id and its field. */
export function textsIn(rows: readonly Cells[]): RecordTexts {
  return new Map(rows.map(([text = null, id, field]) => [`${field} ${id}`, text]));
}

/** The payload's text with its records; null if it lacks one that no null may stand for. */
export function filled(pieces: readonly Piece[], texts: RecordTexts): string | null {
  let text = "";
  for (const piece of pieces) {
    if (typeof piece === "string") text += piece;
    else {
      const found = texts.get(`${piece.field} ${piece.id}`) ?? null;
      if (found === null && piece.isNeeded) return null;
      text += found ?? "null";
    }
  }
  return text;
}

class PayloadCompiler {
  readonly #c: Compilation;
  readonly #infoOf: InfoOf;
  readonly #records: Sql[];

  constructor(c: Compilation, infoOf: InfoOf, records: Sql[]) {
    this.#c = c;
    this.#infoOf = infoOf;
    this.#records = records;
  }

  /** The printer of a field's value. It completes values as the executor does. */
  field(selected: Selected, type: GraphQLOutputType | undefined, isListed = false): Print {
    if (isNonNullType(type)) {
      const print = this.#present(selected, type.ofType, isListed);
      return (value, context, to) => {
        // The executor reports an error here.
        if (value == null) throw new NotCompiled();
        print(value, context, to);
      };
    }
    const print = this.#present(selected, type, isListed);
    return (value, context, to) => {
      if (value == null) to.push("null");
      else print(value, context, to);
    };
  }

  /** The printer of a value that is not null. */
  #present(selected: Selected, type: GraphQLOutputType | undefined, isListed: boolean): Print {
    if (isLeafType(type)) {
      return (value, _context, to) => {
        to.push(JSON.stringify(type.serialize(value)));
      };
    }
    if (isObjectType(type)) return this.#object(selected, type, isListed);
    if (isListType(type)) {
      const item = this.field(selected, type.ofType, true);
      return (value, context, to) => {
        if (!Array.isArray(value)) throw new NotCompiled();
        to.push("[");
        for (const [index, one] of value.entries()) {
          if (index > 0) to.push(",");
          item(one, context, to);
        }
        to.push("]");
      };
    }
    // An abstract type: a user error. Successful outcomes hold none, so this is never reached for them.
    return () => {
      throw new NotCompiled();
    };
  }

  #object(selected: Selected, type: GraphQLObjectType, isListed: boolean): Print {
    const members: (readonly [string, Print])[] = [];
    // A function here would hold the compiler, and with it the variables of the first call.
    for (const member of this.#c.fieldsOf(type, selected)) {
      members.push([`"${member.key}":`, this.#member(member, isListed)]);
    }
    return (value, context, to) => {
      to.push("{");
      for (const [index, [key, print]] of members.entries()) {
        to.push(index === 0 ? key : `,${key}`);
        print(value, context, to);
      }
      to.push("}");
    };
  }

  /** The printer of an object's member. */
  #member(selected: Selected, isListed: boolean): Print {
    const { definition, name: fieldName, parent } = selected;
    if (fieldName === "__typename") {
      return (_value, _context, to) => {
        to.push(`"${parent.name}"`);
      };
    }
    const from = definition === null ? null : payloadSourceOf(definition);
    if (definition === null || from === null) throw new NotCompiled();
    if (from.kind === "written") {
      const field = this.#read(selected, from, isListed);
      const isNeeded = isNonNullType(definition.type);
      return (outcome, _context, to) => {
        const id = from.idOf(outcome);
        to.push(id === null ? "null" : { field, id, isNeeded });
      };
    }
    if (from.kind === "writtenNode") {
      const fields = new Map<string, string>();
      for (const entity of from.entities) {
        fields.set(entity.name, this.#read(selected, { entity }, isListed));
      }
      return (outcome, _context, to) => {
        const key = from.keyOf(outcome);
        const field = fields.get(key?.entity ?? "");
        to.push(
          key === null || field === undefined ? "null" : { field, id: key.id, isNeeded: false },
        );
      };
    }
    const { resolve = defaultFieldResolver } = definition;
    const print = this.field(selected, definition.type, isListed);
    const info = this.#infoOf(selected, definition.type);
    return (outcome, context, to) => print(resolve(outcome, {}, context, info), context, to);
  }

  /** Adds the records of a field to the statement, and gives the field's name in it. */
  #read(
    selected: Selected,
    { entity, isEdge = false }: Pick<Written, "entity" | "isEdge">,
    isListed: boolean,
  ): string {
    const field = String(this.#records.length);
    const ids = new Late(({ written }) => written.get(field) ?? []);
    const only = new Late(({ written }) => written.get(field)?.[0] ?? null);
    const one = hasId(param(only, "uuid"));
    const many = (alias: string): Sql =>
      sql`${raw(`${alias}."id"`)} = ANY (${param(ids, "uuid[]")})`;
    const condition = isListed ? many : one;
    const print = isEdge ? { print: printEdge } : {};
    const named = { entity, includeDeleted: true, condition, as: asSent, ...print };
    const { row, text, from } = readRecord(this.#c, joined(), selected, named);
    this.#records.push(sql`SELECT ${text}, ${row.field("id")}, ${quoted(field)} FROM ${from}`);
    return field;
  }
}

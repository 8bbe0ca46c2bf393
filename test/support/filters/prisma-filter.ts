import { emailKey } from "../../../src/model/kinds/email.ts";
import { Prisma } from "../../../src/db/generated/prisma/client.ts";
import type { Catalog } from "../../../src/model/catalog.ts";
import type { Entity } from "../../../src/model/entity.ts";
import type { Field } from "../../../src/model/field.ts";
import type { OrderTerm } from "../../../src/model/order.ts";
import type { Relation } from "../../../src/model/relation.ts";
import type { Filter } from "../../../src/query/filter-value.ts";
import type { RandomWorld } from "../samples/random-rows.ts";

/** Texts with the same key are one value. */
const keys: Partial<Record<string, (text: string) => string>> = {
  email: emailKey,
  phone: (text) => text.replace("(0)", "").replace(/\D/g, "") || text,
};

/** A Prisma `where` or part of one. */
export type PrismaWhere = Readonly<Record<string, unknown>>;

/**
 * Says our filters in Prisma's terms. Only single conditions are negated by Prisma's NOT: above them, and and or
 * swap and a missing or deleted record at a to-one edge is spelled out, since there the two mean different things
 * (ours: an edge to a live record whose condition is unknown stays unknown; Prisma's: it is false).
 */
export class PrismaFilter {
  readonly #catalog: Catalog;
  readonly #world: RandomWorld;

  constructor(catalog: Catalog, world: RandomWorld) {
    this.#catalog = catalog;
    this.#world = world;
  }

  /** True for the rows for which the filter is true; `negated`: for those for which it is false. */
  where(entity: Entity, filter: Filter, negated = false): PrismaWhere {
    const parts = Object.entries(filter).map(([key, value]) =>
      this.#part(entity, key, value, negated),
    );
    return negated ? any(parts) : all(parts);
  }

  #part(entity: Entity, key: string, value: unknown, negated: boolean): PrismaWhere {
    if (key === "not")
      return value === null ? constant(!negated) : this.where(entity, asFilter(value), !negated);
    if (key === "and" || key === "or") {
      const branches = asList(value).map((branch) => this.where(entity, asFilter(branch), negated));
      return (key === "and") === negated ? any(branches) : all(branches);
    }
    // Whether something equals null is unknown, and so is whether it does not.
    if (value === null) return constant(false);
    const definition = entity.fields[key];
    if (definition !== undefined) return this.#field(entity, key, definition, value, negated);
    const relation = entity.relations[key];
    if (relation === undefined) throw new Error(`${entity.name} has no ${key}`);
    return relation.kind === "one"
      ? this.#toOne(key, relation, asFilter(value), negated)
      : this.#toMany(entity, key, relation, asFilter(value), negated);
  }

  #toOne(
    key: string,
    relation: Extract<Relation, { kind: "one" }>,
    filter: Filter,
    negated: boolean,
  ): PrismaWhere {
    const target = this.#catalog.entity(relation.to);
    const holds = { [key]: { is: all([live(target), this.where(target, filter, negated)]) } };
    if (!negated) return holds;
    const deleted = target.softDelete ? [{ [key]: { is: { deletedAt: { not: null } } } }] : [];
    return any([holds, { NOT: { [key]: { is: all([]) } } }, ...deleted]);
  }

  #toMany(
    entity: Entity,
    key: string,
    relation: Relation,
    filter: Filter,
    negated: boolean,
  ): PrismaWhere {
    const target = this.#catalog.entity(relation.to);
    const parts = Object.entries(filter).map(([quantifier, value]): PrismaWhere => {
      if (value === null) return constant(false);
      const matching = all([
        live(target),
        this.where(target, asFilter(value), quantifier === "every"),
      ]);
      const wanted = (quantifier === "some") !== negated ? "some" : "none";
      return manyCondition(entity, key, wanted, matching);
    });
    return negated ? any(parts) : all(parts);
  }

  #field(
    entity: Entity,
    field: string,
    definition: Field,
    value: unknown,
    negated: boolean,
  ): PrismaWhere {
    const parts: PrismaWhere[] = [];
    if (definition.kind.filter?.isList) {
      for (const condition of asList(value)) {
        const { path, ...operators } = asFilter(condition);
        for (const [operator, operand] of Object.entries(operators)) {
          parts.push(
            this.#json(entity, field, asList(path).map(String), operator, operand, negated),
          );
        }
      }
    } else {
      for (const [operator, operand] of Object.entries(asFilter(value))) {
        if (operand === null) parts.push(constant(false));
        else if (operator === "isNull")
          parts.push(nullCondition(field, definition, operand === true, negated));
        else if (operator in textOperators) {
          const ids = this.#withPart(entity, operator, operand, negated, (row) => row[field]);
          parts.push({ id: { in: ids } });
        } else {
          const condition = this.#scalar(entity, field, definition, operator, operand);
          parts.push(negated ? { NOT: condition } : condition);
        }
      }
    }
    return negated ? any(parts) : all(parts);
  }

  #scalar(
    entity: Entity,
    field: string,
    definition: Field,
    operator: string,
    operand: unknown,
  ): PrismaWhere {
    const same = keys[definition.kind.name];
    if (same !== undefined && ["eq", "ne", "in", "notIn"].includes(operator)) {
      const listed = this.#sameTexts({ entity, field, same }, asList(operand));
      return { [field]: { [operator === "eq" || operator === "in" ? "in" : "notIn"]: listed } };
    }
    if (definition.kind.name === "email") {
      return { emailKey: { [operator]: emailKey(String(operand)) } };
    }
    const prisma = Array.isArray(operand)
      ? operand.map((one) => prismaValue(definition, one))
      : prismaValue(definition, operand);
    return { [field]: { [prismaOperators[operator] ?? operator]: prisma } };
  }

  /** The texts in the rows that are the same as the given ones, however they are written. */
  #sameTexts(
    { entity, field, same }: { entity: Entity; field: string; same: (text: string) => string },
    operands: readonly unknown[],
  ): string[] {
    const wanted = new Set(operands.map((operand) => same(String(operand))));
    const stored = (this.#world.get(entity.name) ?? []).map((row) => row[field]);
    const isText = (value: unknown): value is string => typeof value === "string";
    const found = stored.filter(isText).filter((text) => wanted.has(same(text)));
    // To Prisma, being one of no texts is false of null too; being a text that no row has is unknown.
    return found.length === 0 && operands.length > 0 ? ["no row has this text"] : found;
  }

  #json(
    entity: Entity,
    field: string,
    path: readonly string[],
    operator: string,
    operand: unknown,
    negated: boolean,
  ): PrismaWhere {
    const plain = (condition: PrismaWhere): PrismaWhere => ({ [field]: { path, ...condition } });
    const orNot = (condition: PrismaWhere): PrismaWhere =>
      negated ? { NOT: condition } : condition;
    if (operator === "isNull") {
      if (operand === null) return constant(false);
      return orNot(plain(operand === true ? { equals: Prisma.AnyNull } : { not: Prisma.AnyNull }));
    }
    const value = operand === null ? Prisma.JsonNull : operand;
    if (operator === "eq") return orNot(plain({ equals: value }));
    if (operator === "ne") return orNot(plain({ not: value }));
    const condition =
      operator in textOperators
        ? {
            id: {
              in: this.#withPart(entity, operator, operand, false, (row) =>
                valueAt(row[field], path),
              ),
            },
          }
        : plain({ [operator]: operand });
    if (!negated) return condition;
    // To Prisma, NOT of these speaks of values of the operand's type only; to us, of every value that is there.
    const otherType = (this.#world.get(entity.name) ?? [])
      .filter((row) => {
        const found = valueAt(row[field], path);
        return found !== undefined && typeof found !== typeof operand;
      })
      .map(({ id }) => id);
    if (operator in textOperators) {
      const without = this.#withPart(entity, operator, operand, true, (row) =>
        valueAt(row[field], path),
      );
      return { id: { in: [...without, ...otherType] } };
    }
    return any([{ NOT: condition }, { id: { in: otherType } }]);
  }

  /** The rows whose text has the part, or has not: Prisma knows nothing of accents. */
  #withPart(
    entity: Entity,
    operator: string,
    operand: unknown,
    negated: boolean,
    textIn: (row: Readonly<Record<string, unknown>>) => unknown,
  ): unknown[] {
    const holds = textOperators[operator];
    if (holds === undefined) throw new Error(`${operator} is no text operator`);
    return (this.#world.get(entity.name) ?? [])
      .filter((row) => {
        const text = textIn(row);
        return typeof text === "string" && holds(folded(text), folded(String(operand))) !== negated;
      })
      .map(({ id }) => id);
  }
}

/** `orderBy` in Prisma's terms, ended by the id in the direction of the first term. */
export function prismaOrder(entity: Entity, order: readonly OrderTerm[]): PrismaWhere[] {
  const first = order[0]?.direction ?? "desc";
  const terms = order.map(({ field, direction }) => {
    const sort = sortOf(direction);
    const nulls = direction.endsWith("nulls_first") ? "first" : "last";
    const placed = direction.includes("nulls") && entity.fields[field]?.nullable === true;
    return { [field]: placed ? { sort, nulls } : sort };
  });
  return [...terms, { id: sortOf(first) }];
}

const sortOf = (direction: string): "asc" | "desc" =>
  direction.startsWith("desc") ? "desc" : "asc";

const prismaOperators: Readonly<Record<string, string>> = { eq: "equals", ne: "not" };
const textOperators: Readonly<Record<string, (text: string, part: string) => boolean>> = {
  contains: (text, part) => text.includes(part),
  startsWith: (text, part) => text.startsWith(part),
  endsWith: (text, part) => text.endsWith(part),
};

/** Without case and accents, by JavaScript's own tables. */
function folded(text: string): string {
  const plain = text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
  return plain.replaceAll("ς", "σ").replaceAll("ß", "ss");
}

/** Prisma skips an empty OR that stands deeper in a filter, so what is always so is said of the id. */
function constant(value: boolean): PrismaWhere {
  return { id: value ? { notIn: [] } : { in: [] } };
}
function all(parts: readonly PrismaWhere[]): PrismaWhere {
  return parts.length === 0 ? constant(true) : { AND: parts };
}
function any(parts: readonly PrismaWhere[]): PrismaWhere {
  return parts.length === 0 ? constant(false) : { OR: parts };
}
function live(entity: Entity): PrismaWhere {
  return entity.softDelete ? { deletedAt: null } : constant(true);
}

function nullCondition(
  field: string,
  definition: Field,
  isNull: boolean,
  negated: boolean,
): PrismaWhere {
  const wanted = isNull !== negated;
  // Prisma does not let one ask for null where there can be none.
  if (!definition.nullable) return constant(!wanted);
  return { [field]: wanted ? null : { not: null } };
}

/** Prisma goes to many over the rows of a join table, and has another name for one edge. */
const joinEdges: Readonly<Record<string, { readonly edge: string; readonly far: string | null }>> =
  {
    "deal.contacts": { edge: "dealContacts", far: "contact" },
    "contact.deals": { edge: "dealContacts", far: "deal" },
    "activity.contacts": { edge: "activityContacts", far: "contact" },
    "contact.activities": { edge: "activityContacts", far: "activity" },
    "deal.stageHistory": { edge: "stageHistory", far: null },
  };

function manyCondition(
  entity: Entity,
  key: string,
  quantifier: string,
  matching: PrismaWhere,
): PrismaWhere {
  const { edge, far } = joinEdges[`${entity.name}.${key}`] ?? { edge: key, far: null };
  return { [edge]: { [quantifier]: far === null ? matching : { [far]: { is: matching } } } };
}

function prismaValue(definition: Field, value: unknown): unknown {
  if (definition.kind.name === "date") return new Date(`${String(value)}T00:00:00Z`);
  const isId = definition.kind.name === "id" || definition.kind.name === "reference";
  return isId ? String(value).slice(-36).toLowerCase() : value;
}

/** What stands at a path, as PostgreSQL walks it: undefined when nothing does. */
function valueAt(json: unknown, path: readonly string[]): unknown {
  let value = json;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.hasOwn(value, step) ? Reflect.get(value, step) : undefined;
  }
  return value;
}

function asFilter(value: unknown): Filter {
  if (typeof value !== "object" || value === null) throw new Error("an object is expected");
  return { ...value };
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

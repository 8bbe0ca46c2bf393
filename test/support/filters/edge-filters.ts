import { catalog } from "../../../src/modules/catalog.ts";
import type { Entity } from "../../../src/model/entity.ts";
import type { Relation } from "../../../src/model/relation.ts";

/** A filter over edges, and the way that it goes. */
type EdgeFilter = { readonly name: string; readonly where: object };

/** What every record at the end of the edges meets, and what none does: a list must then look at everything. */
const ends: Readonly<Record<string, object>> = {
  all: { createdAt: { gt: "2000-01-01T00:00:00Z" } },
  none: { createdAt: { gt: "2100-01-01T00:00:00Z" } },
};

/** Filters over every way of so many edges from an entity, with every quantifier, and what all or none at its end meet. */
export function edgeFilters(entity: Entity, edges: number): readonly EdgeFilter[] {
  if (edges === 0) {
    return entity.fields["createdAt"] === undefined
      ? [{ name: "any", where: {} }]
      : Object.entries(ends).map(([name, where]) => ({ name, where }));
  }
  return Object.entries(entity.relations).flatMap(([name, relation]) => {
    if (relation.to === "tenant" || relation.to === "changeEvent") return [];
    return edgeFilters(catalog.entity(relation.to), edges - 1).flatMap((inner) =>
      over(name, relation, inner),
    );
  });
}

function over(name: string, { kind }: Relation, inner: EdgeFilter): readonly EdgeFilter[] {
  if (kind !== "one") {
    return ["some", "every", "none"].map((quantifier) => ({
      name: `${name}.${quantifier}.${inner.name}`,
      where: { [name]: { [quantifier]: inner.where } },
    }));
  }
  const where = { [name]: inner.where };
  return [
    { name: `${name}.${inner.name}`, where },
    { name: `not ${name}.${inner.name}`, where: { not: where } },
  ];
}

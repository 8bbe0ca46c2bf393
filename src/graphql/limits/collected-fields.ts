import {
  isAbstractType,
  isObjectType,
  Kind,
  visit,
  BREAK,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type SelectionSetNode,
  type ValueNode,
} from "graphql";

export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** `@include(if: …)` or `@skip(if: …)`, with a variable or a literal. */
export type Condition = {
  readonly variable: string | null;
  readonly value: boolean;
  readonly skips: boolean;
};

/** The fragments that a document defines, by name. */
export function fragmentsOf({ definitions }: DocumentNode): Fragments {
  return new Map(
    definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  );
}

/** The nodes with one response name, type and set of conditions, which are resolved as one field. */
type MergedField = {
  readonly parent: GraphQLCompositeType;
  readonly nodes: readonly FieldNode[];
  readonly conditions: readonly Condition[];
};

/** The fields under selection sets of one object, with the fields of fragments. */
export function merged(
  schema: GraphQLSchema,
  fragments: Fragments,
  type: GraphQLCompositeType | null,
  sets: readonly SelectionSetNode[],
): MergedField[] {
  if (type === null) return [];
  const groups = new Map<string, MergedField & { nodes: FieldNode[] }>();
  const walk = (
    parent: GraphQLCompositeType,
    { selections }: SelectionSetNode,
    around: readonly Condition[],
  ): void => {
    for (const selection of selections) {
      const conditions = [...around, ...conditionsOf(selection.directives)];
      if (selection.kind === Kind.FIELD) {
        const key = `${parent.name}.${(selection.alias ?? selection.name).value}?${JSON.stringify(conditions)}`;
        const same = groups.get(key);
        if (same === undefined) groups.set(key, { parent, nodes: [selection], conditions });
        else same.nodes.push(selection);
        continue;
      }
      const fragment =
        selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
      if (fragment === undefined) continue;
      const on = fragment.typeCondition?.name.value;
      walk(narrowed(schema, parent, on), fragment.selectionSet, conditions);
    }
  };
  for (const set of sets) walk(type, set, []);
  return [...groups.values()];
}

/** The type of a fragment's fields. A concrete type is not widened. */
function narrowed(
  schema: GraphQLSchema,
  parent: GraphQLCompositeType,
  on: string | undefined,
): GraphQLCompositeType {
  if (on === undefined || isObjectType(parent)) return parent;
  const type = schema.getType(on);
  return isObjectType(type) || isAbstractType(type) ? type : parent;
}

function conditionsOf(directives: readonly DirectiveNode[] = []): Condition[] {
  return directives.flatMap(({ name, arguments: [argument] = [] }) => {
    if (name.value !== "skip" && name.value !== "include") return [];
    const value = argument?.value;
    return {
      variable: value?.kind === Kind.VARIABLE ? value.name.value : null,
      value: value?.kind === Kind.BOOLEAN && value.value,
      skips: name.value === "skip",
    };
  });
}

/** Whether a value contains a variable. */
export function namesVariable(value: ValueNode): boolean {
  let found = false;
  visit(value, {
    Variable: () => {
      found = true;
      return BREAK;
    },
  });
  return found;
}

import {
  Kind,
  parse,
  print,
  visit,
  type ASTNode,
  type DocumentNode,
  type FragmentDefinitionNode,
} from "graphql";
import type { Operation } from "./operations.ts";

/** The kinds of nodes that can be removed from a document, one at a time. */
const removable: ReadonlySet<string> = new Set([
  Kind.FIELD,
  Kind.FRAGMENT_SPREAD,
  Kind.INLINE_FRAGMENT,
  Kind.ARGUMENT,
  Kind.DIRECTIVE,
  Kind.OBJECT_FIELD,
]);

/** The most documents that are tried. The result is small enough to read by then. */
const mostTries = 600;

/** A smaller operation that still fails. Parts are removed as long as it does. */
export async function shrink(
  operation: Operation,
  fails: (operation: Operation) => Promise<boolean>,
): Promise<Operation> {
  let document = parse(operation.query);
  let tries = 0;
  const attempt = async (smaller: DocumentNode | null): Promise<boolean> => {
    if (smaller === null || tries >= mostTries) return false;
    tries += 1;
    const isKept = await fails(withText(operation, smaller));
    if (isKept) document = smaller;
    return isKept;
  };
  for (let hasChanged = true; hasChanged;) {
    hasChanged = false;
    // Outer parts come first, since they contain others.
    for (let place = 0; place < countIn(document);) {
      if (await attempt(unwrapped(document, place))) hasChanged = true;
      else if (await attempt(without(document, place))) hasChanged = true;
      else place += 1;
    }
  }
  return withText(operation, document);
}

function withText({ variables }: Operation, document: DocumentNode): Operation {
  const query = print(document);
  const used = [...variables].filter(([name]) => new RegExp(`\\$${name}\\b`).test(query));
  return { query, variables: new Map(used) };
}

function countIn(document: DocumentNode): number {
  let count = 0;
  visit(document, { enter: (node) => void (count += removable.has(node.kind) ? 1 : 0) });
  return count;
}

/** Changes the removable node at a place, counted from the document's start; null if no selection is left. */
function changed(
  document: DocumentNode,
  place: number,
  change: (node: ASTNode) => unknown,
): DocumentNode | null {
  let count = 0;
  const smaller: DocumentNode = visit(document, {
    enter: (node) => {
      if (!removable.has(node.kind)) return undefined;
      count += 1;
      return count - 1 === place ? change(node) : undefined;
    },
  });
  let isEmpty = false;
  visit(smaller, {
    SelectionSet: ({ selections }) => void (isEmpty ||= selections.length === 0),
  });
  return isEmpty ? null : tidy(smaller);
}

const without = (document: DocumentNode, place: number) => changed(document, place, () => null);

/** Inlines the selection of a fragment, if possible. */
function unwrapped(document: DocumentNode, place: number): DocumentNode | null {
  const fragments = new Map(
    document.definitions
      .filter((one): one is FragmentDefinitionNode => one.kind === Kind.FRAGMENT_DEFINITION)
      .map((one) => [one.name.value, one]),
  );
  let isChanged = false;
  const made = changed(document, place, (node) => {
    if (node.kind !== Kind.FRAGMENT_SPREAD) return undefined;
    const fragment = fragments.get(node.name.value);
    if (fragment === undefined) return undefined;
    isChanged = true;
    const { typeCondition, selectionSet } = fragment;
    return { kind: Kind.INLINE_FRAGMENT, typeCondition, selectionSet };
  });
  return isChanged ? made : null;
}

/** Removes unused fragments and variables, which would make the document invalid. */
function tidy(document: DocumentNode): DocumentNode {
  const spread = new Set<string>();
  visit(document, { FragmentSpread: ({ name }) => void spread.add(name.value) });
  const definitions = document.definitions.filter(
    (one) => one.kind !== Kind.FRAGMENT_DEFINITION || spread.has(one.name.value),
  );
  if (definitions.length < document.definitions.length) return tidy({ ...document, definitions });
  const used = new Set<string>();
  visit(document, {
    VariableDefinition: () => false,
    Variable: ({ name }) => void used.add(name.value),
  });
  return visit(document, {
    VariableDefinition: ({ variable }) => (used.has(variable.name.value) ? undefined : null),
  });
}

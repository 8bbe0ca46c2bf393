import {
  Kind,
  Lexer,
  Source,
  TokenKind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type SelectionSetNode,
} from "graphql";
import type { OperationLimits } from "../../config.ts";
import { badInput, tooComplex, type GatewayError } from "../../lib/errors.ts";
import { fragmentsOf } from "./collected-fields.ts";
import { isReservedName } from "../server/variables.ts";

/** The deepest nesting of brackets in a document: more than any filter has, and far less than a parser can take. */
const maxNesting = 250;
/** The most selections of one response name at one place. Validation compares all pairs, which is quadratic. */
const maxRepeats = 50;
/** The longest alias. The answer repeats it for each record. */
const maxNameCharacters = 100;

const opening: ReadonlySet<TokenKind> = new Set([
  TokenKind.BRACE_L,
  TokenKind.BRACKET_L,
  TokenKind.PAREN_L,
]);
const closing: ReadonlySet<TokenKind> = new Set([
  TokenKind.BRACE_R,
  TokenKind.BRACKET_R,
  TokenKind.PAREN_R,
]);

function tooMuch(of: string, most: number, mend: string): GatewayError {
  return tooComplex(`The document has more than ${most.toLocaleString("en")} ${of}: ${mend}.`);
}

/**
 * Checks a document before it is parsed: its length, the number of its tokens and their nesting. A text that is not
 * GraphQL passes, since the parser has the better error.
 *
 * @throws GatewayError QUERY_TOO_COMPLEX
 */
export function checkText(text: string, limits: OperationLimits): void {
  if (Buffer.byteLength(text) > limits.maxDocumentBytes) {
    throw tooMuch("bytes", limits.maxDocumentBytes, "send values as variables");
  }
  const lexer = new Lexer(new Source(text));
  let nesting = 0;
  for (let count = 1; ; count += 1) {
    const kind = nextKind(lexer);
    if (kind === null || kind === TokenKind.EOF) return;
    if (count > limits.maxTokens) {
      throw tooMuch("tokens", limits.maxTokens, "send values as variables");
    }
    if (opening.has(kind)) nesting += 1;
    else if (closing.has(kind)) nesting -= 1;
    if (nesting > maxNesting) throw tooMuch("levels of brackets", maxNesting, "nest less");
  }
}

/** The kind of the next token; null if the text has no valid token there. */
function nextKind(lexer: Lexer): TokenKind | null {
  try {
    return lexer.advance().kind;
  } catch {
    return null;
  }
}

/**
 * Checks a document before it is validated: the depth and width of its selections, with the fields of all fragments.
 * Validation compares fields with each other; this bounds its work.
 *
 * @throws GatewayError QUERY_TOO_COMPLEX, or BAD_USER_INPUT for a variable that the executor cannot hold
 */
export function checkDocument(document: DocumentNode, limits: OperationLimits): void {
  const count = new Counter(fragmentsOf(document), limits);
  for (const definition of document.definitions) {
    if (!("selectionSet" in definition)) continue;
    count.directives(definition.directives?.length ?? 0);
    for (const { directives, variable } of definition.variableDefinitions ?? []) {
      count.directives(directives?.length ?? 0);
      checkVariableName(variable.name.value);
    }
    count.selections(definition.selectionSet, definition.kind === Kind.OPERATION_DEFINITION);
  }
}

function checkVariableName(name: string): void {
  if (!isReservedName(name)) return;
  const text = `The variable $${name} has a name that is reserved; call it something else.`;
  throw badInput(["variables", name], { complaint: "whole", text });
}

class Counter {
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #limits: OperationLimits;
  #fields = 0;
  #aliases = 0;
  #directives = 0;

  constructor(fragments: ReadonlyMap<string, FragmentDefinitionNode>, limits: OperationLimits) {
    this.#fragments = fragments;
    this.#limits = limits;
  }

  directives(more: number): void {
    this.#directives += more;
    if (this.#directives > this.#limits.maxDirectives) {
      throw tooMuch("directives", this.#limits.maxDirectives, "use fewer");
    }
  }

  /** Checks level by level. The selections of one place are taken together, as the executor merges them. */
  selections(root: SelectionSetNode, isOperation: boolean): void {
    const aliasesBefore = this.#aliases;
    this.#level([{ set: root, inside: [] }], 1, isOperation);
    // The aliases of a fragment count at each spread.
    if (!isOperation) this.#aliases = aliasesBefore;
  }

  #level(sets: readonly Spread[], depth: number, isRoot: boolean): void {
    const { maxDepth, maxRootFields } = this.#limits;
    const under = new Map<string, Spread[]>();
    const repeats = new Map<string, number>();
    let fields = 0;
    for (const { set, inside } of this.#flattened(sets)) {
      for (const selection of set.selections) {
        this.directives(selection.directives?.length ?? 0);
        if (selection.kind !== Kind.FIELD) continue;
        fields += 1;
        this.#count(selection.alias !== undefined);
        const name = (selection.alias ?? selection.name).value;
        if (selection.alias !== undefined && name.length > maxNameCharacters) {
          throw tooLongName(name);
        }
        const times = (repeats.get(name) ?? 0) + 1;
        repeats.set(name, times);
        if (times > maxRepeats) {
          throw tooMuch(
            `fields named ${shortened(name)} at one place`,
            maxRepeats,
            "select it once",
          );
        }
        if (selection.selectionSet === undefined) continue;
        const same = under.get(name);
        const spread = { set: selection.selectionSet, inside };
        if (same === undefined) under.set(name, [spread]);
        else same.push(spread);
      }
    }
    if (fields > 0 && depth > maxDepth) throw tooMuch("levels of fields", maxDepth, "nest less");
    if (isRoot && fields > maxRootFields) {
      throw tooMuch("fields at its root", maxRootFields, "send them in several requests");
    }
    for (const spreads of under.values()) this.#level(spreads, depth + 1, false);
  }

  #count(isAliased: boolean): void {
    const { maxFields, maxAliases } = this.#limits;
    this.#fields += 1;
    if (this.#fields > maxFields) {
      throw tooMuch(
        "fields, each fragment counted wherever it is spread",
        maxFields,
        "select less",
      );
    }
    if (!isAliased) return;
    this.#aliases += 1;
    if (this.#aliases > maxAliases) throw tooMuch("aliases", maxAliases, "use fewer");
  }

  /** Selection sets with those of their fragments. A fragment inside itself is left to validation. */
  *#flattened(sets: readonly Spread[]): Generator<Spread> {
    // A recursive generator would pass each item through all generators above it.
    const open = [...sets];
    for (let spread = open.pop(); spread !== undefined; spread = open.pop()) {
      yield spread;
      const { set, inside } = spread;
      for (const selection of set.selections) {
        if (selection.kind === Kind.INLINE_FRAGMENT) {
          open.push({ set: selection.selectionSet, inside });
        } else if (selection.kind === Kind.FRAGMENT_SPREAD) {
          const name = selection.name.value;
          const fragment = this.#fragments.get(name);
          if (fragment === undefined || inside.includes(name)) continue;
          // A spread counts like a field, since fragments that only contain fragments can double as well.
          this.#count(false);
          open.push({ set: fragment.selectionSet, inside: [...inside, name] });
        }
      }
    }
  }
}

function tooLongName(name: string): GatewayError {
  return tooComplex(
    `The alias ${shortened(name)} has more than ${maxNameCharacters} characters; choose a shorter one.`,
  );
}

/** A selection set, and the fragments on the way to it. */
type Spread = { readonly set: SelectionSetNode; readonly inside: readonly string[] };

const shortened = (name: string): string => (name.length > 40 ? `${name.slice(0, 40)}…` : name);

import type { Values } from "../model/record.ts";
import type { Scope } from "../auth/scopes.ts";
import type { Columns } from "../query/row.ts";
import type { PrintedRecord, Projection } from "../query/projection.ts";
import type { WriteContext } from "../write/context.ts";
import type { WriteResult } from "../write/draft.ts";
import type { InputDefinition } from "../write/input-definition.ts";
import type { UpsertOptions } from "../write/upsert.ts";
import type { RemoveRow, UpdateRow } from "../write/verbs.ts";

/** What can be done with a resource; HTTP's method and status follow from it. */
export type Verb = "list" | "get" | "create" | "update" | "delete" | "upsert";

/** A whole list is sent by routes of its own. */
export type AnyVerb = Verb | "export";

/** What a list can be asked for beside `limit` and `cursor`. */
type ListOptions = {
  /** Keys that can be filtered by; null for all keys of the record that hold one value. */
  readonly filters: readonly string[] | null;
  /** `field[gte]=…` and the other comparisons beside `field=value`, `sort`, `q` and `include_deleted`. */
  readonly isRich: boolean;
};

/** A kind of record as a face serves it. */
export type Resource = {
  /** In ids of operations, e.g. `Account` in `createAccount`, and in messages. */
  readonly noun: string;
  readonly plural: string;
  readonly description: string;
  /** The path of the list; a record's is `<path>/{id}`. */
  readonly path: string;
  /** Other paths that lead to the same. */
  readonly aliases: readonly string[];
  /** The name of the path's parameter. */
  readonly parameter: string;
  readonly projection: Projection;
  readonly columns: Columns<PrintedRecord>;
  readonly list: ListOptions;
  /** What reading, and what writing needs. The answer to a change is the record: it needs both. */
  readonly scopes: { readonly read: readonly Scope[]; readonly write: readonly Scope[] };
  readonly create: {
    readonly input: InputDefinition;
    readonly run: (context: WriteContext, input: Values) => Promise<WriteResult>;
    /** Whether the answer tells more than was sent, so that reading must be allowed too. */
    readonly reads: boolean;
  };
  /** Null for what is never changed. */
  readonly change: {
    readonly input: InputDefinition;
    readonly update: (context: WriteContext, row: UpdateRow) => Promise<WriteResult>;
    readonly remove: (context: WriteContext, row: RemoveRow) => Promise<WriteResult>;
  } | null;
  /** Changes the record with the input's `external_id`, or makes it; null where there are no upserts. */
  readonly upsert: {
    readonly input: InputDefinition;
    readonly run: (
      context: WriteContext,
      input: Values,
      options: Pick<UpsertOptions, "updateOnly">,
    ) => Promise<WriteResult>;
  } | null;
};

/** One of the REST APIs. */
export type Face = {
  readonly name: "crm" | "integration" | "customers";
  readonly title: string;
  readonly description: string;
  /** Whether a record comes as `{ "data": … }`, rather than bare. */
  readonly isEnveloped: boolean;
  /** Whether every request must name its organization. */
  readonly needsOrganization: boolean;
  readonly resources: readonly Resource[];
  readonly words: Words;
};

/** What a face says where its document has words of its own. */
type Words = {
  readonly unauthenticated: string;
  /** Of an id that names nothing, or nothing of this kind. */
  readonly isIdSecret: boolean;
  /** A unique value that a live record has already. */
  readonly duplicate: ((key: string) => string) | null;
  /** What is said of a failure of ours; null for a text with the request's id. */
  readonly failure: ((verb: AnyVerb) => string) | null;
};

/** An operation of a face: what OpenAPI calls so. */
export type Operation<V extends AnyVerb = Verb> = {
  readonly id: string;
  readonly face: Face;
  readonly resource: Resource;
  readonly verb: V;
  readonly method: "GET" | "POST" | "PATCH" | "DELETE" | "PUT";
  /** In OpenAPI's form, with `{id}`. */
  readonly path: string;
  /** What of the path names a record; null where nothing does. */
  readonly parameter: string | null;
  readonly aliases: readonly string[];
  /** Of a write that is carried out. An upsert that makes a record is 201 as well. */
  readonly status: 200 | 201;
  readonly scopes: readonly Scope[];
  /** The body that it takes; null for none. */
  readonly input: InputDefinition | null;
};

/** One of any verb, exports too. */
export type AnyOperation = Operation<AnyVerb>;

const methods = {
  list: "GET",
  get: "GET",
  create: "POST",
  update: "PATCH",
  delete: "DELETE",
  upsert: "PUT",
} as const satisfies Record<Verb, Operation["method"]>;

/** The key of another system, in bodies and in paths. */
export const externalId = "external_id";

/** The operations of a face, from its resources. */
export function operationsOf(face: Face): Operation[] {
  return face.resources.flatMap((resource) => {
    const verbs: readonly Verb[] = [
      "list",
      "create",
      "get",
      ...(resource.change === null ? [] : (["update", "delete"] as const)),
      ...(resource.upsert === null ? [] : (["upsert"] as const)),
    ];
    return verbs.map((verb) => {
      const parameter = parameterOf(resource, verb);
      const place = verb === "upsert" ? "/external" : "";
      const below = (path: string) =>
        parameter === null ? path : `${path}${place}/{${parameter}}`;
      return {
        id: `${verb}${verb === "list" ? resource.plural : resource.noun}`,
        face,
        resource,
        verb,
        method: methods[verb],
        path: below(resource.path),
        parameter,
        aliases: resource.aliases.map(below),
        status: verb === "create" ? 201 : 200,
        scopes: scopesOf(resource, verb),
        input: inputOf(resource, verb),
      };
    });
  });
}

function parameterOf({ parameter }: Resource, verb: Verb): string | null {
  if (verb === "upsert") return externalId;
  return verb === "list" || verb === "create" ? null : parameter;
}

function inputOf({ create, change, upsert }: Resource, verb: Verb): InputDefinition | null {
  if (verb === "create") return create.input;
  if (verb === "upsert") return upsert?.input ?? null;
  return verb === "update" ? (change?.input ?? null) : null;
}

function scopesOf({ scopes, create }: Resource, verb: Verb): readonly Scope[] {
  if (verb === "list" || verb === "get") return scopes.read;
  return verb === "create" && !create.reads
    ? scopes.write
    : [...new Set([...scopes.write, ...scopes.read])];
}

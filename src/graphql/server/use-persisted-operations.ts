import { createHash } from "node:crypto";
import { GraphQLError } from "graphql";
import type { GraphQLParams } from "graphql-yoga";
import { LRUCache } from "lru-cache";
import type { Manifest } from "./manifest.ts";
import type { GatewayPlugin, ToKeep } from "./server-context.ts";
import { persistedCode } from "./errors.ts";
import { refused } from "./use-json-requests.ts";

/** Members of a request that name its document: the one of GraphQL over HTTP, and a shorter one of some clients. */
export const documentIdNames = ["documentId", "id"] as const;

/**
 * Requests that name their document instead of sending it. With a manifest, only its operations run, however they are
 * sent. Without a manifest, documents are stored as Apollo's automatic persisted queries: a client that has sent a text
 * with its SHA-256 can then send the hash alone.
 */
export function persistedOperations(manifest: Manifest | null): PersistedOperations {
  const find = manifest === null ? keptDocuments() : listedDocuments(manifest);
  return {
    plugin: {
      onParams({ params, setParams, context: { toKeep } }) {
        const query = find.textFor(params, toKeep);
        if (query !== params.query) setParams({ ...params, query });
      },
      onValidate({ context: { toKeep } }) {
        return ({ valid }) => {
          if (valid) find.keep(toKeep);
        };
      },
    },
    known: (params, toKeep) => {
      // The plugin stores a document that is sent with its hash, once it is validated.
      if (params.query != null && documentIdOf(params) !== null && manifest === null) return null;
      return find.textFor(params, toKeep) ?? null;
    },
  };
}

export type PersistedOperations = {
  readonly plugin: GatewayPlugin;
  /** The text of a request's document; null if the plugin has to find it. */
  known(params: GraphQLParams, toKeep: ToKeep): string | null;
};

type Documents = {
  /** The text to run. */
  textFor(params: GraphQLParams, toKeep: ToKeep): string | undefined;
  /** Keeps a document that passed validation. */
  keep(toKeep: ToKeep): void;
};

function listedDocuments(manifest: Manifest): Documents {
  return {
    textFor(params) {
      const { query } = params;
      const id = documentIdOf(params);
      const text = query == null ? undefined : textOf(query);
      const named = id === null ? undefined : manifest.byId(id);
      const listed = text === undefined ? named : manifest.byText(text);
      if (listed === undefined || (id !== null && named !== listed)) {
        throw new GraphQLError(
          "This gateway runs only the operations of its manifest, and this is none of them. Send one of those, by its id (documentId) or its text.",
        );
      }
      return listed;
    },
    keep: () => undefined,
  };
}

/** Bounds of the documents that clients have registered, in each process. */
const maxDocuments = 1_000;
const maxBytes = 5_000_000;

function keptDocuments(): Documents {
  const kept = new LRUCache<string, string>({
    max: maxDocuments,
    maxSize: maxBytes,
    // In memory a text may take two bytes a character.
    sizeCalculation: (text, hash) => 2 * (text.length + hash.length),
  });
  return {
    textFor(params, toKeep) {
      const { query } = params;
      const hash = documentIdOf(params);
      if (query == null && hash === null) throw refused(400, "The query is missing.");
      if (hash === null) return query;
      if (query == null) {
        const text = kept.get(hash);
        if (text === undefined) throw notFound();
        return text;
      }
      const text = textOf(query);
      if (createHash("sha256").update(text).digest("hex") !== hash) {
        throw refused(
          400,
          "The hash is not the SHA-256 of the query, in lower-case hexadecimal digits.",
        );
      }
      toKeep.document = [hash, text];
      return text;
    },
    keep({ document }) {
      if (document !== null) kept.set(...document);
    },
  };
}

/**
 * The id of a request's document: `documentId` of GraphQL over HTTP or `id`, where a SHA-256 may have its prefix, or
 * the hash of Apollo's `extensions.persistedQuery`. Null if the request has none.
 */
function documentIdOf(params: GraphQLParams): string | null {
  const given: unknown[] = documentIdNames.map((name) => Reflect.get(params, name));
  const { extensions } = params;
  if (extensions === undefined && given.every((id) => id == null)) return null;
  const persisted: unknown = typeof extensions === "object" ? extensions?.["persistedQuery"] : null;
  if (typeof persisted === "object" && persisted !== null) {
    const { version, sha256Hash } = { version: null, sha256Hash: null, ...persisted };
    if (version !== 1 || typeof sha256Hash !== "string") {
      throw refused(400, "extensions.persistedQuery: send version 1 and sha256Hash.");
    }
    given.push(sha256Hash);
  }
  const ids = new Set(given.filter((id) => id != null));
  if (ids.size === 0) return null;
  const [id] = ids;
  if (ids.size > 1 || typeof id !== "string") {
    throw refused(400, "Send one id of a document, as a string.");
  }
  return id.replace(/^sha256:/, "");
}

function textOf(query: unknown): string {
  if (typeof query === "string") return query;
  throw refused(400, "The query must be a string.");
}

/** Clients recognize this error by its message or its code, and then send the text with the hash. */
function notFound(): GraphQLError {
  const http = { status: 400, spec: true, headers: { "cache-control": "no-store" } };
  return new GraphQLError("PersistedQueryNotFound", { extensions: { code: persistedCode, http } });
}

import type { Scope } from "../../auth/scopes.ts";
import { crmFace } from "../crm/face.ts";
import type { AnyVerb, Face } from "../face.ts";

/** What can be done with imports over REST. */
export type ImportOperation = {
  readonly id: string;
  readonly face: Face;
  /** What it is like, for whatever is the same for all APIs. */
  readonly verb: AnyVerb;
  readonly method: "GET" | "POST";
  /** In OpenAPI's form, with `{id}`. */
  readonly path: string;
  readonly scopes: readonly Scope[];
};

/** Where files are sent to. */
export const importsPath = "/api/v1/crm/imports";
const onePath = `${importsPath}/{id}`;

const reading = { face: crmFace, method: "GET", scopes: ["read:imports"] } as const;
const writing = {
  face: crmFace,
  method: "POST",
  scopes: ["write:imports", "read:imports"],
} as const;

export const importOperations = {
  list: { ...reading, id: "listImports", verb: "list", path: importsPath },
  /** It also needs the scope of writing what the file holds. */
  create: { ...writing, id: "createImport", verb: "create", path: importsPath },
  get: { ...reading, id: "getImport", verb: "get", path: onePath },
  errors: { ...reading, id: "exportImportErrors", verb: "export", path: `${onePath}/errors.csv` },
  start: { ...writing, id: "startImport", verb: "update", path: `${onePath}/start` },
  cancel: { ...writing, id: "cancelImport", verb: "update", path: `${onePath}/cancel` },
} as const satisfies Readonly<Record<string, ImportOperation>>;

export type ImportAction = keyof typeof importOperations;

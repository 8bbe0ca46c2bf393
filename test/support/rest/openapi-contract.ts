import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { templateOf } from "../../../src/rest/operations.ts";
import { openApiDocument } from "../../../src/rest/openapi/document.ts";

/** An answer of the REST APIs, and what it is the answer to. */
export type Answered = {
  readonly method: string;
  /** With its query or without, as a path or as a URL. */
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  /** The body as it was sent. */
  readonly text: string;
};

/** The document that answers are held against. */
export const openApi: Readonly<Record<string, unknown>> = openApiDocument();

const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  // `type: ["string", "null"]`, and what holds for numbers where text is taken as well.
  allowUnionTypes: true,
  strictTypes: false,
  // Of OpenAPI's own.
  keywords: Object.keys(openApi),
});
addFormats.default(ajv);
ajv.addSchema(openApi, "openapi");

/** What validates against a schema somewhere in the document, by its pointer (`#/components/schemas/Account`). */
export function validatorAt(pointer: string): ValidateFunction {
  const validate = ajv.getSchema(`openapi${pointer}`);
  if (validate === undefined) throw new Error(`the document has nothing at ${pointer}`);
  return validate;
}

/** Throws when an answer is not one of those that the document has for its operation, and says in what. */
export function assertDocumented(answered: Answered): void {
  const complaints = complaintsOf(answered);
  if (complaints.length === 0) return;
  const { method, path, status, text } = answered;
  throw new Error(
    `not as documented: ${method} ${path} → ${status}\n  ${complaints.join("\n  ")}\n  ${text.slice(0, 2_000)}`,
  );
}

function complaintsOf(answered: Answered): string[] {
  // The path as it was sent, since dots in it must not be resolved.
  const [pathname = ""] = answered.path.split("?", 1);
  const method = answered.method.toLowerCase();
  const template = templateOf(pathname);
  // Beside operations there are a path that is not here, and a method that a path does not have.
  if (template === null) return plainComplaints(answered, 404, []);
  // An export is read whole: its head alone is not served.
  const reads = method === "head" && !template.endsWith("/export") ? "get" : method;
  if (!has(openApi, "paths", template, reads)) return plainComplaints(answered, 405, ["allow"]);
  const response = child(openApi, "paths", template, reads, "responses", String(answered.status));
  if (response === undefined) return [`the status ${answered.status} is none of this operation's`];
  const pointer = child(response, "$ref");
  if (typeof pointer !== "string") return ["answers stand under components"];
  const documented = resolve(pointer);
  const [type = ""] = (answered.headers.get("content-type") ?? "").split(";", 1);
  // What is no JSON has no schema: its type must be documented.
  const isText = type !== "application/json" && has(documented, "content", type);
  return [
    ...headerComplaints(answered, child(documented, "headers")),
    ...(isText ? [] : bodyComplaints(answered, `${pointer}/content/application~1json/schema`)),
  ];
}

/** Of `{ "error" }`, whatever the operation. */
function plainComplaints(answered: Answered, status: number, headers: readonly string[]): string[] {
  return [
    ...(answered.status === status ? [] : [`there is no such operation: it must be ${status}`]),
    ...headers.flatMap((name) => (answered.headers.has(name) ? [] : [`without ${name}`])),
    ...bodyComplaints(answered, "#/components/schemas/Error"),
  ];
}

function headerComplaints({ headers }: Answered, documented: unknown): string[] {
  if (typeof documented !== "object" || documented === null) return ["no headers are documented"];
  return Object.keys(documented).flatMap((name) => {
    const pointer = child(documented, name, "$ref");
    if (typeof pointer !== "string") return [`${name} stands under components`];
    const sent = headers.get(name);
    // A trailer is not required.
    const isNeeded = child(resolve(pointer), "required") !== false;
    if (sent === null) return isNeeded ? [`without the header ${name}`] : [];
    const isNumber = child(resolve(pointer), "schema", "type") === "integer";
    const validate = validatorAt(`${pointer}/schema`);
    const value = isNumber && /^\d+$/.test(sent) ? Number(sent) : sent;
    return validate(value) ? [] : [`${name}: ${sent} ${ajv.errorsText(validate.errors)}`];
  });
}

function bodyComplaints({ method, headers, text }: Answered, schema: string): string[] {
  const type = headers.get("content-type");
  const complaints = type === "application/json; charset=utf-8" ? [] : [`content-type: ${type}`];
  if (method.toUpperCase() === "HEAD") {
    return text === "" ? complaints : [...complaints, "HEAD has no body"];
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return [...complaints, "the body is no JSON"];
  }
  const validate = validatorAt(schema);
  if (validate(body)) return complaints;
  const found = (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
  return [...complaints, ...found];
}

/** What a pointer of the document leads to. */
function resolve(pointer: string): unknown {
  return child(openApi, ...pointer.slice("#/".length).split("/"));
}

function has(value: unknown, ...path: readonly string[]): boolean {
  return child(value, ...path) !== undefined;
}

function child(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, step)) {
      return undefined;
    }
    current = Reflect.get(current, step);
  }
  return current;
}

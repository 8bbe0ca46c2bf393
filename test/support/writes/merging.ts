import { at, listAt, type TestGateway } from "../gateway/gateway.ts";

/** A field in which two merged records differ. */
type ToldField = {
  readonly field: string;
  readonly into: unknown;
  readonly from: unknown;
  readonly result: unknown;
  readonly winner: string;
};

/** What a merge answers. */
export type Merge = {
  /** The survivor, and the one that went over into it. */
  readonly record: unknown;
  readonly merged: unknown;
  readonly fields: readonly ToldField[];
  /** `Contact.account_id` → how many. */
  readonly moved: Readonly<Record<string, number>>;
  readonly contactsMerged: readonly { readonly into: string; readonly from: string }[];
  /** What won in each of those. */
  readonly twinFields: readonly (readonly ToldField[])[];
  /** `CODE path`. */
  readonly problems: readonly string[];
  readonly messages: readonly string[];
  readonly payload: unknown;
};

type MergeArguments = {
  readonly into: string;
  readonly from: string;
  readonly intoVersion?: number;
  readonly fromVersion?: number;
  readonly dryRun?: boolean;
};

const told = "field into from result winner";

/** The mutation, with whatever is selected of the records. */
export function mergeText(kind: "account" | "contact", selection: string): string {
  const field = kind === "account" ? "mergeAccounts" : "mergeContacts";
  const twins =
    kind === "account"
      ? `contactsMerged { into { id version } from { id version isDeleted } fields { ${told} } }`
      : "";
  return `mutation ($into: ID!, $from: ID!, $intoVersion: Int, $fromVersion: Int, $dryRun: Boolean) {
    answer: ${field}(into: $into, from: $from, intoVersion: $intoVersion, fromVersion: $fromVersion, dryRun: $dryRun) {
      ${kind} { id ${selection} } merged { id ${selection} mergedIntoId isDeleted }
      fields { ${told} } moved { type field count } ${twins} dryRun
      userErrors { code path message __typename
        ... on DuplicateError { existingId } ... on ConflictError { current { id } } }
    } }`;
}

/** Merges two records with a key. */
export async function merge(
  gateway: TestGateway,
  key: string,
  kind: "account" | "contact",
  args: MergeArguments,
  selection = "version isDeleted",
): Promise<Merge> {
  const data = await gateway.data(key, mergeText(kind, selection), args);
  return readMerge(at(data, "answer"), kind);
}

/** The payload of a merge, taken apart. */
function readMerge(payload: unknown, kind: "account" | "contact"): Merge {
  const twins = kind === "account" ? listAt(payload, "contactsMerged") : [];
  const errors = listAt(payload, "userErrors");
  return {
    record: at(payload, kind),
    merged: at(payload, "merged"),
    fields: toldFields(payload),
    moved: Object.fromEntries(
      listAt(payload, "moved").map((edge) => [
        `${String(at(edge, "type"))}.${String(at(edge, "field"))}`,
        Number(at(edge, "count")),
      ]),
    ),
    contactsMerged: twins.map((pair) => ({
      into: String(at(pair, "into", "id")),
      from: String(at(pair, "from", "id")),
    })),
    twinFields: twins.map(toldFields),
    problems: errors.map(
      (error) => `${String(at(error, "code"))} ${listAt(error, "path").map(String).join(".")}`,
    ),
    messages: errors.map((error) => String(at(error, "message"))),
    payload,
  };
}

const toldFields = (merged: unknown): ToldField[] =>
  listAt(merged, "fields").map((field) => ({
    field: String(at(field, "field")),
    into: at(field, "into"),
    from: at(field, "from"),
    result: at(field, "result"),
    winner: String(at(field, "winner")),
  }));

/** What won in a field; undefined where the two did not differ. */
export function fieldOf({ fields }: Merge, name: string): Omit<ToldField, "field"> | undefined {
  const found = fields.find(({ field }) => field === name);
  if (found === undefined) return undefined;
  const { into, from, result, winner } = found;
  return { into, from, result, winner };
}

/** The answer of a merge that must be accepted. */
export function done(merged: Merge): Merge {
  if (merged.problems.length > 0) throw new Error(`not merged: ${merged.messages.join("; ")}`);
  return merged;
}

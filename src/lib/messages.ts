/** `1000000` as `1,000,000`. */
const counted = (count: number): string => count.toLocaleString("en");

type Most = { readonly max: number };
type Type = { readonly type: string };
type Represented = Type & { readonly prefix: string | null; readonly sent: string };
type Taken = Type & { readonly owner: string | null };
type Quota = { readonly owner: string; readonly limit: number; readonly retryAfter: number };
type Points = { readonly points: number; readonly remaining: number };
type Place = { readonly header: string; readonly place: "organization" | "department" };
type Unlisted = {
  readonly names: readonly string[];
  readonly more: number;
  readonly meant: string | null;
};
type DecimalFault =
  | { readonly fault: "text"; readonly sent: string }
  | { readonly fault: "digits"; readonly integer: number; readonly fraction: number }
  | { readonly fault: "type" };

function decimalFault(found: DecimalFault): string {
  if (found.fault === "type") return 'a decimal is a string such as "10.5" or a number';
  return found.fault === "text"
    ? `"${found.sent}" is not a decimal number`
    : `a decimal has at most ${found.integer} integer and ${found.fraction} fraction digits`;
}

/** Words that go on where a place's name ends: `name must have at most 1,000 characters`. */
const predicates = {
  /** What is said in one place only, and read by nobody but the caller. */
  text: ({ text }: { readonly text: string }) => text,

  // A value in itself.
  notText: () => "must be text",
  notWhole: () => "must be a whole number",
  notWholeUpTo: ({ max }: Most) => `must be a whole number from 1 to ${max}`,
  notBoolean: () => "must be true or false",
  notOneOf: ({ names }: { readonly names: readonly string[] }) =>
    `must be one of ${names.join(", ")}`,
  notListed: ({ names, more, meant }: Unlisted) =>
    `must be a value of the tenant's list: ${names.join(", ")}${more === 0 ? "" : ` and ${counted(more)} more`}.${meant === null ? "" : ` Did you mean ${meant}?`}`,
  notDecimal: (fault: DecimalFault) => `must be a decimal: ${decimalFault(fault)}`,
  decimalFault,
  notDay: ({ orDay = false }: { readonly orDay?: boolean }) =>
    `must be a day, such as 2026-11-30, or an instant, whose UTC day is taken${orDay ? ", or a day" : ""}`,
  notInstant: ({ orDay = false }: { readonly orDay?: boolean }) =>
    `must be an instant with its offset, such as 2026-03-18T15:40:12Z${orDay ? ", or a day" : ""}`,
  notPhone: () =>
    "must be a phone number with its country code and nothing else, such as +14045550128; or send it as phone_1 to keep it as it is.",
  notDomain: () => "must be a domain, such as example.com",
  notUrl: () => "must be a web address with its scheme, such as https://example.com/a",
  notCurrency: () => "must be a currency's code that ISO 4217 has today, such as USD",
  notCurrencyCode: () => "must be a currency's ISO 4217 code, such as USD",
  negative: () => "must not be negative",
  negativeAmount: () =>
    "must not be negative: a rebate is a discount, and a credit note is no quote.",
  totalTooLong: () => "makes the quote's total longer than 15 integer digits.",
  tooLong: ({ max }: Most) => `must have at most ${counted(max)} characters`,
  tooManyBytes: ({ max }: Most) =>
    `must have at most ${counted(max)} bytes in UTF-8, so that lists can be sorted by it`,
  tooManyItems: ({ max, of = "items" }: Most & { readonly of?: string }) =>
    `must have at most ${counted(max)} ${of}`,
  unstorable: () =>
    "text must not contain U+0000 or half of a surrogate pair; remove that character.",
  besideWhole: ({ whole }: { readonly whole: string }) =>
    `cannot be sent together with ${whole}, which replaces the whole value: send one of them.`,
  onlyBlanks: () => "holds nothing but blanks; send [] for none",

  // A JSON value.
  jsonTooLarge: ({ kilobytes }: { readonly kilobytes: number }) =>
    `is larger than ${kilobytes} KB as JSON; store less here.`,
  jsonTooDeep: ({ max }: Most) => `is nested more than ${max} levels deep; flatten it.`,
  jsonKeyTwice: ({ key }: { readonly key: string }) =>
    `has the key ${key} twice in Unicode NFC; rename one.`,
  jsonKeyForbidden: ({ key }: { readonly key: string }) =>
    `must not have the key ${key}; rename it.`,
  numberOutOfRange: () =>
    "holds a number that JSON readers take for 0 or infinite; send it as text.",
  numberTooLong: ({ max }: Most) =>
    `holds a number of more than ${counted(max)} digits; send it as text.`,

  // A field of an input.
  missing: () => "is needed.",
  empty: () => "cannot be empty.",
  unknownField: () => "is not a field of this input; remove it.",
  neverNull: ({ emptiedBy }: { readonly emptiedBy: string | null }) =>
    `cannot be null or blank; leave it out to keep its value${emptiedBy === null ? "" : `, or send ${emptiedBy} to empty it`}.`,
  saysElse: ({ other }: { readonly other: string }) =>
    `says something else than ${other}; send one of the two.`,
  namedTwice: ({ within }: { readonly within: "call" | "list" }) =>
    `is named twice in this ${within}.`,

  // A record beside others.
  stale: ({ type, version }: Type & { readonly version: number }) =>
    `is not the current one: the ${type} is at version ${version} by now. Read it again.`,
  taken: ({ type, owner }: Taken) =>
    `is taken: another live ${type}${owner === null ? "" : ` of the same ${owner}`} has it. Change it, or update that record.`,
  takenByOther: () => "is taken. Choose another one.",
  sameAsRow: ({ row }: { readonly row: number }) => `is the same as in row ${row} of this call.`,
  ofAnotherOwner: ({ named, owner }: { readonly named: string; readonly owner: string }) =>
    `is a ${named} of another ${owner}; name one of the same.`,
  ownerDeleted: ({ type }: Type) => `is a deleted ${type}: restore that first.`,

  // What is looked for.
  partTooLong: ({ max }: Most) => `has at most ${max} characters; look for less of the text.`,
  partInvisible: () => "has no character that can be seen; look for a letter or a digit.",
  noSuchOperator: () => "no such operator.",
  notString: () => "a string is expected.",
  noDirection: () => "say asc or desc.",
  tooManyCharacters: ({ max, where }: Most & { readonly where: "filter" | "list" }) => {
    const most = `at most ${counted(max)} characters to look for in texts, all together`;
    return where === "filter"
      ? `a filter has ${most}; ask for less at once.`
      : `is too much: a list has ${most}; look for less.`;
  },
  noWord: () => "give at least one word to search for.",
  cursorExpired: () =>
    "the cursor is older than the log is kept; make the copy anew, or go on from oldestCursor without the events before it.",
  cursorAhead: () =>
    "the cursor lies behind the end of the log; it is of another database, or of one that was restored from an older backup.",
  noCursor: () => "not a cursor of this API; pass it unchanged.",
};

/** Words that stand by themselves. */
const sentences = {
  /** What names its place itself, also where others are labelled with it. */
  whole: ({ text }: { readonly text: string }) => text,

  notEmail: () => "Invalid email address",
  notId: ({ prefix, sent }: { readonly prefix: string; readonly sent: string }) =>
    `"${sent}" is not an id of this kind; send ${prefix}-<uuid> or the bare UUID.`,
  notRepresented: ({ type, prefix, sent }: Represented) =>
    prefix === null
      ? `"${type}" is not a type of this subgraph that has an id.`
      : `"${sent}" is not an id of ${type}; send ${prefix}-<uuid>.`,
  noSuchRecord: ({ type }: Type) => `There is no such ${type}.`,

  // What a request is told that is wrong as a whole.
  invalidPayload: () => "Invalid request payload",
  noOrganization: () => "Missing organization context. Provide x-organization-id.",
  keyLacksScopes: () => "API key missing required scopes",
  recordNotFound: ({ noun }: { readonly noun: string }) => `${noun} not found`,
  failed: () => "Something went wrong on our side.",
  failedAs: ({ requestId }: { readonly requestId: string }) =>
    `Something went wrong on our side. Quote request id ${requestId} when you report it.`,
  noCredentialCheck: () => "Credentials cannot be checked just now; try again.",
  foreignOrigin: () =>
    "Pages of this origin may not call the gateway. Add the origin to CORS_ORIGINS.",
  readTooSlowly: () =>
    "The events were not read as fast as they came; subscribe again from the cursor.",
  busy: () => "The gateway is busy; try again in a second.",
  noConnection: () => "No connection to the database came free in time; try again in a second.",
  requestsUsedUp: ({ owner, limit, retryAfter }: Quota) =>
    `${owner} minute rate limit exceeded: ${limit} requests a minute; try again in ${retryAfter} s.`,
  pointsUsedUp: ({ owner, limit, retryAfter, points, remaining }: Quota & Points) =>
    `${owner} minute points limit exceeded: the operation costs ${points}, ${remaining} of ${limit} points are left; try again in ${retryAfter} s.`,
  /** The same in few words, beside its figures. */
  usedUp: ({ owner, quota }: { readonly owner: string; readonly quota: "rate" | "points" }) =>
    `${owner} minute ${quota} limit exceeded`,
  neverEnoughPoints: ({
    owner,
    points,
    limit,
  }: Omit<Quota, "retryAfter"> & Pick<Points, "points">) =>
    `The operation costs ${points} points and ${owner} has ${limit} a minute; ask for less at once.`,
  notIdempotencyKey: ({ max }: Most) =>
    `Idempotency-Key: send 1 to ${max} printable ASCII characters, such as a UUID.`,
  keyReused: ({ hours }: { readonly hours: number }) =>
    `Idempotency-Key: this key was used for another request in the last ${hours} hours; use a new one.`,
  keyInUse: () =>
    "Idempotency-Key: the first request with this key is still running; try again in a moment.",
  noKeySet: () => "The keys that tokens are checked with cannot be had just now; try again.",
  otherPlace: ({ header, place }: Place) =>
    `${header} does not name ${place === "organization" ? "the" : "a"} ${place} of the credential; send its id.`,
  missingScopes: ({ scopes }: { readonly scopes: readonly string[] }) =>
    `The credential lacks ${scopes.join(", ")}. Use one that has it.`,
  bodyTooLarge: ({ max }: Most) =>
    `The body has more than ${counted(max)} bytes; send less at once.`,
  bodyNotJson: () => "Send the body as JSON: content-type: application/json.",
};

const texts = { ...predicates, ...sentences };

/** The values that each text is made with: `{ max: number }` of `tooLong`, none of `missing`. */
type Values = {
  readonly [Key in keyof typeof texts]: (typeof texts)[Key] extends (values: infer V) => string
    ? V
    : never;
};

/** What is wrong, as data: the key of a text, and its values: `{ complaint: "tooLong", max: 1000 }`. */
export type Complaint<Keys extends keyof Values = keyof Values> = {
  [Key in Keys]: { readonly complaint: Key } & Values[Key];
}[Keys];

const textBy: { readonly [Key in keyof Values]: (values: Values[Key]) => string } = texts;

/** The words of a complaint, without the place that it is about. */
export function wordsOf<Key extends keyof Values>(complaint: Complaint<Key>): string {
  return textBy[complaint.complaint](complaint);
}

/** A complaint that is made in one place only, and that nobody but the caller reads: in its words. */
export function asComplaint(complaint: Complaint | string): Complaint {
  return typeof complaint === "string" ? { complaint: "text", text: complaint } : complaint;
}

/** Whether a value that has come by way of a library is one. */
export function isComplaint(value: unknown): value is Complaint {
  return (
    typeof value === "object" &&
    value !== null &&
    "complaint" in value &&
    typeof value.complaint === "string" &&
    Object.hasOwn(texts, value.complaint)
  );
}

/** Whether its words need no place before them. */
const isWhole = ({ complaint }: Complaint): boolean => Object.hasOwn(sentences, complaint);

/** As one of several that are told as data, beside the place: `name must have at most 1,000 characters`. */
export function sentenceOf(path: readonly string[], complaint: Complaint): string {
  const words = wordsOf(complaint);
  return path.length === 0 || isWhole(complaint) ? words : `${path.join(".")} ${words}`;
}

/** As an error by itself: `where.name.contains: a string is expected.` */
export function labelled(path: readonly string[], complaint: Complaint): string {
  const words = wordsOf(complaint);
  return path.length === 0 || complaint.complaint === "whole"
    ? words
    : `${path.join(".")}: ${words}`;
}

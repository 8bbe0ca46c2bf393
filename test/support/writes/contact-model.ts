/** A contact as far as rules between contacts look at it. Records go by their names in the model, not by their ids. */
type ModelContact = {
  readonly account: string | null;
  readonly email: string | null;
  readonly manager: string | null;
  readonly isLive: boolean;
};

/** What a row of an update says; what is left out stays. */
export type ModelChange = {
  readonly name: string;
  readonly account?: string | null;
  readonly email?: string | null;
  readonly manager?: string | null;
};

/** What a row comes to: the code and field of what is wrong with it, or nothing. */
export type Verdict = "DUPLICATE email" | "NOT_FOUND" | "BAD_USER_INPUT" | "";

type State = Map<string, ModelContact>;

/** Contacts as plain maps: what the gateway must agree with, without SQL, locks or batches of statements. */
export class ContactModel {
  #state: State = new Map();

  get contacts(): ReadonlyMap<string, ModelContact> {
    return this.#state;
  }

  /** Rows one after the other, each by what the last left behind. */
  inOrder<Row>(rows: readonly Row[], apply: (state: State, row: Row) => Verdict): Verdict[] {
    return rows.map((row) => {
      const next = new Map(this.#state);
      const verdict = apply(next, row);
      if (verdict === "") this.#state = next;
      return verdict;
    });
  }

  /** All rows or none, by what they lead to; whether they were taken. */
  together(changes: readonly ModelChange[]): boolean {
    const next = new Map(this.#state);
    const isThere = changes.map((change) => hasItsRecords(next, change));
    if (isThere.includes(false)) return false;
    for (const change of changes) next.set(change.name, changed(next, change));
    if (!changes.every((change) => stands(next, change))) return false;
    releaseReports(next, changes);
    this.#state = next;
    return true;
  }

  /** The same for rows of which each can only take from the others: creations, deletions, restores. */
  allOrNone<Row>(rows: readonly Row[], apply: (state: State, row: Row) => Verdict): boolean {
    const before = this.#state;
    const isGood = this.inOrder(rows, apply).every((verdict) => verdict === "");
    if (!isGood) this.#state = before;
    return isGood;
  }
}

const blank: ModelContact = { account: null, email: null, manager: null, isLive: true };

function changed(state: State, { name, ...change }: ModelChange): ModelContact {
  const before = state.get(name) ?? blank;
  const moves = change.account !== undefined && change.account !== before.account;
  return { ...before, ...(moves ? { manager: null } : {}), ...change };
}

const isLive = (state: State, name: string | null | undefined): boolean =>
  name == null || state.get(name)?.isLive === true;

const hasItsRecords = (state: State, { name, manager }: ModelChange): boolean =>
  isLive(state, name) && isLive(state, manager);

const isTaken = (state: State, name: string): boolean => {
  const one = state.get(name);
  return [...state].some(
    ([other, { isLive: lives, email, account }]) =>
      other !== name && lives && email !== null && email === one?.email && account === one.account,
  );
};

function stands(state: State, { name, manager }: ModelChange): boolean {
  const one = state.get(name) ?? blank;
  const above = state.get(one.manager ?? "");
  const isOfTeam = manager == null || above?.account === one.account;
  return !isTaken(state, name) && isOfTeam && !isAbove(state, name, one.manager);
}

function isAbove(state: State, name: string, start: string | null): boolean {
  const seen = new Set<string>();
  for (let one = start; one !== null && !seen.has(one); one = state.get(one)?.manager ?? null) {
    if (one === name) return true;
    seen.add(one);
  }
  return false;
}

/** Live reports of who went to another account report to nobody. */
function releaseReports(state: State, changes: readonly ModelChange[]): void {
  const moved = new Set(changes.map(({ name }) => name));
  for (const [name, contact] of state) {
    const manager = contact.manager ?? "";
    if (!contact.isLive || !moved.has(manager)) continue;
    if (state.get(manager)?.account !== contact.account)
      state.set(name, { ...contact, manager: null });
  }
}

export function createContact(state: State, change: ModelChange): Verdict {
  state.set(change.name, { ...blank, ...changed(new Map(), change) });
  return isTaken(state, change.name) ? "DUPLICATE email" : "";
}

export function updateContact(state: State, change: ModelChange): Verdict {
  if (!hasItsRecords(state, change)) return "NOT_FOUND";
  state.set(change.name, changed(state, change));
  if (isTaken(state, change.name)) return "DUPLICATE email";
  if (!stands(state, change)) return "BAD_USER_INPUT";
  releaseReports(state, [change]);
  return "";
}

export function deleteContact(state: State, name: string): Verdict {
  const one = state.get(name);
  if (one?.isLive !== true) return "NOT_FOUND";
  state.set(name, { ...one, isLive: false });
  return "";
}

export function restoreContact(state: State, name: string): Verdict {
  const one = state.get(name);
  if (one === undefined || one.isLive) return one === undefined ? "NOT_FOUND" : "BAD_USER_INPUT";
  const manager = state.get(one.manager ?? "");
  const isLeft = manager !== undefined && manager.account !== one.account;
  state.set(name, { ...one, isLive: true, manager: isLeft ? null : one.manager });
  return isTaken(state, name) ? "DUPLICATE email" : "";
}

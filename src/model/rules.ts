/**
 * Rules between records that an entity's model declares. The write engine keeps each of them, over the state after the
 * call that is written: src/write/rules has a file for each.
 */
export type Rules<Field extends string = string> = {
  readonly primary?: PrimaryRule<Field>;
  readonly hierarchy?: HierarchyRule<Field>;
  readonly sameOwner?: readonly SameOwnerRule<Field>[];
  readonly links?: readonly LinkRule<Field>[];
};

/** At most one live record of an owner is its primary one: the one that is made so last. */
export type PrimaryRule<Field extends string = string> = {
  /** The field that says so. */
  readonly field: Field;
  /** The field that names the owner. */
  readonly owner: Field;
  /** Whether a record that goes to another owner stays primary there when the input does not say. */
  readonly staysOnMove: boolean;
};

/** Records that name a parent of their own kind: no cycles. */
export type HierarchyRule<Field extends string = string> = {
  /** The field that names the parent. */
  readonly key: Field;
  /** The longest chain; null for any. */
  readonly maxDepth: number | null;
  /**
   * The field whose value a record shares with its parent, e.g. the account of a contact and its manager. A record
   * that goes elsewhere leaves its parent and those below it behind.
   */
  readonly within: Field | null;
};

/** A reference to a record of another kind that must have the same owner. */
export type SameOwnerRule<Field extends string = string> = {
  /** The reference. */
  readonly key: Field;
  /** The field that names the owner; it is called the same in both entities. */
  readonly owner: Field;
  /** Whether a record without owner can be named as well. */
  readonly orNone: boolean;
  /** Whether it holds for good: what is named then cannot go to another owner. If not, only when it is written. */
  readonly lasting: boolean;
};

/** A `through` relation that inputs set by a list of ids: `contacts` by `contact_ids`. */
type LinkRule<Field extends string = string> = {
  readonly relation: string;
  /** The reference whose record is always one of them, e.g. a deal's primary contact. */
  readonly main: Field;
};

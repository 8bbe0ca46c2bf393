/** What can speak for two records being one. */
export const reasonCodes = {
  SAME_EMAIL: "The same email. A mailbox of many (`info@`, `sales@`) says less than a person's.",
  SAME_PHONE: "A phone number in common, however written, with or without country code.",
  SAME_DOMAIN:
    "Accounts: the same domain, website or email host. Contacts whose names are alike: emails at the same host or the same company. Hosts of free mail do not count.",
  SAME_PROFILE: "The same LinkedIn profile.",
  SAME_ACCOUNT: "The same account, of contacts whose names are alike.",
  SAME_BIRTHDAY: "The same birthday, of contacts whose names are alike.",
  SAME_NAME:
    "The same name but for case, accents, punctuation, an organization's legal form, and the order of first and last name.",
  SIMILAR_NAME: "Much the same name: misspelt, in part, shortened, or with an initial.",
} as const;

export type ReasonCode = keyof typeof reasonCodes;

/** What agrees: how much the two values are the same, and how likely that alone makes the records one (both 0 to 1). */
export type Reason = {
  readonly code: ReasonCode;
  readonly similarity: number;
  readonly weight: number;
};

/** What is known of two records together. */
export type Evidence = {
  readonly reasons: readonly Reason[];
  /** For each thing that speaks against it: the share of the score that is left. */
  readonly doubts: readonly number[];
};

/**
 * The score of two records, 0 to 1: reasons count as independent (1 − Π(1 − weight)), and each doubt leaves a share.
 * Two digits are all that the weights can mean.
 */
export function scoreOf({ reasons, doubts }: Evidence): number {
  const unlikely = reasons.reduce((rest, { weight }) => rest * (1 - weight), 1);
  const score = doubts.reduce((rest, share) => rest * share, 1 - unlikely);
  return Math.round(score * 100) / 100;
}

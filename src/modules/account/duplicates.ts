import {
  near,
  same,
  type DuplicateRules,
  type Features,
} from "../../query/duplicates/duplicates.ts";
import type { Evidence, Reason } from "../../query/duplicates/evidence.ts";
import { contained, numbersDiffer, phraseLikeness } from "../../query/duplicates/likeness.ts";
import { account } from "./model.ts";

/** Tuned on a made set, measured on another: test/duplicates. */
const weights = {
  sameDomain: 0.6,
  samePhone: 0.5,
  /** A domain or phone of many. */
  common: 0.1,
  sameName: 0.6,
  /** The name of a person says less. */
  samePerson: 0.4,
  otherName: 0.5,
  otherDomain: 0.75,
  otherPhone: 0.95,
  family: 0.4,
};

/** When two accounts are likely one. */
export const accountDuplicates: DuplicateRules = {
  entity: account,
  candidates: [
    same("phone_key", ["phone_key"]),
    same("host_key", ["host_key"]),
    same("legal_name_key", ["name_key", "legal_name_key"]),
    same("name_key", ["name_key", "legal_name_key"]),
    near("name_key"),
    near("name_key_reversed"),
  ],
  compared: {
    names: `concat_ws(E'\\n', {t}."name_key", {t}."legal_name_key")`,
    host: `{t}."host_key"`,
    phone: `{t}."phone_key" || match_extension({t}."phone")`,
    type: `{t}."account_type"`,
    id: `{t}."id"`,
    parent: `{t}."parent_account_id"`,
  },
  rare: ["host", "phone"],
  compare: compareAccounts,
};

/** What speaks for and against two accounts being one. */
function compareAccounts(left: Features, right: Features, common: ReadonlySet<string>): Evidence {
  const reasons: Reason[] = [];
  const doubts: number[] = [];
  const [leftHost, rightHost] = [left.text("host"), right.text("host")];
  if (leftHost !== null && leftHost === rightHost) {
    const weight = common.has("host") ? weights.common : weights.sameDomain;
    reasons.push({ code: "SAME_DOMAIN", similarity: 1, weight });
  } else if (leftHost !== null && rightHost !== null) {
    doubts.push(weights.otherDomain);
  }
  const [leftPhone, rightPhone] = [left.text("phone"), right.text("phone")];
  if (leftPhone !== null && leftPhone === rightPhone) {
    const weight = common.has("phone") ? weights.common : weights.samePhone;
    reasons.push({ code: "SAME_PHONE", similarity: 1, weight });
  } else if (leftPhone !== null && rightPhone !== null) {
    doubts.push(weights.otherPhone);
  }
  const [leftNames, rightNames] = [left.list("names"), right.list("names")];
  if (leftNames.length > 0 && rightNames.length > 0) {
    // "Store 12" and "Store 14" of one company have their legal name in common.
    const isNumbered = numbersDiffer(leftNames[0] ?? "", rightNames[0] ?? "");
    const likeness = isNumbered
      ? 0
      : Math.max(
          ...leftNames.flatMap((name) => rightNames.map((other) => phraseLikeness(name, other))),
        );
    const isPerson = left.text("type") === "individual" || right.text("type") === "individual";
    const full = isPerson ? weights.samePerson : weights.sameName;
    if (likeness < contained) doubts.push(weights.otherName);
    else {
      const code = likeness === 1 ? "SAME_NAME" : "SIMILAR_NAME";
      reasons.push({ code, similarity: likeness, weight: full * ((likeness - 0.5) / 0.5) });
    }
  }
  if (areFamily(left, right)) doubts.push(weights.family);
  return { reasons, doubts };
}

/** Somebody has said that the two are different: one is the other's subsidiary, or both are of the same parent. */
function areFamily(left: Features, right: Features): boolean {
  const [leftParent, rightParent] = [left.text("parent"), right.text("parent")];
  if (leftParent !== null && leftParent === rightParent) return true;
  return leftParent === right.text("id") || rightParent === left.text("id");
}

import {
  near,
  same,
  share,
  type DuplicateRules,
  type Features,
} from "../../query/duplicates/duplicates.ts";
import type { Evidence, Reason, ReasonCode } from "../../query/duplicates/evidence.ts";
import { personLikeness } from "../../query/duplicates/person-likeness.ts";
import { contact } from "./model.ts";

/** Tuned on a made set, measured on another: test/duplicates. */
const weights = {
  sameEmail: 0.9,
  /** info@, sales@: a mailbox of many. */
  sameRoleEmail: 0.3,
  samePhone: 0.5,
  commonPhone: 0.1,
  sameProfile: 0.9,
  sameName: 0.35,
  sameWorkplace: 0.55,
  sameBirthday: 0.4,
  otherPerson: 0.3,
  otherFamilyName: 0.6,
  otherEmailThere: 0.85,
  numberedEmail: 0.5,
  otherBirthday: 0.3,
  otherProfile: 0.4,
};

const phones = ["phone_key", "phone_2_key", "phone_3_key"];
/** With the extension that the keys leave out. */
const numbers = ["phone_1", "phone_2", "phone_3"].map(
  (column, index) => `{t}."${phones[index]}" || match_extension({t}."${column}")`,
);
const roleMailbox =
  /^(?:info|office|mail|contact|kontakt|hello|sales|support|service|admin|team|billing|accounts|post)@/;

/** Looked up only where one of the two has no account. Another application's account says nothing. */
const accountName = `(SELECT a."name_key" FROM "accounts" a WHERE a."tenant_id" = {t}."tenant_id" AND a."id" = {t}."account_id" AND a."deleted_at" IS NULL AND a."app_id" IS NOT DISTINCT FROM {t}."app_id")`;

/** When two contacts are likely one. */
export const contactDuplicates: DuplicateRules = {
  entity: contact,
  candidates: [
    same("email_key", ["email_key"]),
    ...phones.map((phone) => same(phone, phones)),
    same("name_key", ["name_key"]),
    near("created_at", "account_id"),
  ],
  compared: {
    first: `match_words({t}."first_name")`,
    last: `match_words({t}."last_name")`,
    email: `{t}."email_key"`,
    phones: `concat_ws(E'\\n', ${numbers.join(", ")})`,
    host: `{t}."host_key"`,
    account: `{t}."account_id"`,
    company: `COALESCE(match_organization({t}."company"), CASE WHEN {s}."account_id" IS NULL OR {s}."id" = {t}."id" THEN ${accountName} END)`,
    birthday: `{t}."birthday"`,
    profile: `lower(regexp_replace({t}."linkedin_url", '^https?://(?:[a-z]+\\.)?|[/?#]*$', '', 'g'))`,
  },
  rare: ["email", "phones"],
  compare: compareContacts,
};

/** What speaks for and against two contacts being one person. */
function compareContacts(left: Features, right: Features, common: ReadonlySet<string>): Evidence {
  const reasons: Reason[] = [];
  const doubts: number[] = [];
  const both = (name: string): [string, string] | null => {
    const [one, other] = [left.text(name), right.text(name)];
    return one === null || other === null ? null : [one, other];
  };
  const agree = (name: string): boolean => {
    const found = both(name);
    return found !== null && found[0] === found[1];
  };
  const give = (code: ReasonCode, weight: number, similarity = 1) =>
    reasons.push({ code, weight, similarity });

  const names = personLikeness(
    { first: left.text("first") ?? "", last: left.text("last") ?? "" },
    { first: right.text("first") ?? "", last: right.text("last") ?? "" },
  );
  const emails = both("email");
  if (emails !== null && emails[0] === emails[1]) {
    const isRole = common.has("email") || roleMailbox.test(emails[0]);
    give("SAME_EMAIL", isRole ? weights.sameRoleEmail : weights.sameEmail);
  } else if (emails !== null && hostOf(emails[0]) === hostOf(emails[1])) {
    doubts.push(isNumbered(emails) ? weights.numberedEmail : weights.otherEmailThere);
  }
  if (share(left, right, "phones")) {
    give("SAME_PHONE", common.has("phones") ? weights.commonPhone : weights.samePhone);
  }
  const profiles = both("profile");
  if (agree("profile")) give("SAME_PROFILE", weights.sameProfile);
  else if (profiles !== null) doubts.push(weights.otherProfile);

  if (names.agreement > 0) {
    const code = names.agreement === 1 ? "SAME_NAME" : "SIMILAR_NAME";
    give(code, weights.sameName * names.agreement, names.similarity);
    if (agree("account")) give("SAME_ACCOUNT", weights.sameWorkplace * names.agreement);
    else if (agree("host") || (agree("company") && both("account") === null)) {
      give("SAME_DOMAIN", weights.sameWorkplace * names.agreement);
    }
    if (agree("birthday")) give("SAME_BIRTHDAY", weights.sameBirthday);
  } else if (names.contradiction !== null) {
    doubts.push(names.contradiction === "family" ? weights.otherFamilyName : weights.otherPerson);
  }
  if (both("birthday") !== null && !agree("birthday")) doubts.push(weights.otherBirthday);
  return { reasons, doubts };
}

const hostOf = (email: string): string => email.slice(email.lastIndexOf("@") + 1);

/** john.smith@ and john.smith2@: whoever gave out the second address knew of the first. */
function isNumbered([left, right]: readonly [string, string]): boolean {
  const plain = (email: string) => email.slice(0, email.lastIndexOf("@")).replace(/\d+$/, "");
  return plain(left) === plain(right);
}

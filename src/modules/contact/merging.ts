import type { Stored, Values } from "../../model/record.ts";
import { phoneKey } from "../../model/kinds/phone.ts";
import { fitsIndex } from "../../model/kinds/parts/text-schema.ts";
import type { EntityWrites } from "../../write/entity-writes.ts";

/** How two contacts become one. */
export const contactMerging: EntityWrites<"Contact">["merging"] = {
  fields: {
    lastInteractionAt: "latest",
    // Nobody agrees to anything by being merged.
    optedIn: "survivor",
    optedInAt: "survivor",
    gdprConsent: "survivor",
  },
  // The street of one and the city of the other is where nobody lives.
  together: [["address", "addressAddition", "postcode", "city", "state", "country"]],
  shown: { customDisplayName: "display_name" },
  settle: (into, from, values) => ({ ...names(into, from, values), ...phones(into, from) }),
};

/** A name that was set by hand goes with the name that it stands for; lists are ordered by the computed one. */
function names(
  into: Stored<"Contact">,
  from: Stored<"Contact">,
  values: Values<"Contact">,
): Values<"Contact"> {
  const { customDisplayName, firstName, lastName } = into;
  const isNamed = (customDisplayName ?? firstName ?? lastName) !== null;
  if (!isNamed) return { customDisplayName: from.customDisplayName };
  const computed = `${values.firstName ?? ""} ${values.lastName ?? ""}`;
  const fits = customDisplayName !== null || fitsIndex(computed);
  return { customDisplayName, ...(fits ? {} : { firstName, lastName }) };
}

const slots = [
  ["phone", "phone1Label"],
  ["phone2", "phone2Label"],
  ["phone3", "phone3Label"],
] as const;

/** Each number with its label: the survivor's stay where they are, and what the other has beside them fills free slots. */
function phones(into: Stored<"Contact">, from: Stored<"Contact">): Values<"Contact"> {
  const values: { [Slot in (typeof slots)[number][number]]?: string | null } = {};
  for (const [number, label] of slots) {
    values[number] = into[number];
    values[label] = into[label];
  }
  for (const [number, label] of slots) {
    const phone = from[number];
    if (phone === null) continue;
    const known = slots.find(([slot]) => phoneKey(values[slot] ?? "") === phoneKey(phone));
    const [place, itsLabel] = known ?? slots.find(([slot]) => values[slot] === null) ?? [];
    if (place === undefined || itsLabel === undefined) continue;
    if (known === undefined) values[place] = phone;
    // A label that stood without a number is none.
    values[itsLabel] = known === undefined ? from[label] : (values[itsLabel] ?? from[label]);
  }
  return values;
}

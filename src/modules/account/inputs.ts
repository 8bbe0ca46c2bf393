import { z } from "zod";
import type { InputDefinition } from "../../write/input-definition.ts";
import { wordsOf } from "../../lib/messages.ts";
import { inputField, objectSchema } from "../../write/input.ts";
import { textSchema } from "../../model/kinds/parts/text-schema.ts";
import { entityInputs } from "../entity-inputs.ts";
import { account, maxAddresses } from "./model.ts";

const part = (description: string) =>
  inputField({ schema: textSchema(), type: { scalar: "String" }, description });

/** A postal address. */
const addressInput: InputDefinition = {
  name: "AddressInput",
  description: "A postal address.",
  blank: "null",
  fields: {
    kind: part("What it is for: e.g. `billing`, `shipping`, `office`."),
    line1: part("Street and number."),
    line2: part("Further line."),
    city: part("City."),
    state: part("State or region."),
    postcode: part("Postal code."),
    country: part("Country."),
  },
};

export const accountInputs = entityInputs(account, {
  fields: {
    display_name: inputField({
      schema: textSchema(),
      type: { scalar: "String" },
      nullable: false,
      description: "Sets the name when `name` is left out.",
    }),
    addresses: inputField({
      field: "addresses",
      schema: z
        .array(objectSchema(addressInput, "must be an address"), "must be a list of addresses")
        .max(
          maxAddresses,
          wordsOf({ complaint: "tooManyItems", max: maxAddresses, of: "addresses" }),
        ),
      type: { listOf: { input: addressInput } },
      description: "Postal addresses: billing, shipping, office. Replaces all.",
    }),
  },
});

import { z } from "zod";
import { dateForms, decimalForms } from "../../model/kind.ts";
import { referenceWays, type Manner, type Mapping } from "../read/types.ts";

const dates = z.enum(dateForms).nullable();
const decimals = z.enum(decimalForms).nullable();
const texts = z.record(z.string(), z.string());

const mappingSchema = z.object({
  columns: z.array(
    z.object({
      column: z.string(),
      target: z
        .union([
          z.object({ field: z.string() }),
          z.object({
            reference: z.string(),
            to: z.string(),
            by: z.enum(referenceWays),
            isList: z.boolean().default(false),
          }),
          z.object({ address: z.string(), part: z.string() }),
          z.object({ customField: z.string() }),
          z.object({ ignored: z.string() }),
        ])
        .nullable(),
      guessed: z.boolean(),
      hints: z.array(z.string()),
      note: z.string().nullable(),
      dates,
      decimals,
    }),
  ),
  apostrophes: z.boolean(),
}) satisfies z.ZodType<Mapping>;

const optionsSchema = z.object({
  manner: z.object({
    dates,
    decimals,
    country: z.string().nullable(),
    timeZone: z.string(),
    values: z.record(z.string(), texts),
    defaults: texts,
    empty: z.enum(["skip", "null"]),
  }) satisfies z.ZodType<Manner>,
  createMissing: z.array(z.string()),
});

/** The mapping that an import keeps. */
export const readMapping = (kept: unknown): Mapping => mappingSchema.parse(kept);

/** What an import keeps of its options, beside its columns. */
export const readOptions = (kept: unknown): z.output<typeof optionsSchema> =>
  optionsSchema.parse(kept);

import { currencyKey } from "./kinds/currency.ts";
import { domainKey } from "./kinds/domain.ts";
import { emailKey } from "./kinds/email.ts";
import type { Field, FieldKind } from "./field.ts";
import { readOnce } from "./read-once.ts";

const keys: Partial<Record<FieldKind, (text: string) => string>> = {
  currency: currencyKey,
  domain: readOnce(domainKey),
  email: readOnce(emailKey),
};

/** What a value is compared as, so that a filter, an upsert and a unique value find what a write of the same text stored. */
export function comparedAs({ kind }: Pick<Field, "kind">, value: string): string {
  return keys[kind]?.(value) ?? value;
}

import ipaddr from "ipaddr.js";
import { z } from "zod";

/** Targets of webhooks that are allowed though they are in no public network. */
export type AllowedHosts = {
  /** Names of hosts, in small letters. */
  readonly names: readonly string[];
  /** Ends of names, each with its dot in front: `.corp.example`. */
  readonly suffixes: readonly string[];
  /** Networks, such as `10.0.0.0/8` or `192.0.2.7/32`. */
  readonly networks: readonly string[];
};

/** What webhooks may do. */
export type WebhookConfig = {
  readonly allowHosts: AllowedHosts;
  /** Days that deliveries are kept once they have ended. */
  readonly keepDays: number;
};

const hint =
  "must be hosts (hooks.corp.example), ends of names (.corp.example), addresses or networks (10.0.0.0/8), separated by commas";
const label = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const namePattern = new RegExp(String.raw`^(?:\*?\.)?(?:${label}\.)*(?!\d+$)${label}$`);

/** The environment variables of this part, for the schema of `config.ts`. */
export const webhookVariables = {
  WEBHOOK_ALLOW_HOSTS: z
    .string()
    .transform((text) => text.toLowerCase().split(/[\s,]+/))
    .transform((entries) => entries.filter((entry) => entry !== ""))
    .refine((entries) => entries.every((one) => networkOf(one) !== null || isName(one)), hint)
    .default([]),
  DELIVERIES_KEEP_DAYS: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, "must be a number of days from 1 to 9999")
    .transform(Number)
    .default(30),
};

type Variables = z.infer<z.ZodObject<typeof webhookVariables>>;

/** What the variables come to. */
export function webhookConfig(variables: Variables): WebhookConfig {
  const { WEBHOOK_ALLOW_HOSTS: entries, DELIVERIES_KEEP_DAYS: keepDays } = variables;
  const names = entries.filter((entry) => networkOf(entry) === null);
  const isSuffix = (name: string): boolean => /^[*.]/.test(name);
  return {
    keepDays,
    allowHosts: {
      names: names.filter((name) => !isSuffix(name)),
      suffixes: names.filter(isSuffix).map((name) => name.replace(/^\*/, "")),
      networks: entries.flatMap((entry) => networkOf(entry) ?? []),
    },
  };
}

function isName(text: string): boolean {
  return text.length <= 253 && namePattern.test(text);
}

/** An address as a network of one; null if the text is neither. Only four decimal parts are taken for IPv4. */
function networkOf(text: string): string | null {
  if (!/[:/]|^[\d.]+$/.test(text)) return null;
  const network = text.includes("/") ? text : `${text}/${text.includes(":") ? 128 : 32}`;
  const isUsable =
    ipaddr.IPv6.isValidCIDR(network) || ipaddr.IPv4.isValidCIDRFourPartDecimal(network);
  return isUsable ? network : null;
}

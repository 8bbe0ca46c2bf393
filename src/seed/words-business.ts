export const accountTags: readonly string[] = [
  "key-account",
  "partner",
  "public-sector",
  "multi-site",
  "net-60",
  "reference",
  "at-risk",
  "expansion",
  "seasonal",
  "framework",
];
export const contactTags: readonly string[] = [
  "champion",
  "newsletter",
  "event-2025",
  "vip",
  "do-not-call",
  "technical",
  "billing",
];
export const dealTags: readonly string[] = [
  "strategic",
  "upsell",
  "fast-track",
  "needs-legal",
  "pilot",
  "bundle",
  "discounted",
];
export const activityTags: readonly string[] = ["follow-up", "on-site", "demo", "urgent"];
export const quoteTags: readonly string[] = ["multi-year", "revised", "special-terms"];

export const regions: readonly string[] = ["northeast", "southeast", "midwest", "west", "emea"];
export const lifecycleStages: readonly (readonly [string, number])[] = [
  ["customer", 45],
  ["prospect", 25],
  ["lead", 15],
  ["churned", 8],
  ["partner", 7],
];
export const leadSources: readonly string[] = [
  "inbound",
  "event",
  "referral",
  "outbound",
  "partner",
  "website",
];
export const healthScores: readonly (readonly [string, number])[] = [
  ["green", 60],
  ["yellow", 28],
  ["red", 12],
];

export const dealSubjects: readonly string[] = [
  "Facility services",
  "Annual maintenance",
  "Office refit",
  "Security upgrade",
  "Cleaning contract",
  "HVAC replacement",
  "Safety equipment",
  "Packaging supply",
  "Fleet parts",
  "Lighting retrofit",
  "Landscaping package",
  "Water treatment",
  "Warehouse racking",
  "Printer lease",
  "Solar roof",
];
export const dealTypes: readonly (readonly [string, number])[] = [
  ["new", 55],
  ["renewal", 25],
  ["expansion", 20],
];
export const pipelines: readonly string[] = ["standard", "enterprise", "renewals"];
export const competitors: readonly string[] = [
  "Apex Services",
  "Brightline",
  "Corvus Group",
  "Delta Supply",
  "EverClean",
  "Fieldstone",
];
/** Why deals are lost: a category and a reason that fits it. */
export const losses: readonly (readonly [category: string, reason: string])[] = [
  ["price", "A competitor was 12 % cheaper over the term"],
  ["price", "No budget left for this year"],
  ["competition", "Stayed with the current vendor"],
  ["competition", "Chose a local provider with shorter response times"],
  ["timing", "Project postponed to next year"],
  ["no decision", "No answer after four attempts"],
  ["fit", "We could not cover all sites"],
  ["fit", "Certification missing for the clean room"],
];
export const wonNotes: readonly string[] = [
  "Signed after two rounds; legal asked for one change.",
  "Won on service level, not on price 🎉",
  "Reference call made the difference.",
];
export const lostNotes: readonly string[] = [
  "Ask again in six months.",
  "They thanked us for the quick offer; stay in touch.",
  "We came in too late, the short list was made.",
];

/** What is offered: description, unit price in ten-thousandths, whether sold in parts of a unit. */
export const products: readonly (readonly [string, bigint, boolean])[] = [
  ["Monthly site service", 1_250_0000n, false],
  ["Technician hour", 95_0000n, true],
  ["Emergency call-out", 280_0000n, false],
  ["Filter set, HEPA", 47_5000n, false],
  ["LED panel 60 × 60 cm", 38_9000n, false],
  ["Access card", 4_2500n, false],
  ["Floor sealing, per m²", 6_1250n, true],
  ["Safety training, per person", 140_0000n, false],
  ["Cleaning agent, litre", 3_3333n, true],
  ["Camera, outdoor", 219_0000n, false],
  ["Installation, flat rate", 1_800_0000n, false],
  ["Annual inspection", 640_0000n, false],
  ["Project management day", 880_0000n, true],
  ["Waste container, month", 72_4500n, false],
  ["Sensor licence, month", 2_0995n, false],
];
export const contractTerms: readonly string[] = ["12 months", "24 months", "36 months", "one-off"];
export const quoteNotes: readonly string[] = [
  "Prices hold for deliveries within 90 days.",
  "Includes the loyalty discount agreed in spring 🤝",
  "Installation outside business hours is charged at 150 %.",
];

/** Subjects by kind of activity; `{about}` is the deal, company or person. */
export const activitySubjects = {
  call: ["Call about {about}", "Follow-up call: {about}", "Missed call, {about}"],
  email: ["Re: {about}", "Documents for {about}", "Quick question on {about}", "Offer: {about}"],
  meeting: ["Meeting: {about}", "Site visit, {about}", "Review with {about}"],
  note: ["Note on {about}", "Internal: {about}"],
  task: ["Prepare {about}", "Send references for {about}", "Check stock for {about}"],
} as const;
export const activityOutcomes: readonly string[] = [
  "interested",
  "no answer",
  "left message",
  "next step agreed",
  "not now",
  "sent documents",
];
export const activityTexts: readonly string[] = [
  "Went through open points; they will come back next week.",
  "Customer asks for a lower price on the second site.",
  "Talked to purchasing: budget is approved 👍",
  "**Next steps**\n- send revised offer\n- plan a site visit",
  "No answer, left a message with the front desk.",
  "Complaint about the last delivery, replacement is on its way 🚚",
  "They compare us with two others; decision by the end of the month.",
  "Café meeting with the new manager, très sympathique.",
  "Sent the data sheets and the certificate.",
];

export const departmentNames: readonly string[] = [
  "Sales",
  "Customer Service",
  "Field Operations",
  "Marketing",
];
export const timeZones: readonly string[] = [
  "America/New_York",
  "America/Denver",
  "America/Chicago",
  "America/Los_Angeles",
  "UTC",
];

/** What holds for every operation, in Markdown. */
export const infoText = `The three APIs and GraphQL share their records and rules. A record that one API writes can be read at once by the others.

**Credentials.** An API key in \`x-api-key\`, or a token (JWT) as \`Authorization: Bearer\`. Each operation names the scopes it needs; \`read:*\`, \`write:*\` and \`*\` cover them.

**Bodies** are JSON in UTF-8 of at most 1,000,000 bytes. An unknown key is an error. Keys that the server sets (\`id\`, \`created_at\` …) are accepted and ignored, so a record can be sent back as it was read. Text is trimmed, and blank text means null. Decimals are exact: answers have them as numbers, and bodies may send them as numbers or as text. An answer 400 lists all errors of the body in \`issues\`.

**Lists** have pages: \`limit\` sets their size, and \`cursor\` takes the \`next_cursor\` of the page before. A filter is \`stage=lead\`, or a comparison such as \`value[gte]=1000\`. A record must match all filters. Comparisons: \`ne\`, \`gt\`, \`gte\`, \`lt\`, \`lte\`, \`in\` and \`not_in\` (values with commas between), \`contains\`, \`starts_with\`, \`ends_with\`, \`is_null\`. Keys that hold a list take \`ne\`, \`in\`, \`not_in\`, \`all\`, \`is_empty\`. In the forms of this page, write them as \`{"gte":1000}\`, \`{"in":"lead,proposal"}\`.

**Versions.** The \`ETag\` is the record's version. A write with \`If-Match: <ETag>\` is refused with 412 if the record has changed since.

**Repeating.** A write with an \`Idempotency-Key\` is carried out once, even if it is sent several times within 24 hours.

**Quotas.** Every answer to a valid credential has \`X-RateLimit-Limit\`, \`X-RateLimit-Remaining\` and \`X-RateLimit-Reset\`. \`Retry-After\` of an answer 429 or 503 is the number of seconds to wait.

**Other answers.** An unknown path gets 404 with \`{"error"}\`. A method that a path does not have gets 405 with \`{"error"}\` and \`Allow\`. A request that arrives too slowly gets 408, and headers that are too large get 431, both without a body. \`HEAD\` is answered like \`GET\`, without the body; exports have \`GET\` alone.`;

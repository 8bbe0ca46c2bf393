/** What holds for every operation, in Markdown. */
export const infoText = `The same records and rules as over GraphQL: what one API writes, the others read at once.

**Credentials.** An API key in \`x-api-key\`, or a token (JWT) as \`Authorization: Bearer\`. Each operation names the scopes it needs; \`read:*\`, \`write:*\` and \`*\` cover them.

**Bodies** are JSON in UTF-8 of at most 1,000,000 bytes. A key that an operation does not know is an error; what the server keeps itself (\`id\`, \`created_at\` …) is accepted and ignored, so that a record can be sent back as it was read. Text is trimmed, and blank text counts as none. Decimals are exact: they are answered as numbers, and taken as numbers or as text. All that is wrong with a body is told at once, in \`issues\`.

**Lists** come by pages: \`limit\`, and \`cursor\` with the \`next_cursor\` of the page before. A filter is \`stage=lead\`, or a comparison such as \`value[gte]=1000\`; several must all hold. Comparisons: \`ne\`, \`gt\`, \`gte\`, \`lt\`, \`lte\`, \`in\` and \`not_in\` (values with commas between), \`contains\`, \`starts_with\`, \`ends_with\`, \`is_null\`; of keys that hold a list \`ne\`, \`in\`, \`not_in\`, \`all\`, \`is_empty\`. In the forms of this page they are written \`{"gte":1000}\`, \`{"in":"lead,proposal"}\`.

**Versions.** A record's version is its \`ETag\`. Sent back as \`If-Match\`, nothing is written when somebody else has changed the record meanwhile.

**Repeating.** A write with an \`Idempotency-Key\` is carried out once, however often it is sent.

**Quotas.** Every answer to a good credential has \`X-RateLimit-Limit\`, \`X-RateLimit-Remaining\` and \`X-RateLimit-Reset\`. An answer 429 or 503 says in \`Retry-After\` when to come again.

**Beside the answers of operations** there are: 404 with \`{"error"}\` at a path that is not here, 405 with \`{"error"}\` and \`Allow\` for a method that a path does not have, and, without a body, 408 for a request that comes too slowly and 431 for headers that are too large. \`HEAD\` is answered as \`GET\` is, without the body.`;

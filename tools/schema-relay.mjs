import graphql from "@graphql-eslint/eslint-plugin";

const { rules } = graphql.configs["flat/schema-relay"];

/** Holds schema.graphql to Relay's specifications of connections, edges and page info: `npm run relay`. */
export default [
  {
    files: ["**/*.graphql"],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: "schema.graphql" } },
    },
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...rules,
      // `search`, `duplicateAccounts`, `duplicateContacts`, `imports` and their errors only go forward: reading a search
      // from its end would find all of it first.
      "@graphql-eslint/relay-arguments": ["error", { includeBoth: false }],
      "@graphql-eslint/relay-edge-types": [
        "error",
        {
          withEdgeSuffix: true,
          // A pair of duplicates is no record, and imports and their errors have no global ids.
          shouldImplementNode: false,
          // Lists that are bounded need no pages: tags, `userErrors`, groups, results of a batch, and `nodes` beside `edges`.
          listTypeCanWrapOnlyEdgeType: false,
        },
      ],
    },
  },
];

/** The query of GraphiQL's first tab and the banner's curl: five levels, aliases, filters, totals. */
export const exampleQuery = `query FiveLevels {
  tenant {
    name
    accounts(
      first: 3
      where: { deals: { some: { stage: { eq: "closed_won" } } } }
      orderBy: [{ lastActivityAt: desc_nulls_last }]
    ) {
      totalCount
      nodes {
        displayName
        won: deals(
          first: 2
          where: { stage: { eq: "closed_won" } }
          orderBy: [{ value: desc_nulls_last }]
        ) {
          totalCount
          nodes {
            dealNumber
            name
            value
            currency
            quotes(first: 2) {
              totalCount
              nodes {
                quoteNumber
                status
                total
                lineItems(first: 3) {
                  nodes {
                    description
                    quantity
                    unitPrice
                    total
                  }
                }
              }
            }
          }
        }
        open: deals(
          first: 2
          where: { stage: { notIn: ["closed_won", "closed_lost"] } }
        ) {
          totalCount
          nodes {
            dealNumber
            stage
            expectedCloseDate
            primaryContact {
              displayName
              email
            }
          }
        }
        activities(first: 2) {
          totalCount
          nodes {
            type
            subject
            occurredAt
          }
        }
      }
    }
  }
}
`;

/** The mutation of GraphiQL's second tab. */
export const exampleMutation = `mutation CreateAccount($input: CreateAccountInput!) {
  createAccount(input: $input) {
    account {
      id
      displayName
      accountType
      tags
      version
    }
    userErrors {
      code
      message
      path
    }
  }
}
`;

/** Its variables. */
export const exampleVariables = {
  input: {
    name: "Juniper Trading",
    account_type: "business",
    website: "https://juniper.example",
    tags: ["from-graphiql"],
  },
};

/** The subscription of GraphiQL's third tab. GraphiQL ends it when another tab is opened. Its lines fit the editor. */
export const exampleSubscription = `# Run this, then CreateAccount
# in a second window: leaving
# a tab ends its subscription.
subscription AccountChanged {
  accountChanged {
    transition
    account {
      id
      displayName
      version
    }
    event {
      operation
      actor
      occurredAt
    }
    cursor
  }
}
`;

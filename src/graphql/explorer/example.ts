/** The query that GraphiQL opens with and the banner's curl sends: five levels, aliases, filters, totals. */
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

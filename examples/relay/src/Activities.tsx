import { graphql, usePaginationFragment } from "react-relay";
import { day, words } from "../../shared/format.ts";
import type { ActivitiesPageQuery } from "./__generated__/ActivitiesPageQuery.graphql.ts";
import type { Activities_account$key } from "./__generated__/Activities_account.graphql.ts";

export function Activities({ account }: { account: Activities_account$key }) {
  const { data, loadNext, hasNext } = usePaginationFragment<
    ActivitiesPageQuery,
    Activities_account$key
  >(
    graphql`
      fragment Activities_account on Account
      @argumentDefinitions(first: { type: "Int", defaultValue: 10 }, after: { type: "String" })
      @refetchable(queryName: "ActivitiesPageQuery") {
        activities(first: $first, after: $after) @connection(key: "Activities_activities") {
          edges {
            node {
              id
              type
              subject
              occurredAt
            }
          }
        }
      }
    `,
    account,
  );
  return (
    <section className="sheet">
      <h2>Activities</h2>
      <ul className="list" aria-label="Activities">
        {data.activities.edges.map(({ node }) => (
          <li key={node.id}>
            <div>
              {node.subject ?? words(node.type)}
              <small>{words(node.type)}</small>
            </div>
            <small>{day(node.occurredAt)}</small>
          </li>
        ))}
      </ul>
      {hasNext && (
        <button className="more" onClick={() => loadNext(10)}>
          More activities
        </button>
      )}
    </section>
  );
}

import { useState } from "react";
import { graphql, useMutation } from "react-relay";
import { ConnectionHandler } from "relay-runtime";
import type { NewDealMutation } from "./__generated__/NewDealMutation.graphql.ts";
import { Refusal } from "./environment.ts";

/** The form's fields, by the names that inputs have. */
const fields = [
  { name: "name", label: "Name", type: "text" },
  { name: "value", label: "Value", type: "text" },
  { name: "expected_close_date", label: "Closes", type: "date" },
] as const;

type Complaints = Record<string, string>;

export function NewDeal({ accountId }: { accountId: string }) {
  const [commit, isInFlight] = useMutation<NewDealMutation>(graphql`
    mutation NewDealMutation($input: CreateDealInput!, $lists: [ID!]!) {
      createDeal(input: $input) {
        dealEdge @prependEdge(connections: $lists) {
          cursor
          node {
            id
            ...dealCard_deal
          }
        }
        userErrors {
          code
          message
          path
        }
      }
    }
  `);
  const [complaints, setComplaints] = useState<Complaints>({});

  function save(form: HTMLFormElement): void {
    const values = new FormData(form);
    // An empty text means "not given", so a form is sent as it is.
    const sent = fields.map(({ name }) => [name, String(values.get(name))]);
    setComplaints({});
    commit({
      variables: {
        input: { account_id: accountId, ...Object.fromEntries(sent) },
        lists: [ConnectionHandler.getConnectionID(accountId, "AccountPage_deals")],
      },
      onCompleted({ createDeal: { userErrors } }) {
        if (userErrors.length === 0) form.reset();
        setComplaints(
          Object.fromEntries(userErrors.map(({ path, message }) => [path[0] ?? "", message])),
        );
      },
      onError: (error) => setComplaints(complaintsOf(error)),
    });
  }

  return (
    <form
      className="form"
      aria-label="New deal"
      onSubmit={(event) => {
        event.preventDefault();
        save(event.currentTarget);
      }}
    >
      {fields.map(({ name, label, type }) => (
        <label key={name}>
          {label}
          <input name={name} type={type} />
          <span className="error">{complaints[name]}</span>
        </label>
      ))}
      <button className="primary" disabled={isInFlight}>
        Add deal
      </button>
      <p role="alert">{complaints[""]}</p>
    </form>
  );
}

/** A value that its scalar does not take is refused before the mutation runs, with the place in the variables. */
function complaintsOf(error: Error): Complaints {
  if (!(error instanceof Refusal)) return { "": error.message };
  return Object.fromEntries(
    error.errors.map(({ message, extensions }) => {
      const path = extensions?.inputPath;
      return [Array.isArray(path) ? String(path.at(-1)) : "", message];
    }),
  );
}

import { StrictMode, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { Provider } from "urql";
import { route } from "../../shared/route.ts";
import "../../shared/style.css";
import { AccountPage } from "./AccountPage.tsx";
import { Accounts } from "./Accounts.tsx";
import { Board } from "./Board.tsx";
import { client } from "./client.ts";
import { Live } from "./Live.tsx";

function App() {
  const path = useSyncExternalStore(route.subscribe, route.get);
  const [, accountId] = /^\/accounts\/(.+)$/.exec(path) ?? [];
  const isBoard = path === "/board";
  return (
    <Live>
      {(tenant) => (
        <>
          <header className="top">
            <strong>{tenant}</strong>
            <nav>
              <a href="#/" aria-current={isBoard ? undefined : "page"}>
                Accounts
              </a>
              <a href="#/board" aria-current={isBoard ? "page" : undefined}>
                Board
              </a>
            </nav>
          </header>
          <main>
            {isBoard ? (
              <Board />
            ) : accountId ? (
              <AccountPage key={accountId} id={accountId} />
            ) : (
              <Accounts />
            )}
          </main>
        </>
      )}
    </Live>
  );
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Provider value={client}>
        <App />
      </Provider>
    </StrictMode>,
  );
}

import { Component, StrictMode, Suspense, useSyncExternalStore, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { RelayEnvironmentProvider } from "react-relay";
import { route } from "../../shared/route.ts";
import "../../shared/style.css";
import { AccountPage } from "./AccountPage.tsx";
import { Accounts } from "./Accounts.tsx";
import { Board } from "./Board.tsx";
import { environment } from "./environment.ts";
import { Live } from "./Live.tsx";

const loading = <p className="soft">Loading…</p>;

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
            <WhenFailed key={path}>
              <Suspense fallback={loading}>
                {isBoard ? (
                  <Board />
                ) : accountId ? (
                  <AccountPage key={accountId} id={accountId} />
                ) : (
                  <Accounts />
                )}
              </Suspense>
            </WhenFailed>
          </main>
        </>
      )}
    </Live>
  );
}

/** Says why a part of the page could not be read. */
class WhenFailed extends Component<{ children: ReactNode }, { failure: Error | null }> {
  override state = { failure: null as Error | null };
  static getDerivedStateFromError(failure: Error) {
    return { failure };
  }
  override render() {
    const { failure } = this.state;
    return failure ? <p role="alert">{failure.message}</p> : this.props.children;
  }
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <RelayEnvironmentProvider environment={environment}>
        <WhenFailed>
          <Suspense fallback={loading}>
            <App />
          </Suspense>
        </WhenFailed>
      </RelayEnvironmentProvider>
    </StrictMode>,
  );
}

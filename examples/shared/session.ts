let held: Promise<string> | null = null;
let latest = "";
let until = 0;

async function ask(): Promise<string> {
  const response = await fetch("/token", { method: "POST" });
  if (!response.ok) throw new Error(`No token: ${response.status}`);
  const { token, seconds }: { token: string; seconds: number } = await response.json();
  // A fifth earlier than it ends: it must still work when it arrives.
  until = Date.now() + seconds * 800;
  latest = token;
  return token;
}

/** The token of this person, from this page's own server. It is kept in memory only, and asked for again in time. */
export function token(): Promise<string> {
  const isOver = until > 0 && !isCurrent();
  if (held === null || isOver) {
    until = 0;
    held = ask();
    held.catch(() => (held = null));
  }
  return held;
}

/** Lets go of a token that the gateway refused. Requests that were refused together ask for one next token. */
export function forget(refused: string): void {
  if (refused !== latest) return;
  latest = "";
  held = null;
}

/** Whether the token that the page holds still works. */
export const isCurrent = (): boolean => until > Date.now();

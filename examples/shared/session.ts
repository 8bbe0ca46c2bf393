type Held = { token: string; until: number };

let held: Promise<Held> | null = null;

async function ask(): Promise<Held> {
  const response = await fetch("/token", { method: "POST" });
  if (!response.ok) throw new Error(`No token: ${response.status}`);
  const { token, seconds }: { token: string; seconds: number } = await response.json();
  // A fifth earlier than it ends: it must still work when it arrives.
  return { token, until: Date.now() + seconds * 800 };
}

/** The token of this person, from this page's own server. It is kept in memory only, and asked for again in time. */
export async function token(): Promise<string> {
  if (held === null || (await held).until < Date.now()) {
    held = ask();
    held.catch(() => (held = null));
  }
  return (await held).token;
}

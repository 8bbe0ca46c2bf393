/** The page's address behind the `#`: `/`, `/accounts/acc-…` or `/board`. */
export const route = {
  get: (): string => location.hash.slice(1) || "/",
  subscribe(changed: () => void): () => void {
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  },
};

/** A printed answer without what is said beside it: the state of quotas differs from one answer to the next. */
export function withoutExtensions(body: string): string {
  if (!body.startsWith("{")) return body;
  const { extensions: _, ...answer }: { extensions?: unknown } = JSON.parse(body);
  return JSON.stringify(answer);
}

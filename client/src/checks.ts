/** The root of all addresses, without a slash at the end. */
export function rootOf(baseUrl: string | URL): string {
  let url: URL;
  try {
    url = new URL(baseUrl);
  } catch {
    throw new TypeError("baseUrl: give the server's address, e.g. https://crm.example");
  }
  if (!/^https?:$/.test(url.protocol)) throw new TypeError("baseUrl: use http or https");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new TypeError("baseUrl: give the address alone; credentials have options of their own");
  }
  return url.origin + url.pathname.replace(/\/+$/, "");
}

/** A value that can be sent in a header. It is a secret, so no message repeats it. */
export function credential(name: string, value: string | undefined): string {
  if (typeof value === "string" && /^[\x21-\x7e]+$/.test(value)) return value;
  throw new TypeError(
    value === undefined || value === ""
      ? `${name} is missing; is the environment variable set?`
      : `${name}: only printable ASCII characters without spaces can be sent`,
  );
}

/** The part of a path that names a record. Without one, the path would be that of the list. */
export function idPart(id: string, name = "id"): string {
  if (typeof id === "string" && !/^\.{0,2}$/.test(id)) return encodeURIComponent(id);
  throw new TypeError(`${name}: give the id of a record`);
}

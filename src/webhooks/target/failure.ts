import { RefusedTarget } from "./lookup.ts";

const byCode: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Nothing listens at the host and port (connection refused)",
  ECONNRESET: "The connection was closed before a whole answer had come",
  EPIPE: "The connection was closed before a whole answer had come",
  ETIMEDOUT: "The host did not answer (the connection timed out)",
  EHOSTUNREACH: "There is no route to the host",
  ENETUNREACH: "There is no route to the host",
  EADDRNOTAVAIL: "There is no route to the host",
  CERT_HAS_EXPIRED: "The host's certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "The host's certificate is for another host",
  DEPTH_ZERO_SELF_SIGNED_CERT: "The host's certificate is signed by itself, and not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "The host's certificate is signed by an authority that is not trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "The host's certificate is signed by an authority that is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "The host sends its certificate without the intermediate one that it needs",
  EPROTO: "The host speaks no TLS at this port, or none that is accepted",
  ERR_SSL_WRONG_VERSION_NUMBER: "The host speaks no TLS at this port",
  ENOTFOUND: "DNS knows no such host",
  ENODATA: "DNS knows no address of the host",
};

/** Why a request got no answer, as a sentence for its owner. It tells no address. */
export function failureOf(error: unknown, seconds: number): string {
  if (error instanceof RefusedTarget) return `Refused: the host ${error.message}.`;
  if (!(error instanceof Error)) return "The request failed.";
  if (error.name === "TimeoutError") {
    return `The host gave no whole answer within ${seconds} seconds.`;
  }
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const syscall = "syscall" in error && typeof error.syscall === "string" ? error.syscall : "";
  // DNS servers refuse and time out as well.
  if (/^query|^getaddrinfo/.test(syscall) && code !== "ENOTFOUND" && code !== "ENODATA") {
    return `The host's name could not be looked up in DNS (${code}).`;
  }
  const told = byCode[code];
  if (told !== undefined) return `${told}.`;
  if (code.startsWith("HPE_")) return `The host answered with what is no HTTP (${code}).`;
  return code === "" ? "The request failed." : `The request failed (${code}).`;
}

import { pino, stdTimeFunctions, type DestinationStream, type Logger } from "pino";

/**
 * The log: a line of JSON for each event, on standard error unless said otherwise. Written before the call returns, so
 * that the lines before a crash are there.
 */
export function createLog(
  level: string,
  destination: DestinationStream = pino.destination({ fd: 2, sync: true }),
): Logger {
  return pino(
    {
      level,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}

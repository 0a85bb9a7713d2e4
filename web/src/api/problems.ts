import { ProblemError } from "./client.ts";

/** What kind of problem an error is: "price-moved"; empty where the exchange has not said. */
export function problemOf(error: unknown): string {
  return error instanceof ProblemError ? (error.problem?.type.split(":").at(-1) ?? "") : "";
}

/** A fact that a problem tells beside its sentence. */
export function factOf(error: unknown, name: string): unknown {
  return error instanceof ProblemError ? error.problem?.[name] : undefined;
}

/** Whether the exchange understood and said no: the same again would be refused again. */
export function isRefusal(error: unknown): error is ProblemError {
  return error instanceof ProblemError && error.status < 500 && error.status !== 429;
}

import type { GuardAnswer } from "./answer";
import { clients } from "./clients";
import { Guard } from "./guard";
import { readSettings } from "./read-settings";
import type { GuardRequest } from "./settings";

/*
 * The Lambda function. Made once for each of its processes: the clients keep their connections between runs.
 */

let guard: Guard | undefined;

export async function handler(request: GuardRequest): Promise<GuardAnswer> {
  guard ??= new Guard(clients(), readSettings());
  return guard.run(request);
}

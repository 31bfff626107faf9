import { InvokeCommand, type InvokeCommandOutput, LambdaClient } from "@aws-sdk/client-lambda";
import type { GuardAnswer, GuardStatus } from "../guard/answer";
import { type GuardRequest, guardFunctionName } from "../guard/settings";
import type { StackAccount } from "./stack-account";

/*
 * A request to the spend guard of a stack, for the commands.
 */

/** Milliseconds. The function has two minutes; one try more would ask for the same thing twice. */
const PATIENCE = 130_000;

/** Sends one request to a function, as the AWS SDK does. */
export type Invoke = (
  functionName: string,
  payload: string,
) => Promise<Pick<InvokeCommandOutput, "FunctionError" | "Payload">>;

export function invoker({ aws }: StackAccount): Invoke {
  const client = new LambdaClient({
    ...aws,
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 10_000, requestTimeout: PATIENCE, throwOnRequestTimeout: true },
  });
  return (FunctionName, Payload) => client.send(new InvokeCommand({ FunctionName, Payload }));
}

/** @throws Error that names the fix, where the function does not answer, fails or refuses. */
export async function askGuard(account: StackAccount, request: GuardRequest, invoke: Invoke): Promise<GuardStatus> {
  const name = guardFunctionName(account.stack);
  const { FunctionError, Payload } = await invoke(name, JSON.stringify(request)).catch((error: unknown) => {
    throw new Error(reasonOf(error, name, account));
  });
  const text = new TextDecoder().decode(Payload);
  if (FunctionError !== undefined) throw new Error(`the spend guard (function ${name}) failed: ${failureOf(text)}`);
  const answer = JSON.parse(text) as GuardAnswer;
  if ("refused" in answer) throw new Error(answer.refused);
  return answer.status;
}

/** Lambda writes what a function threw as JSON with `errorMessage`. */
function failureOf(text: string): string {
  try {
    const { errorMessage } = JSON.parse(text) as { errorMessage?: unknown };
    return typeof errorMessage === "string" ? errorMessage : text;
  } catch {
    return text;
  }
}

function reasonOf(error: unknown, name: string, { short, aws }: StackAccount): string {
  const { name: code, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
  if (code === "ResourceNotFoundException")
    return `this stack has no spend guard: there is no function ${name} in ${aws.region}. Is stack ${short} up, with a GPU pool on a cluster of its own, and are these the credentials of its account?`;
  if (code === "CredentialsProviderError" || code === "TokenProviderError")
    return `there are no AWS credentials for stack ${short} (${message}). Sign in as for pulumi, for example with aws sso login, or set AWS_PROFILE`;
  if (/^(ExpiredToken|UnrecognizedClient|InvalidSignature)/.test(code))
    return `AWS does not take these credentials (${code}: ${message}). Sign in again as for pulumi`;
  if (/^AccessDenied/.test(code))
    return `these credentials may not invoke the spend guard: they need lambda:InvokeFunction on function ${name} in ${aws.region} (${message})`;
  return `the spend guard (function ${name} in ${aws.region}) could not be asked: ${code}: ${message}`;
}

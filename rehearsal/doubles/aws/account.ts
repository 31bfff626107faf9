import type { Call, Props, Where } from "./table";

/** An answer by which AWS refuses a call. */
export class AwsError extends Error {
  constructor(
    readonly call: Call,
    readonly code: string,
    readonly reason: string,
  ) {
    super(`${call.service} ${call.operation}: ${code}: ${reason}`);
  }

  /** The thing asked about does not exist (any more). */
  get notFound(): boolean {
    return /NotFound|NoSuch|NonExistent|^404$/.test(this.code);
  }
}

interface Reply {
  readonly answer?: Props;
  readonly error?: { readonly code: string; readonly message: string };
}

/** The rehearsal's AWS account: moto.py, which judges each call by AWS's own service models before moto runs it. */
export class Account {
  constructor(private readonly url: string) {}

  /** Every call the double makes goes through here. */
  async call(call: Call, where: Where): Promise<Props> {
    const response = await fetch(`${this.url}/pilotlight/call`, {
      method: "POST",
      body: JSON.stringify({ mode: "run", ...call, region: where.region }),
    });
    const { answer, error } = (await response.json()) as Reply;
    if (error) throw new AwsError(call, error.code, error.message);
    return answer ?? {};
  }

  /** One after the other: later calls may need what earlier ones made. */
  async calls(calls: readonly Call[], where: Where): Promise<Props[]> {
    const answers: Props[] = [];
    for (const call of calls) answers.push(await this.call(call, where));
    return answers;
  }
}

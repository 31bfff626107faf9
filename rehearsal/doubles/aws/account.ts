import { Patience } from "./retries";
import type { Seed } from "./seed";
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

/** Something in the account. */
export interface Thing {
  readonly kind: string;
  readonly id: string;
}

export interface Leftovers {
  /** What should be gone. */
  readonly left: readonly Thing[];
  /** What AWS itself only deletes later: KMS keys wait for the end of their window. */
  readonly allowed: readonly Thing[];
}

interface Reply {
  readonly answer?: Props;
  readonly error?: { readonly code: string; readonly message: string };
}

/** The rehearsal's AWS account: moto.py, which judges each call by AWS's own service models before moto runs it. */
export class Account {
  constructor(private readonly url: string) {}

  /** Every call the double makes goes through here. What the provider would try again is tried again. */
  async call(call: Call, where: Pick<Where, "region">): Promise<Props> {
    const patience = new Patience();
    for (;;) {
      const { answer, error } = (await this.ask("call", { ...call, region: where.region })) as Reply;
      if (!error) return answer ?? {};
      const { giveUp } = await patience.after(new AwsError(call, error.code, error.message));
      if (giveUp !== undefined) throw new AwsError(call, error.code, giveUp);
    }
  }

  /** An operation of the rehearsal's own, which AWS does not have. */
  async own(operation: string, params: Props, region: string): Promise<Props> {
    return this.call({ service: "pilotlight", operation, params }, { region });
  }

  /** One after the other: later calls may need what earlier ones made. */
  async calls(calls: readonly Call[], where: Pick<Where, "region">): Promise<Props[]> {
    const answers: Props[] = [];
    for (const call of calls) answers.push(await this.call(call, where));
    return answers;
  }

  /** Puts things in place, which are then no leftovers. */
  async seed({ region, account: _, ...params }: Seed): Promise<void> {
    const call = { service: "pilotlight", operation: "Seed", params };
    const { error } = (await this.ask("call", { ...call, region })) as Reply;
    if (error) throw new AwsError(call, error.code, error.message);
    await this.ask("remember", {});
  }

  async leftovers(): Promise<Leftovers> {
    return (await this.ask("leftovers", {})) as unknown as Leftovers;
  }

  private async ask(route: string, body: object): Promise<unknown> {
    const response = await fetch(`${this.url}/pilotlight/${route}`, {
      method: "POST",
      body: JSON.stringify(body),
    }).catch((error: Error) => {
      throw new Error(`the AWS account at ${this.url} does not answer (${error.cause ?? error.message})`);
    });
    return response.json();
  }
}

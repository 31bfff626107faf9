import { GetParameterCommand, PutParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";
import { type GuardState, parseState, stateText } from "./state";

/*
 * The state in its SSM parameter. A check and a wake may run at once: whoever comes second must see what the first wrote.
 */

/** Somebody else wrote the state since it was read. */
export class StateChanged extends Error {
  constructor(readonly parameter: string) {
    super(`another run of the guard changed ${parameter} meanwhile; try again`);
  }
}

export interface Remembered {
  readonly state: GuardState;
  readonly faults: readonly string[];
  readonly version: number;
  /** It could not be written yet: only this process knows it. */
  readonly held?: true;
}

export class Store {
  private held: Omit<Remembered, "faults"> | undefined;

  constructor(
    private readonly ssm: SSMClient,
    private readonly parameter: string,
  ) {}

  async load(): Promise<Remembered> {
    const { Parameter } = await this.ssm.send(new GetParameterCommand({ Name: this.parameter }));
    const version = Parameter?.Version ?? 0;
    const read = { ...parseState(Parameter?.Value ?? ""), version };
    return this.held?.version === version ? { ...read, ...this.held } : read;
  }

  /** What could not be written holds in this process, which Lambda keeps for hours, until somebody writes. */
  hold(state: GuardState, { version }: Remembered): void {
    this.held = { state, version, held: true };
  }

  /**
   * SSM writes without a condition, so the version is looked at just before and again after the write.
   * @returns what is in the parameter now.
   * @throws StateChanged
   */
  async save(state: GuardState, { version }: Remembered): Promise<Remembered> {
    const { Parameter } = await this.ssm.send(new GetParameterCommand({ Name: this.parameter }));
    if (Parameter?.Version !== version) throw new StateChanged(this.parameter);
    const written = await this.ssm.send(
      new PutParameterCommand({ Name: this.parameter, Value: stateText(state), Type: "String", Overwrite: true }),
    );
    if (written.Version !== version + 1) throw new StateChanged(this.parameter);
    return { state, faults: [], version: version + 1 };
  }
}

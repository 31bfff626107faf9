/*
 * Failures that are collected, so that one of them keeps nothing else from being done. Pure but for the list.
 */

export class Faults {
  readonly all: string[] = [];

  /** What `work` gives; where it fails, the failure is noted, with what was tried, and the answer is undefined. */
  async trying<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      const fault = `${what}: ${nameOf(error)}: ${error instanceof Error ? error.message : String(error)}`;
      // What is tried twice in a run fails twice for one reason.
      if (!this.all.includes(fault)) this.all.push(fault);
      return undefined;
    }
  }
}

/** Code of an AWS error, such as `NoSuchEntityException`. */
export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : "Error");

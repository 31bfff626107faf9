// Of the SDK the errors alone: the plan has to answer within a second.
import { RunError } from "@pulumi/pulumi/errors";

/** One fault in what the user wrote. */
export interface Fault {
  /** Path in the stack file, for example `models.qwen3-8b.gpu[0]`. */
  readonly path: string;
  /** What is wrong, with the value and the fix. */
  readonly message: string;
}

/**
 * A mistake of the user's, told without a stack trace. Thrown before the first resource exists, with every fault at once.
 */
export class ConfigError extends RunError {
  constructor(readonly faults: readonly Fault[]) {
    const lines = faults.map(({ path, message }) => `  ✖ ${path}: ${message}`);
    const count = faults.length === 1 ? "one fault" : `${faults.length} faults`;
    super(`The stack's configuration has ${count}; nothing was created.\n${lines.join("\n")}`);
  }
}

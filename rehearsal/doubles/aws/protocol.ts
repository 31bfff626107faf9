import { Moments } from "../moments";
import type { Double } from "../rpc";
import { type AwsConfig, configure } from "./configure";
import type { AwsDouble } from "./provider";
import type { Where } from "./table";

/**
 * The AWS double as Pulumi's engine speaks to it.
 * @param version of the SDK it stands in for.
 */
export function awsProtocol(
  double: AwsDouble,
  version: string,
  stage: Pick<Where, "account" | "apiServer" | "caData">,
  moments = new Moments(),
): Double<AwsConfig> {
  return {
    version,
    configure: (inputs) => configure(inputs, stage),
    check: ({ defaultTags }, request) => double.check({ ...request, defaultTags }),
    diff: (_config, { type, old, now }) => double.diff(type, old, now),
    create: async ({ where }, { inputs, preview, ...target }) =>
      // No id yet: whatever depends on it is unknown in the preview.
      preview
        ? { id: "", outs: double.plan(target.type, inputs) }
        : moments.during({ op: "create", ...target }, () => double.create(target, inputs, where)),
    update: async ({ where }, { old, now, state, preview, ...target }) =>
      preview
        ? double.planUpdate(target.type, old, now, state)
        : moments.during({ op: "update", ...target }, () => double.update(target, old, now, state, where)),
    read: ({ where }, { state, ...target }) => double.read(target, state, where),
    delete: ({ where }, { state, ...target }) =>
      moments.during({ op: "delete", ...target }, () => double.delete(target, state, where)),
    invoke: ({ where }, token, args) => double.lookUp(token, args, where),
  };
}

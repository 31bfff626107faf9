import type { Notice } from "./decide";
import { ageSeconds, type Instance, isElastic, poolOf, priceOf, usdOf } from "./instances";
import { dollars, duration } from "./messages-text";
import type { GuardSettings } from "./settings";
import { CHECK_MINUTES } from "./times";

/*
 * What a person is told. Pure.
 */

export interface Message {
  /** ASCII, below 100 characters, as SNS demands. */
  readonly subject: string;
  readonly text: string;
}

export interface Around {
  readonly instances: readonly Instance[];
  /** What did not work in this run. */
  readonly faults: readonly string[];
  readonly now: Date;
}

/** Lines of instances in one message. */
const ROWS = 20;

export function messageOf(notice: Notice, settings: GuardSettings, around: Around): Message {
  const { stackShort, launchRole } = settings;
  const command = (script: string, more = "") => `    npm run ${script} -- --stack ${stackShort}${more}`;
  const message = (subject: string, ...parts: readonly (string | undefined)[]): Message => ({
    subject: `Pilotlight ${stackShort}: ${subject}`.replace(/[^ -~]/g, "?").slice(0, 99),
    text: [...parts, failures(around.faults)].filter((part) => part !== undefined).join("\n\n"),
  });
  const table = (instances: readonly Instance[]) => rows(instances, settings, around.now);
  switch (notice.notice) {
    case "off":
      return message(
        "GPUs are switched off",
        `${notice.off.detail} GPU capacity of stack ${settings.stack} is switched off: ${
          launchRole === undefined ? "" : "Karpenter may start no more instances, "
        }steady node groups go to zero, and GPU instances are terminated next.`,
        around.instances.length > 0 ? `Running now:\n${table(around.instances)}` : "No GPU instance was running.",
        notice.off.reason === "limit"
          ? "Unless spend.limit is raised first, or less is started, it will be switched off again. Back on with:"
          : "Back on with:",
        command("wake"),
      );
    case "left":
      return message(
        "GPU instances are left running",
        `GPUs of stack ${settings.stack} are switched off, but these instances could not be terminated:\n${table(notice.instances)}`,
        `The guard tries again every ${CHECK_MINUTES} minutes and fails each time, which its error alarm shows; this is said once. Running instances and the reason of the switch-off:`,
        command("lease"),
      );
    case "past-limit":
      return message(
        "GPUs cost more than the limit",
        `${notice.detail} If it is so at the next check in about ${CHECK_MINUTES} minutes, GPU capacity of stack ${settings.stack} is switched off; past twice the limit nothing waits for a second check.`,
        around.instances.length > 0 ? `Running now:\n${table(around.instances)}` : undefined,
        "A node that is being replaced runs beside the new one for some minutes, which is over by itself. Otherwise raise spend.limit and run pulumi up, or start less. What runs:",
        command("lease"),
      );
    case "idle-rests":
      return message(
        `idle nodes of pool ${notice.pool} keep coming back`,
        `Three times within 24 hours the guard has terminated idle GPU nodes of pool "${notice.pool}", the last time at ${notice.since}, and twice they had been started after the time before: something starts them and does not use them. Until ${notice.until} it terminates no more idle nodes in this pool. Nothing is switched off; limit and lease hold as before.`,
        "What asks for the nodes:",
        command("why"),
      );
    case "unseen":
      return message(
        "nothing is known of the use of GPU nodes",
        `Nothing is known of the use of ${notice.instances
          .map(({ id }) => id)
          .slice(0, ROWS)
          .join(", ")}; look at deployment gpu-use in namespace monitoring. ${
          notice.endsFrom === undefined
            ? "Nothing is ended for it (spend.unseenNode is not set), and while it lasts none of them is ended as idle."
            : `If nothing changes, they are ended from ${notice.endsFrom} on, one at a check of ${CHECK_MINUTES} minutes, each once it is older than spend.unseenNode; others of which nothing is known then go, too, 2 hours after the guard has noted them.`
        }\n${table(notice.instances)}`,
        "A node whose use is published again stays. This is said once a day while it lasts. What the deployment says:",
        "    kubectl -n monitoring logs deployment/gpu-use",
      );
    case "ended": {
      const why = {
        idle: "No GPU of these instances was used for as long as spend.idleNode allows, and Karpenter did not remove them.",
        unseen:
          "Nobody published whether these instances are used, and they are older than spend.unseenNode allows: the cluster's metrics may be broken.",
      }[notice.why];
      const count = notice.instances.length;
      return message(
        `${count} ${notice.why === "idle" ? "idle" : "unseen"} GPU ${count === 1 ? "node" : "nodes"} terminated`,
        `${why} They were terminated:\n${table(notice.instances)}`,
        `Karpenter starts new ones as soon as pods need them. What pods need and why nodes stayed:`,
        command("why"),
      );
    }
    case "stayed":
      return message(
        "unused GPU nodes could not be terminated",
        `These instances are idle, or nothing is known of their use, and they could not be terminated:\n${table(notice.instances)}`,
        `Termination protection would be a reason. The guard tries again every ${CHECK_MINUTES} minutes and fails each time, which its error alarm shows; this is said once a day. What runs:`,
        command("lease"),
      );
    case "orphans":
      return message(
        "GPU nodes of pools that are not in the stack",
        `These instances belong to pools that stack ${settings.stack} does not have, and none of its pools says how long a node may be unused (spend.idleNode). The limit and the lease count them; nothing else ends them.\n${table(notice.instances)}`,
        "If nobody needs them, terminate them. This is said once a day. What runs:",
        command("lease"),
      );
    case "steady-idle":
      return message(
        "steady GPU nodes are idle",
        `No GPU of these steady nodes was used for as long as spend.idleNode allows. They stay: their node group would start them again.\n${table(notice.instances)}`,
        "If nobody needs them, lower the pool's steadyNodes and run pulumi up. This is said once a day.",
      );
    case "lease-warning":
      return message(
        "the GPU lease ends soon",
        `The lease of stack ${settings.stack} ends at ${notice.leaseUntil}, in ${duration(
          (Date.parse(notice.leaseUntil) - around.now.getTime()) / 1000,
        )}. Then all its GPU instances are terminated.`,
        around.instances.length > 0 ? `Running now:\n${table(around.instances)}` : "No GPU instance is running now.",
        "To keep them longer:",
        command("lease", " --extend 4h"),
      );
    case "state-lost":
      return message(
        "the spend guard's state was damaged",
        `What the guard keeps in the SSM parameter ${settings.stateParameter} could not all be read: ${notice.faults.join("; ")}. The guard goes on with what was readable; without an end of the lease a new lease begins.`,
        "If GPUs were switched off, or node groups are smaller than they should be, these put it right:",
        `${command("wake")}\n    pulumi up --refresh --stack ${stackShort}`,
      );
    default:
      return notice satisfies never;
  }
}

const failures = (faults: readonly string[]): string | undefined =>
  faults.length === 0
    ? undefined
    : `These steps failed; the guard tries again every ${CHECK_MINUTES} minutes:\n${faults.map((fault) => `    ${fault}`).join("\n")}`;

function rows(instances: readonly Instance[], { prices }: GuardSettings, now: Date): string {
  const oldest = [...instances].sort((a, b) => a.launched.getTime() - b.launched.getTime());
  const lines = oldest.slice(0, ROWS).map((instance) => {
    const { usd, guessed } = priceOf(instance, prices);
    const price = `${dollars(usd)}/h${guessed ? " (no price is known of this type: counted as the dearest)" : ""}`;
    const kind = isElastic(instance) ? "elastic" : "steady";
    return `    ${instance.id}  ${instance.type}  pool ${poolOf(instance)} (${kind})  up ${duration(ageSeconds(instance, now))}  ${price}`;
  });
  if (instances.length > ROWS) lines.push(`    and ${instances.length - ROWS} more`);
  return [...lines, `    in all ${dollars(usdOf(instances, prices))} an hour at on-demand prices`].join("\n");
}

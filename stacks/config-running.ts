import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "../components/errors";
import { DEFAULT_KUBERNETES, supportEnded } from "../planner/kubernetes-versions";
import { isRecord } from "../planner/record";
import type { StackConfig } from "./config";
import { parseStack } from "./config-read";
import { warningsOf } from "./config-warnings";

/*
 * The settings as the engine hands them to the running program. Everything else about settings does without the SDK.
 */

/**
 * The validated settings of the running stack.
 * @param running whether its cluster exists already; asked for only when the answer decides something.
 * @throws ConfigError
 */
export async function readStack(today: string, running: () => Promise<boolean>): Promise<StackConfig> {
  const raw = rawConfig();
  const aws = rawConfig("aws");
  const kubernetes = isRecord(raw.cluster) ? (raw.cluster.kubernetes ?? DEFAULT_KUBERNETES) : DEFAULT_KUBERNETES;
  const ended = supportEnded(String(kubernetes), today);
  const region = new pulumi.Config("aws").get("region");
  const config = parseStack(raw, { region, aws, today, running: ended !== undefined && (await running()) });
  if (ended !== undefined) await pulumi.log.warn(`cluster.kubernetes: ${ended}`);
  for (const warning of warningsOf(config, today)) await pulumi.log.warn(warning);
  return config;
}

/** Whether a setting is encrypted in the stack file. The SDK exports this without a type (checked at the pinned version). */
const isSecret: (key: string) => boolean = Reflect.get(pulumi.runtime, "isConfigSecret");

/** Settings of the running stack as plain values; a secret is replaced by a placeholder, its value flows as an Output alone. */
export function rawConfig(project = pulumi.getProject()): Record<string, unknown> {
  const raw: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(pulumi.runtime.allConfig())) {
    if (!key.startsWith(`${project}:`)) continue;
    const name = key.slice(project.length + 1);
    if (name === "huggingFaceToken") {
      if (!isSecret(key))
        throw new ConfigError([
          { path: name, message: "is in plain text; set it with: pulumi config set --secret huggingFaceToken" },
        ]);
      raw[name] = "secret";
      continue;
    }
    raw[name] = parseValue(value);
  }
  return raw;
}

/** Pulumi hands objects over as JSON and everything else as text. */
function parseValue(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** What the AWS provider is told beside region and tags. Read once `awsFaults` has found nothing. */
export function awsSettings(): Pick<aws.ProviderArgs, "profile" | "allowedAccountIds" | "assumeRoles"> {
  const config = new pulumi.Config("aws");
  return {
    profile: config.get("profile"),
    allowedAccountIds: config.getObject("allowedAccountIds"),
    assumeRoles: config.getObject("assumeRoles"),
  };
}

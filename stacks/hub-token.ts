import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "./config";

/** The Secret with the Hugging Face token, where the stack has one; its name. */
export function createHubToken(
  config: StackConfig,
  namespace: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> | undefined {
  if (config.huggingFaceToken === undefined) return undefined;
  const token = new pulumi.Config().requireSecret("huggingFaceToken");
  return new k8s.core.v1.Secret(
    "hugging-face",
    { metadata: { name: "hugging-face", namespace }, type: "Opaque", stringData: { token } },
    opts,
  ).metadata.name;
}

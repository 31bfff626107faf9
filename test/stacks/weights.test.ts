import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import type { OwnCluster } from "../../stacks/aws";
import type { ModelConfig } from "../../stacks/config";
import { createWeights } from "../../stacks/weights";
import { find, register } from "../harness";

const COPIED = `hf://Qwen/Qwen3-8B@${"a".repeat(40)}`;

/** The weights of one model in a cluster in eu-west-1, with the namespace given. */
const weightsOf = (source: string, namespace: string) =>
  register(() => {
    const model = { source } as ModelConfig;
    const own = {
      config: { models: { qwen: model } },
      cluster: { clusterName: pulumi.output("kit") },
      partition: pulumi.output("aws"),
      region: "eu-west-1",
    } as unknown as OwnCluster;
    createWeights(own, namespace, undefined, {})("qwen", model);
  });

describe("the role of a model's pods", () => {
  test("is for the namespace that the models are in", async () => {
    const seen = await weightsOf(COPIED, "elsewhere");
    for (const name of ["qwen-engine", "model-copy"])
      expect(find(seen, "aws:eks/podIdentityAssociation:PodIdentityAssociation", name).inputs.namespace).toBe(
        "elsewhere",
      );
  });

  test("decrypts, where the weights are in a bucket of the user's own", async () => {
    const policy = async (source: string) => {
      const { inputs } = find(await weightsOf(source, "n"), "aws:iam/rolePolicy:RolePolicy", "qwen-engine-store");
      return String(inputs.policy);
    };
    const own = JSON.parse(await policy("s3://my-bucket/llama/v1"));
    expect(own.Statement.find(({ Sid }: { Sid: string }) => Sid === "DecryptWeights")).toEqual({
      Sid: "DecryptWeights",
      Effect: "Allow",
      Action: ["kms:Decrypt"],
      Resource: "*",
      Condition: {
        StringEquals: { "kms:ViaService": "s3.eu-west-1.amazonaws.com" },
        StringLike: {
          "kms:EncryptionContext:aws:s3:arn": ["arn:aws:s3:::my-bucket", "arn:aws:s3:::my-bucket/llama/v1/*"],
        },
      },
    });
    expect(await policy(COPIED)).not.toContain("kms:");
  });
});

import { expect, test } from "vitest";
import { NodeRole } from "../../components/node-role";
import { find, known, names, register } from "../harness";

const build = (partition = "aws") => register(() => new NodeRole("node", { partition }));

test("registers exactly these resources", async () => {
  expect(names(await build())).toEqual([
    ["aws:iam/role:Role", "node"],
    ["aws:iam/rolePolicyAttachment:RolePolicyAttachment", "node-pull"],
    ["aws:iam/rolePolicyAttachment:RolePolicyAttachment", "node-worker"],
    ["pilotlight:index:NodeRole", "node"],
  ]);
});

test("EC2 alone may take the role", async () => {
  const { assumeRolePolicy } = find(await build(), "aws:iam/role:Role", "node").inputs;
  expect(JSON.parse(String(assumeRolePolicy)).Statement).toEqual([
    { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" },
  ]);
});

test("it joins the cluster and pulls images, and nothing more: no CNI policy, in whatever partition", async () => {
  const seen = await build("aws-cn");
  const attached = seen.filter(({ type }) => type.endsWith(":RolePolicyAttachment"));
  expect(attached.map(({ inputs }) => inputs)).toEqual([
    { role: "node", policyArn: "arn:aws-cn:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly" },
    { role: "node", policyArn: "arn:aws-cn:iam::aws:policy/AmazonEKSWorkerNodePolicy" },
  ]);
});

test("shows both attachments, which nodes have to outlive", async () => {
  expect(await known(() => new NodeRole("node", { partition: "aws" }).attachments.map(({ urn }) => urn))).toHaveLength(
    2,
  );
});

import { describe, expect, test } from "vitest";
import { PodRole } from "../../components/pod-role";
import { find, names, register } from "../harness";
import { creationOrder } from "../order";

const make = () =>
  new PodRole("reader", {
    clusterName: "kit",
    namespace: "inference",
    serviceAccount: "qwen",
    policies: { read: '{"Statement":[]}', list: '{"Statement":[1]}' },
  });

describe("PodRole", () => {
  test("registers exactly these resources", async () => {
    expect(names(await register(make))).toEqual([
      ["aws:eks/podIdentityAssociation:PodIdentityAssociation", "reader"],
      ["aws:iam/role:Role", "reader"],
      ["aws:iam/rolePolicy:RolePolicy", "reader-list"],
      ["aws:iam/rolePolicy:RolePolicy", "reader-read"],
      ["pilotlight:index:PodRole", "reader"],
    ]);
  });

  test("Pod Identity alone may take the role, and may tag its sessions", async () => {
    const { assumeRolePolicy } = find(await register(make), "aws:iam/role:Role", "reader").inputs;
    expect(JSON.parse(String(assumeRolePolicy))).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "pods.eks.amazonaws.com" },
          Action: ["sts:AssumeRole", "sts:TagSession"],
        },
      ],
    });
  });

  test("one service account of one namespace gets it, with the policies given", async () => {
    const seen = await register(make);
    expect(find(seen, "aws:eks/podIdentityAssociation:PodIdentityAssociation", "reader").inputs).toEqual({
      clusterName: "kit",
      namespace: "inference",
      serviceAccount: "qwen",
      roleArn: "arn:aws:mock:us-east-1:123456789012:reader",
    });
    expect(find(seen, "aws:iam/rolePolicy:RolePolicy", "reader-read").inputs).toEqual({
      role: "reader",
      policy: '{"Statement":[]}',
    });
  });

  test("the association comes after every policy, so no pod starts without a right and none loses one first", async () => {
    const order = await creationOrder(make);
    for (const policy of ["RolePolicy reader-read", "RolePolicy reader-list", "Role reader"])
      expect(order.waits("PodIdentityAssociation reader", policy), policy).toBe(true);
  });
});

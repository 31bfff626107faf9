import { describe, expect, test } from "vitest";
import { LoadBalancerController, loadBalancerValues } from "../../components/load-balancer-controller";
import { loadBalancerPolicy } from "../../components/load-balancer-policy";
import { find, names, register } from "../harness";
import { creationOrder, Marker } from "../order";

const make = (after: Marker[] = []) =>
  new LoadBalancerController("balancer", {
    clusterName: "kit",
    vpcId: "vpc-1",
    partition: "aws",
    region: "us-east-1",
    accountId: "123456789012",
    replicas: 2,
    after,
  });

describe("LoadBalancerController", () => {
  test("registers exactly these resources", async () => {
    expect(names(await register(make))).toEqual([
      ["aws:eks/podIdentityAssociation:PodIdentityAssociation", "balancer"],
      ["aws:iam/role:Role", "balancer"],
      ["aws:iam/rolePolicy:RolePolicy", "balancer-balancer"],
      ["kubernetes:helm.sh/v3:Release", "balancer"],
      ["pilotlight:index:LoadBalancerController", "balancer"],
      ["pilotlight:index:PodRole", "balancer"],
    ]);
  });

  test("its service account has the policy of this stack, in the size that IAM takes inline", async () => {
    const seen = await register(make);
    const policy = String(find(seen, "aws:iam/rolePolicy:RolePolicy", "balancer-balancer").inputs.policy);
    expect(JSON.parse(policy)).toEqual(
      loadBalancerPolicy({
        partition: "aws",
        region: "us-east-1",
        accountId: "123456789012",
        clusterName: "kit",
        vpcId: "vpc-1",
      }),
    );
    expect(policy.replace(/\s/g, "").length).toBeLessThan(10_240);
    const association = find(seen, "aws:eks/podIdentityAssociation:PodIdentityAssociation", "balancer").inputs;
    const release = find(seen, "kubernetes:helm.sh/v3:Release", "balancer").inputs;
    expect([association.namespace, association.serviceAccount]).toEqual([
      release.namespace,
      (release.values as { serviceAccount: { name: string } }).serviceAccount.name,
    ]);
  });

  test("an Ingress comes after it, and it after its role and its routes: its load balancer can still be taken away", async () => {
    const order = await creationOrder(() => {
      const routes = new Marker("routes");
      new Marker("ingress", make([routes]).ready);
    });
    for (const earlier of ["PodIdentityAssociation balancer", "RolePolicy balancer-balancer", "Marker routes"])
      expect(order.waits("Release balancer", earlier), earlier).toBe(true);
    expect(order.waits("Marker ingress", "Release balancer")).toBe(true);
  });
});

test("the chart's values", () => {
  expect(loadBalancerValues({ clusterName: "kit", region: "us-east-1", vpcId: "vpc-1", replicas: 2 })).toEqual({
    clusterName: "kit",
    region: "us-east-1",
    vpcId: "vpc-1",
    replicaCount: 2,
    serviceAccount: { name: "aws-load-balancer-controller" },
    nodeSelector: { "pilotlight.dev/role": "system" },
    resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "256Mi" } },
    enableServiceMutatorWebhook: false,
    defaultTargetType: "ip",
    enableShield: false,
    enableWaf: false,
    enableWafv2: false,
  });
});

import { expect, test } from "vitest";
import { parse } from "yaml";
import { kubeconfig } from "../../components/kubeconfig";

const text = kubeconfig({
  clusterName: "kit-dev",
  region: "eu-central-1",
  endpoint: "https://0123.gr7.eu-central-1.eks.amazonaws.com",
  certificateAuthority: "Q0E=",
});

test("kubectl's own reader takes it: one cluster, one context, one user", async () => {
  // An ES module, which a CommonJS file can only import this way.
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromString(text);
  expect(config.getCurrentContext()).toBe("kit-dev");
  expect(config.getCurrentCluster()).toMatchObject({
    server: "https://0123.gr7.eu-central-1.eks.amazonaws.com",
    caData: "Q0E=",
    skipTLSVerify: false,
  });
  expect(config.getContexts()).toHaveLength(1);
});

test("the token is asked for at every use, by the AWS CLI, for this cluster in this region", () => {
  expect(parse(text).users).toEqual([
    {
      name: "kit-dev",
      user: {
        exec: {
          apiVersion: "client.authentication.k8s.io/v1beta1",
          command: "aws",
          args: ["eks", "get-token", "--cluster-name", "kit-dev", "--region", "eu-central-1", "--output", "json"],
          interactiveMode: "Never",
        },
      },
    },
  ]);
});

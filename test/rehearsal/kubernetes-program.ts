import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { kubeconfig } from "../../components/kubeconfig";
import type { ApiServer } from "../../rehearsal/doubles/kubernetes";

export const SECRETS = { token: "tk-0a9Z8y7X6w5V4u3T2s1R", password: "pw-9b8A7c6D5e4F3g2H1i0J" };
/** What the tests change between two updates. */
export const settings = { label: "one", data: "one", image: "busybox:1", size: 1, token: SECRETS.token };

const backend = { service: { name: "gateway", port: { number: 4000 } } };
const RULES = { rules: [{ http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }] };

const jobSpec = (secret: k8s.core.v1.Secret) => {
  const env = [{ name: "TOKEN", valueFrom: { secretKeyRef: { name: secret.metadata.name, key: "token" } } }];
  return { template: { spec: { restartPolicy: "Never", containers: [{ name: "run", image: settings.image, env }] } } };
};

/** One of every kind of resource that the kit registers with the kubernetes and random providers. */
export const programOn =
  ({ url, caData }: ApiServer) =>
  async () => {
    const config = kubeconfig({ clusterName: "c", region: "eu-west-1", endpoint: url, certificateAuthority: caData });
    const provider = new k8s.Provider("cluster", { kubeconfig: pulumi.secret(config), enableServerSideApply: true });
    const opts = { provider };
    const team = new k8s.core.v1.Namespace(
      "team",
      { metadata: { name: "team", labels: { step: settings.label } } },
      opts,
    );
    const namespace = team.metadata.name;
    const made = new random.RandomPassword("made", { length: 40, special: false });
    const secret = new k8s.core.v1.Secret(
      "keys",
      {
        metadata: { name: "keys", namespace },
        stringData: { token: pulumi.secret(settings.token), made: made.result },
      },
      opts,
    );
    const file = new k8s.core.v1.ConfigMap("file", { metadata: { namespace }, data: { text: settings.data } }, opts);
    new k8s.core.v1.ServiceAccount("account", { metadata: { name: "account", namespace } }, opts);
    new k8s.core.v1.ResourceQuota(
      "quota",
      // The server writes 1000m as 1.
      { metadata: { name: "quota", namespace }, spec: { hard: { "requests.cpu": "1000m", pods: "4" } } },
      opts,
    );
    const job = new k8s.batch.v1.Job("job", { metadata: { name: "job", namespace }, spec: jobSpec(secret) }, opts);
    const ingress = new k8s.networking.v1.Ingress("door", { metadata: { name: "door", namespace }, spec: RULES }, opts);
    const crds = new k8s.yaml.v2.ConfigFile("crds", { file: "https://example.test/crds.yaml" }, opts);
    const widget = new k8s.apiextensions.CustomResource(
      "widget",
      { apiVersion: "example.test/v1", kind: "Widget", metadata: { name: "widget", namespace }, spec: { size: 1 } },
      { ...opts, dependsOn: [crds] },
    );
    const values = { size: settings.size, password: pulumi.secret(SECRETS.password) };
    const local = new k8s.helm.v3.Release(
      "local",
      { chart: "../charts/local", name: "local", namespace, values, maxHistory: 3 },
      { ...opts, dependsOn: [widget] },
    );
    const repositoryOpts = { repo: "https://charts.invalid" };
    const others = new k8s.helm.v3.Release(
      "others",
      { chart: "others", version: "v1.2.3", repositoryOpts, namespace, values: { any: 1 }, timeout: 60 },
      opts,
    );
    return {
      file: file.metadata.name,
      hostname: ingress.status.loadBalancer.ingress[0]?.hostname,
      succeeded: job.status.succeeded,
      local: local.status,
      names: local.resourceNames,
      others: others.status,
      widget: widget.id,
      made: made.result,
    };
  };

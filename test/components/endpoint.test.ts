import { Ingress } from "kubernetes-models/networking.k8s.io/v1/Ingress";
import { describe, expect, test } from "vitest";
import { Endpoint, type EndpointArgs } from "../../components/endpoint";
import { find, known, names, type Registered, register } from "../harness";
import { creationOrder, Marker } from "../order";

const args = (change: Partial<EndpointArgs> = {}): EndpointArgs => ({
  namespace: "inference",
  serviceName: "gateway",
  servicePort: 4000,
  exposure: "internal",
  subnetIds: ["subnet-1", "subnet-2"],
  allowedCidrs: ["10.0.0.0/8"],
  idleSeconds: 1300,
  tags: {},
  after: [],
  ...change,
});
const PUBLIC: Partial<EndpointArgs> = {
  exposure: "public",
  domain: { name: "llm.example.com", zone: "example.com" },
};
const build = (change?: Partial<EndpointArgs>) => register(() => new Endpoint("endpoint", args(change)));
const ingress = (seen: Registered[]) =>
  find(seen, "kubernetes:networking.k8s.io/v1:Ingress", "endpoint").inputs as {
    metadata: { annotations: Record<string, string> };
    spec: { ingressClassName: string; rules: { host?: string; http: { paths: unknown[] } }[] };
  };
const annotation = (seen: Registered[], key: string) =>
  ingress(seen).metadata.annotations[`alb.ingress.kubernetes.io/${key}`];

describe("Endpoint", () => {
  test("internal: an Ingress and nothing in AWS", async () => {
    expect(names(await build())).toEqual([
      ["kubernetes:networking.k8s.io/v1:Ingress", "endpoint"],
      ["pilotlight:index:Endpoint", "endpoint"],
    ]);
  });

  test("with a domain: a certificate, its proof and a name besides", async () => {
    expect(names(await build(PUBLIC))).toEqual([
      ["aws:acm/certificate:Certificate", "endpoint"],
      ["aws:acm/certificateValidation:CertificateValidation", "endpoint"],
      ["aws:route53/record:Record", "endpoint"],
      ["aws:route53/record:Record", "endpoint-validation"],
      ["kubernetes:networking.k8s.io/v1:Ingress", "endpoint"],
      ["pilotlight:index:Endpoint", "endpoint"],
    ]);
  });

  test("only the clients' paths lead to the gateway, and nothing else to anything; Kubernetes takes the Ingress", async () => {
    const { spec } = ingress(await build());
    const backend = { service: { name: "gateway", port: { number: 4000 } } };
    // No default backend: the controller answers 404 to what no path matches.
    expect(spec).toEqual({
      ingressClassName: "alb",
      rules: [
        {
          http: {
            paths: [
              { path: "/v1/chat/completions", pathType: "Exact", backend },
              { path: "/v1/completions", pathType: "Exact", backend },
              { path: "/v1/embeddings", pathType: "Exact", backend },
              { path: "/v1/rerank", pathType: "Exact", backend },
              { path: "/v1/messages", pathType: "Prefix", backend },
              { path: "/v1/models", pathType: "Prefix", backend },
              { path: "/v1/responses", pathType: "Prefix", backend },
            ],
          },
        },
      ],
    });
    new Ingress(ingress(await build(PUBLIC)) as never).validate();
  });

  test("internal and plain: no certificate, the idle time of the hold chain, an address over HTTP", async () => {
    const seen = await build();
    expect(annotation(seen, "scheme")).toBe("internal");
    expect(annotation(seen, "listen-ports")).toBe('[{"HTTP":80}]');
    expect(annotation(seen, "load-balancer-attributes")).toContain("idle_timeout.timeout_seconds=1300,");
    expect(annotation(seen, "certificate-arn")).toBeUndefined();
    expect(await known(() => new Endpoint("endpoint", args()).url)).toBe("http://alb.example/v1");
  });

  test("public: the validated certificate, no other Host header, an address over HTTPS", async () => {
    const seen = await build(PUBLIC);
    expect(annotation(seen, "scheme")).toBe("internet-facing");
    expect(annotation(seen, "listen-ports")).toBe('[{"HTTPS":443}]');
    expect(annotation(seen, "certificate-arn")).toBe("arn:aws:mock:us-east-1:123456789012:endpoint");
    expect(ingress(seen).spec.rules.map(({ host }) => host)).toEqual(["llm.example.com"]);
    expect(await known(() => new Endpoint("endpoint", args(PUBLIC)).url)).toBe("https://llm.example.com/v1");
  });

  test("the certificate is proved in the zone, and the name leads to the load balancer", async () => {
    const seen = await build(PUBLIC);
    expect(find(seen, "aws:acm/certificate:Certificate", "endpoint").inputs).toEqual({
      domainName: "llm.example.com",
      validationMethod: "DNS",
    });
    expect(find(seen, "aws:route53/record:Record", "endpoint-validation").inputs).toEqual({
      zoneId: "Z123",
      name: "_x",
      type: "CNAME",
      records: ["_y"],
      ttl: 60,
    });
    expect(find(seen, "aws:route53/record:Record", "endpoint").inputs).toEqual({
      zoneId: "Z123",
      name: "llm.example.com",
      type: "A",
      aliases: [{ name: "alb.example", zoneId: "ZALB", evaluateTargetHealth: false }],
    });
  });

  test("the Ingress comes after the controller and the validated certificate; so it goes before both", async () => {
    const order = await creationOrder(() => new Endpoint("endpoint", args({ ...PUBLIC, after: [new Marker("lbc")] })));
    expect(order.waits("Ingress endpoint", "Marker lbc")).toBe(true);
    expect(order.waits("Ingress endpoint", "CertificateValidation endpoint")).toBe(true);
    expect(order.waits("CertificateValidation endpoint", "Record endpoint-validation")).toBe(true);
    expect(order.waits("Record endpoint", "Ingress endpoint")).toBe(true);
  });
});

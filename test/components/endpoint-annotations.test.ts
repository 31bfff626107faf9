import { expect, test } from "vitest";
import { albAnnotations, CLIENT_PATHS, type LoadBalancerSettings } from "../../components/endpoint-annotations";
import { holdChain, MAX_ALB_IDLE_SECONDS } from "../../planner/hold";

const PREFIX = "alb.ingress.kubernetes.io/";
const annotations = (change: Partial<LoadBalancerSettings> = {}) => {
  const all = albAnnotations({
    exposure: "internal",
    subnetIds: ["subnet-1", "subnet-2"],
    allowedCidrs: ["10.0.0.0/8", "192.0.2.0/24"],
    idleSeconds: 1300,
    tags: { team: "ml", "pilotlight:stack": "kit-dev" },
    ...change,
  });
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [key.replace(PREFIX, ""), value]));
};

test("internal and plain: every annotation, exactly", () => {
  expect(annotations()).toEqual({
    scheme: "internal",
    "target-type": "ip",
    subnets: "subnet-1,subnet-2",
    "inbound-cidrs": "10.0.0.0/8,192.0.2.0/24",
    "load-balancer-attributes":
      "idle_timeout.timeout_seconds=1300,routing.http.drop_invalid_header_fields.enabled=true,deletion_protection.enabled=false",
    "target-group-attributes":
      "deregistration_delay.timeout_seconds=1300,load_balancing.algorithm.type=least_outstanding_requests",
    "healthcheck-path": "/health/readiness",
    "healthcheck-interval-seconds": "10",
    "success-codes": "200",
    tags: "team=ml,pilotlight:stack=kit-dev",
    "listen-ports": '[{"HTTP":80}]',
  });
});

test("with a certificate: TLS alone, no port 80, no old protocol", () => {
  const { "listen-ports": ports, ...tls } = annotations({ exposure: "public", certificateArn: "arn:cert" });
  expect(JSON.parse(ports ?? "")).toEqual([{ HTTPS: 443 }]);
  expect(tls).toMatchObject({
    scheme: "internet-facing",
    "certificate-arn": "arn:cert",
    "ssl-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
  });
});

test("the longest wait of the hold chain is one that the load balancer takes", () => {
  const longest = MAX_ALB_IDLE_SECONDS - 60;
  const { albIdleSeconds } = holdChain({
    coldStartSeconds: 440,
    longestGenerationSeconds: 600,
    holdSeconds: longest - 600,
  });
  const { "load-balancer-attributes": balancer, "target-group-attributes": group } = annotations({
    idleSeconds: albIdleSeconds,
  });
  expect(balancer).toContain("idle_timeout.timeout_seconds=4000,");
  // A target group has a smaller limit of its own.
  expect(group).toContain("deregistration_delay.timeout_seconds=3600,");
});

test("every annotation belongs to the controller and is text", () => {
  for (const [key, value] of Object.entries(
    albAnnotations({ exposure: "public", subnetIds: [], allowedCidrs: [], idleSeconds: 60, tags: {} }),
  )) {
    expect(key.startsWith(PREFIX)).toBe(true);
    expect(typeof value).toBe("string");
  }
});

/** Whether the load balancer passes a path: of an Ingress path the controller makes `/p`, and of a prefix `/p/*` besides. */
const passes = (path: string) =>
  CLIENT_PATHS.some((each) => path === each.path || (each.pathType === "Prefix" && path.startsWith(`${each.path}/`)));

test.each([
  "/v1/chat/completions",
  "/v1/completions",
  "/v1/embeddings",
  "/v1/rerank",
  "/v1/models",
  "/v1/models/qwen",
  "/v1/messages",
  "/v1/messages/count_tokens",
  "/v1/responses",
  "/v1/responses/resp_1",
  "/v1/responses/resp_1/cancel",
])("clients reach %s", (path) => {
  expect(passes(path)).toBe(true);
});

test.each([
  "/",
  "/v1",
  "/chat/completions",
  "/models",
  "/key/generate",
  "/v1/key/generate",
  "/key/list",
  "/user/new",
  "/team/new",
  "/model/new",
  "/v1/model/info",
  "/v1/modelsx",
  "/config/update",
  "/spend/logs",
  "/ui",
  "/metrics",
  "/health",
  "/health/readiness",
  "/v1/chat/completions/x",
])("nobody reaches %s from outside", (path) => {
  expect(passes(path)).toBe(false);
});

test("no path holds a wildcard, which the controller refuses", () => {
  for (const { path } of CLIENT_PATHS) expect(path).toMatch(/^\/v1\/[a-z/]+[a-z]$/);
});

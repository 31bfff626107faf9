/*
 * What the load balancer of the endpoint is, as annotations for the AWS Load Balancer Controller. Pure.
 * Source of names: kubernetes-sigs/aws-load-balancer-controller, tag v3.5.0, docs/guide/ingress/annotations.md.
 */

/**
 * What clients of models call, with what lies below it where they call that too: one model, a response and its parts,
 * /v1/messages/count_tokens. The load balancer answers 404 to everything else of the gateway (keys, spend, metrics, its own
 * /health, which calls every model and so would wake every GPU). Routes: LiteLLM 1.106.2, its OpenAPI description.
 */
export const CLIENT_PATHS = [
  { path: "/v1/chat/completions", pathType: "Exact" },
  { path: "/v1/completions", pathType: "Exact" },
  { path: "/v1/embeddings", pathType: "Exact" },
  { path: "/v1/rerank", pathType: "Exact" },
  { path: "/v1/messages", pathType: "Prefix" },
  { path: "/v1/models", pathType: "Prefix" },
  { path: "/v1/responses", pathType: "Prefix" },
] as const;

/** Longest deregistration delay of a target group. */
const MAX_DEREGISTRATION_SECONDS = 3600;

export interface LoadBalancerSettings {
  readonly exposure: "public" | "internal";
  readonly subnetIds: readonly string[];
  /** Ranges that may connect; at least one. */
  readonly allowedCidrs: readonly string[];
  /** Seconds without a byte after which the load balancer hangs up: the last number of the hold chain. */
  readonly idleSeconds: number;
  /** Turns TLS on. */
  readonly certificateArn?: string;
  readonly tags: Readonly<Record<string, string>>;
}

const list = (values: Readonly<Record<string, string | number>>) =>
  Object.entries(values)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");

export function albAnnotations(settings: LoadBalancerSettings): Record<string, string> {
  const { certificateArn } = settings;
  const plain = {
    scheme: settings.exposure === "public" ? "internet-facing" : "internal",
    "target-type": "ip",
    subnets: settings.subnetIds.join(","),
    "inbound-cidrs": settings.allowedCidrs.join(","),
    "load-balancer-attributes": list({
      "idle_timeout.timeout_seconds": settings.idleSeconds,
      "routing.http.drop_invalid_header_fields.enabled": "true",
      "deletion_protection.enabled": "false",
    }),
    "target-group-attributes": list({
      // A request that is held, or still generating, keeps its gateway pod until it has its answer.
      "deregistration_delay.timeout_seconds": Math.min(settings.idleSeconds, MAX_DEREGISTRATION_SECONDS),
      // Answers differ in length by orders of magnitude; taking turns would pile them up.
      "load_balancing.algorithm.type": "least_outstanding_requests",
    }),
    "healthcheck-path": "/health/readiness",
    "healthcheck-interval-seconds": "10",
    "success-codes": "200",
    tags: list(settings.tags),
  };
  const tls =
    certificateArn === undefined
      ? { "listen-ports": JSON.stringify([{ HTTP: 80 }]) }
      : {
          // No port 80 to redirect from: a client would have sent its key in the clear before it learns of TLS.
          "listen-ports": JSON.stringify([{ HTTPS: 443 }]),
          "certificate-arn": certificateArn,
          "ssl-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        };
  return Object.fromEntries(
    Object.entries({ ...plain, ...tls }).map(([key, value]) => [`alb.ingress.kubernetes.io/${key}`, value]),
  );
}

import { describe } from "vitest";
import { claim, condition, node, noRoom, refused, say, waits } from "./why-samples";

describe("a node that is on its way, or stuck there", () => {
  say([
    [
      "Karpenter is down",
      "launch-failed",
      waits(100, { controllers: [{ metadata: { name: "karpenter", namespace: "kube-system" }, status: {} }] }),
      `qwen3-8b gets no node: Karpenter is down. 1 request is held; the first will be given up in about 13 min, 15 min after it came. Deployment karpenter in namespace kube-system has no available pod. Look at it with:
  kubectl -n kube-system describe deployment karpenter`,
    ],
    [
      "launches are denied, and the guard is silent",
      "launch-failed",
      waits(100, {
        guard: { unknown: "the spend guard did not answer within 20 s" },
        nodeClaims: [
          claim([
            condition(
              "Launched",
              "Unknown",
              "Unauthorized",
              "User is not authorized to perform this operation because no identity-based policy allows it",
              50,
            ),
          ]),
        ],
      }),
      `qwen3-8b gets no node: EC2 refuses what Karpenter asks for (Unauthorized). NodeClaim l40s-spot-x7k2p of NodePool l40s-spot says: User is not authorized to perform this operation because no identity-based policy allows it. 1 request is held; the first will be given up in about 13 min, 15 min after it came. Whether the spend guard keeps GPUs off is not known: the spend guard did not answer within 20 s. The spend guard denies launches while it keeps GPUs off; ask it with:
  npm run lease -- --stack dev`,
    ],
    [
      "the image of the node is gone",
      "launch-failed",
      waits(100, {
        guard: { gpusOff: false },
        nodeClaims: [
          claim([
            condition(
              "Launched",
              "Unknown",
              "AMINotFound",
              "AMI used for instance launch either does not exist or you don't have permissions to use it",
              50,
            ),
          ]),
        ],
      }),
      `qwen3-8b gets no node: EC2 refuses what Karpenter asks for (AMINotFound). NodeClaim l40s-spot-x7k2p of NodePool l40s-spot says: AMI used for instance launch either does not exist or you don't have permissions to use it. 1 request is held; the first will be given up in about 13 min, 15 min after it came. Karpenter tries again and again. Its log has EC2's own words:
  kubectl -n kube-system logs -l app.kubernetes.io/name=karpenter --tail 100`,
    ],
    [
      "the node does not join",
      "node-not-joining",
      waits(430, {
        nodeClaims: [
          claim([
            condition("Launched", "True", "Launched", "", 400),
            condition("Registered", "Unknown", "NodeNotFound", "Node not registered with cluster", 400),
          ]),
        ],
      }),
      `qwen3-8b waits for a node that does not join: g6e.xlarge (spot, NodePool l40s-spot, NodeClaim l40s-spot-x7k2p) was launched 7 min ago. NodeClaim l40s-spot-x7k2p is not registered (Node not registered with cluster). 1 request is held; the first will be given up in about 8 min, 15 min after it came. Karpenter gives the machine up 15 min after it was asked for, in 8 min, and tries another. Subnets without a way to the cluster or to the registries, and roles that the cluster does not know, look like this; the machine's own words:
  aws ec2 get-console-output --latest --output text --instance-id i-0123456789abcdef0 --region us-east-1`,
    ],
    [
      "the node shows no GPU",
      "no-device-plugin",
      waits(430, {
        nodes: [node(200)],
        nodeClaims: [
          claim([
            condition("Launched", "True", "Launched", "", 400),
            condition("Registered", "True", "Registered", "", 200),
            condition(
              "Initialized",
              "Unknown",
              "ResourceNotRegistered",
              `Resource "nvidia.com/gpu" was requested but not registered`,
              200,
            ),
          ]),
        ],
      }),
      `qwen3-8b waits for a GPU that node ip-10-0-1-2.ec2.internal does not show. The node joined 3 min ago and is ready, but has no nvidia.com/gpu: its driver or device plugin is not up (NodeClaim l40s-spot-x7k2p: Resource "nvidia.com/gpu" was requested but not registered). 1 request is held; the first will be given up in about 8 min, 15 min after it came. Look at what runs there, and at its events:
  kubectl get pods -A -o wide --field-selector spec.nodeName=ip-10-0-1-2.ec2.internal`,
    ],
    [
      "a node is on its way",
      "waiting-for-node",
      waits(50, {
        nodeClaims: [
          claim(
            [
              condition("Launched", "True", "Launched", "", 40),
              condition("Registered", "Unknown", "NodeNotFound", "Node not registered with cluster", 40),
            ],
            45,
          ),
        ],
      }),
      "qwen3-8b waits for a node: Karpenter launched g6e.xlarge (spot, NodePool l40s-spot, NodeClaim l40s-spot-x7k2p) 40 s ago; it has not joined yet. A cold start usually takes 4 min in all; 50 s have passed. 1 request is held; the first will be given up in about 14 min, 15 min after it came.",
    ],
    [
      "EC2 has not answered",
      "waiting-for-node",
      waits(5, {
        nodeClaims: [
          {
            ...claim(
              [condition("Launched", "Unknown", "AwaitingReconciliation", "object is awaiting reconciliation", 2)],
              2,
            ),
            metadata: { name: "l40s-spot-x7k2p", labels: { "karpenter.sh/nodepool": "l40s-spot" } },
          },
        ],
      }),
      "qwen3-8b waits for a node: Karpenter asks for a node (NodePool l40s-spot, NodeClaim l40s-spot-x7k2p); EC2 has not answered yet. A cold start usually takes 4 min in all; 5 s have passed. 1 request is held; the first will be given up in about 15 min, 15 min after it came.",
    ],
    [
      "a node is on its way after a refusal",
      "waiting-for-node",
      waits(70, {
        events: [refused("a10g-on-demand", noRoom("g5.xlarge", "us-east-1b"), 60)],
        nodeClaims: [
          claim(
            [
              condition("Launched", "True", "Launched", "", 40),
              condition("Registered", "True", "Registered", "", 5),
              condition("Initialized", "Unknown", "NodeNotReady", "Node status is NotReady", 5),
            ],
            45,
          ),
        ],
      }),
      "qwen3-8b waits for a node: Karpenter launched g6e.xlarge (spot, NodePool l40s-spot, NodeClaim l40s-spot-x7k2p) 40 s ago; it has joined, and gets ready (Node status is NotReady). For NodePool a10g-on-demand EC2 refused g5.xlarge (on-demand) in us-east-1b 60 s ago: InsufficientInstanceCapacity. A cold start usually takes 4 min in all; 70 s have passed. 1 request is held; the first will be given up in about 14 min, 15 min after it came.",
    ],
  ]);
});

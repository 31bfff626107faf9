import { describe } from "vitest";
import { condition, event, MODEL, nodePool, noRoom, POOLS, refused, say, VCPU_LIMIT, waits } from "./why-samples";

describe("no node at all", () => {
  say([
    [
      "EC2 refuses the first choice",
      "no-capacity",
      waits(20, { events: [refused("l40s-spot", noRoom("g6e.xlarge", "us-east-1a"), 10)] }),
      "qwen3-8b waits for a node: EC2 has refused the first of its choices (InsufficientInstanceCapacity). For NodePool l40s-spot EC2 refused g6e.xlarge (spot) in us-east-1a 10 s ago: InsufficientInstanceCapacity. Next in the order is NodePool l40s-on-demand. 1 request is held; the first will be given up in about 15 min, 15 min after it came.",
    ],
    [
      "EC2 refuses every choice",
      "no-capacity",
      waits(100, {
        events: [
          refused("l40s-spot", `${noRoom("g6e.xlarge", "us-east-1a")}; ${noRoom("g6e.xlarge", "us-east-1b")}`, 80),
          refused("l40s-on-demand", noRoom("g6e.xlarge", "us-east-1a"), 75),
          refused("a10g-on-demand", noRoom("g5.xlarge", "us-east-1a"), 70),
          refused("a10g-on-demand", noRoom("g5.2xlarge", "us-east-1a"), 60),
        ],
      }),
      "qwen3-8b gets no node: EC2 has no capacity for any of its choices (InsufficientInstanceCapacity). For NodePool l40s-spot EC2 refused g6e.xlarge (spot) in us-east-1a, among others, 80 s ago: InsufficientInstanceCapacity. For NodePool l40s-on-demand EC2 refused g6e.xlarge (on-demand) in us-east-1a 75 s ago: InsufficientInstanceCapacity. For NodePool a10g-on-demand EC2 refused g5.2xlarge and g5.xlarge (on-demand) in us-east-1a 60 s ago: InsufficientInstanceCapacity. Karpenter asks again 3 min after a refusal: in 100 s. Another gpu, another kind of capacity or more instanceTypes in the stack file give it more choices. 1 request is held; the first will be given up in about 13 min, 15 min after it came.",
    ],
    [
      "refused or at the limit",
      "no-capacity",
      waits(400, {
        nodePools: [nodePool("l40s-spot", ["g6e.xlarge"], { used: 2 }), nodePool("a10g-on-demand", ["g5.xlarge"])],
        events: [
          refused("a10g-on-demand", noRoom("g5.xlarge", "us-east-1a"), 300),
          refused("l40s-spot", noRoom("g6e.xlarge", "us-east-1a"), 500),
        ],
      }),
      "qwen3-8b gets no node: EC2 has no capacity for any of its choices (InsufficientInstanceCapacity). NodePool l40s-spot is at its limit: 2 of 2 GPUs. For NodePool a10g-on-demand EC2 refused g5.xlarge (on-demand) in us-east-1a 5 min ago: InsufficientInstanceCapacity. Karpenter is about to ask again. Another gpu, another kind of capacity or more instanceTypes in the stack file give it more choices. 1 request is held; the first will be given up in about 8 min, 15 min after it came.",
    ],
    [
      "the account's quota is too small",
      "quota",
      waits(100, {
        events: [
          refused("l40s-spot", "MaxSpotInstanceCountExceeded: Max spot instance count exceeded", 80),
          refused("l40s-on-demand", noRoom("g6e.xlarge", "us-east-1a"), 70),
          refused("a10g-on-demand", VCPU_LIMIT, 60),
        ],
      }),
      `qwen3-8b gets no node: the account's quota of EC2 does not allow one more ("All G and VT Spot Instance Requests", L-3819A6DF and "Running On-Demand G and VT instances", L-DB2E81BA). For NodePool l40s-spot EC2 refused g6e.xlarge (spot) 80 s ago: MaxSpotInstanceCountExceeded. For NodePool l40s-on-demand EC2 refused g6e.xlarge (on-demand) in us-east-1a 70 s ago: InsufficientInstanceCapacity. For NodePool a10g-on-demand EC2 refused g5.xlarge and g5.2xlarge (on-demand) 60 s ago: VcpuLimitExceeded. Karpenter asks again 3 min after a refusal: in 100 s. 1 request is held; the first will be given up in about 13 min, 15 min after it came. Ask AWS for what the NodePools may have at most:
  aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-3819A6DF --desired-value 8 --region us-east-1
  aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-DB2E81BA --desired-value 16 --region us-east-1`,
    ],
    [
      "quota on demand alone",
      "quota",
      waits(100, {
        nodePools: [...POOLS.slice(0, 2), nodePool("h100-on-demand", ["p5.4xlarge"])],
        events: [refused("l40s-on-demand", VCPU_LIMIT, 70), refused("a10g-on-demand", VCPU_LIMIT, 60)],
      }),
      `qwen3-8b gets no node: the account's quota of EC2 does not allow one more ("Running On-Demand G and VT instances", L-DB2E81BA). For NodePool l40s-on-demand EC2 refused g6e.xlarge (on-demand) 70 s ago: VcpuLimitExceeded. For NodePool a10g-on-demand EC2 refused g5.xlarge and g5.2xlarge (on-demand) 60 s ago: VcpuLimitExceeded. Karpenter asks again 3 min after a refusal: in 110 s. 1 request is held; the first will be given up in about 13 min, 15 min after it came. Ask AWS for what the NodePools may have at most:
  aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-DB2E81BA --desired-value 16 --region us-east-1`,
    ],
    [
      "all NodePools are full",
      "limit",
      waits(100, {
        nodePools: [
          nodePool("l40s-spot", ["g6e.xlarge"], { used: 2 }),
          nodePool("a10g-on-demand", ["g5.xlarge"], { used: 3, limit: 3 }),
        ],
      }),
      `qwen3-8b gets no node: all its NodePools are at the limit of GPUs. l40s-spot has 2 of at most 2 and a10g-on-demand has 3 of at most 3. 1 request is held; the first will be given up in about 13 min, 15 min after it came. Wait until another replica sleeps, or raise maxGpus of pool l40s or a10g in the stack file (pilotlight:gpuPools), then:
  pulumi up --stack dev`,
    ],
    [
      "NodePools are not ready",
      "launch-failed",
      waits(100, {
        nodePools: [
          {
            ...nodePool("l40s-spot", ["g6e.xlarge"]),
            status: { conditions: [condition("Ready", "False", "UnhealthyDependents", "NodeClassReady=False")] },
          },
        ],
        nodeClasses: [
          {
            metadata: { name: "l40s" },
            status: {
              conditions: [
                condition("AMIsReady", "True"),
                condition("SubnetsReady", "False", "SubnetsNotFound", "SubnetSelector did not match any Subnets"),
                condition("Ready", "False", "x", "y"),
              ],
            },
          },
        ],
      }),
      `qwen3-8b gets no node: NodePool l40s-spot is not ready. EC2NodeClass l40s, SubnetsReady: SubnetSelector did not match any Subnets. 1 request is held; the first will be given up in about 13 min, 15 min after it came. What the stack makes is put back with:
  pulumi up --stack dev --refresh`,
    ],
    [
      "no NodePool is of its pools",
      "not-schedulable",
      waits(100, { nodePools: [nodePool("h100-on-demand", ["p5.4xlarge"])] }),
      `qwen3-8b fits no node: it asks for pool l40s or a10g, and there are NodePools of h100 alone. 1 request is held; the first will be given up in about 13 min, 15 min after it came. The stack's settings and the cluster differ; bring them together with:
  pulumi up --stack dev --refresh`,
    ],
    [
      "no instance type is large enough",
      "not-schedulable",
      waits(100, {
        events: [
          event(
            "Pod",
            `${MODEL}-5d9c-abcde`,
            "FailedScheduling",
            'Failed to schedule pod, incompatible requirements, key pilotlight.dev/pool, pilotlight.dev/pool In [a10g l40s] not in pilotlight.dev/pool In [h100]; no instance type has enough resources, requirements=karpenter.sh/capacity-type In [spot], resources={"cpu":"30"}',
            60,
          ),
        ],
      }),
      `qwen3-8b fits no node that its pools can have. Karpenter says, 60 s ago: no instance type has enough resources, requirements=karpenter.sh/capacity-type In [spot], resources={"cpu":"30"}. 1 request is held; the first will be given up in about 13 min, 15 min after it came. Compare what the pod asks for with the NodePools:
  kubectl -n inference describe pod qwen3-8b-5d9c-abcde`,
    ],
    [
      "Karpenter says what nobody here knows",
      "unknown",
      waits(20, {
        events: [
          event("Pod", `${MODEL}-5d9c-abcde`, "FailedScheduling", "Failed to schedule pod, the moon is full", 10),
        ],
      }),
      "qwen3-8b waits for a node. Karpenter says, 10 s ago: Failed to schedule pod, the moon is full. The scheduler says: 0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling. Pod qwen3-8b-5d9c-abcde is the one that waits. 1 request is held; the first will be given up in about 15 min, 15 min after it came.",
    ],
    [
      "nobody has said anything yet",
      "unknown",
      waits(3),
      "qwen3-8b waits for a node, and Karpenter has not said why. The scheduler says: 0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling. Karpenter usually answers within 30 s; then ask again. Pod qwen3-8b-5d9c-abcde is the one that waits. 1 request is held; the first will be given up in about 15 min, 15 min after it came.",
    ],
  ]);
});

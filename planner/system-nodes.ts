/** CPU in millicores, memory in MiB. */
export interface PodSize {
  readonly cpuMillis: number;
  readonly memoryMib: number;
}

const size = (cpuMillis: number, memoryMib: number): PodSize => ({ cpuMillis, memoryMib });

/**
 * What a pod may request of one system node. m7i.large, m6i.large and m5.large have the same.
 * Source: the generated instance reference of Karpenter's AWS provider, commit 1d92708.
 */
const NODE = { cpuMillis: 1930, memoryMib: 6903, pods: 29 } as const;
/** On each node: CNI with its policy agent 50m, kube-proxy 100m, Pod Identity agent nothing. */
const DAEMONS = { cpuMillis: 150, memoryMib: 0, pods: 3 } as const;
/** Two, so that controllers and gateway survive the loss of one. */
const MIN_NODES = 2;

/** Requests of the pods that every stack has, as the components and charts set them; CoreDNS is EKS's own. */
export const SYSTEM_PODS = {
  /** One of each. */
  single: {
    "keda-metrics-server": size(50, 96),
    "keda-webhooks": size(10, 32),
    "kube-state-metrics": size(10, 64),
    "prometheus-operator": size(50, 96),
    prometheus: size(200, 768),
    "gpu-operator": size(50, 128),
    "node-feature-discovery-master": size(20, 64),
    "node-feature-discovery-gc": size(10, 32),
    "gateway-keys": size(50, 64),
    /** Jobs that find no room wait for the one before them. */
    "model-copy": size(100, 1024),
  },
  /** Always two. */
  double: { coredns: size(100, 70) },
  /** One, or two where one stands by. */
  controllers: {
    karpenter: size(200, 512),
    "keda-operator": size(100, 128),
    "load-balancer-controller": size(50, 128),
  },
  gateway: size(250, 768),
  /** Envoy and the endpoint picker of one model. */
  router: size(150, 192),
} as const;

/** What decides how many pods there are. */
interface SystemLoad {
  readonly models: number;
  readonly gatewayReplicas: number;
  readonly controllerReplicas: 1 | 2;
}

/** Every pod that may be on the system nodes at a time, besides the daemons. */
export function systemPods({ models, gatewayReplicas, controllerReplicas }: SystemLoad): PodSize[] {
  const { single, double, controllers, gateway, router } = SYSTEM_PODS;
  const times = (count: number, pods: readonly PodSize[]) => Array.from({ length: count }, () => pods).flat();
  return [
    ...Object.values(single),
    ...times(2, Object.values(double)),
    ...times(controllerReplicas, Object.values(controllers)),
    // A rollout starts the new pod before the old one goes; of many routers, one after the other.
    ...times(gatewayReplicas + 1, [gateway]),
    ...times(models + 1, [router]),
  ];
}

/** What one node has for the pods of `systemPods`. */
export const SYSTEM_NODE_ROOM = {
  cpuMillis: NODE.cpuMillis - DAEMONS.cpuMillis,
  memoryMib: NODE.memoryMib - DAEMONS.memoryMib,
  pods: NODE.pods - DAEMONS.pods,
} as const;

/** Nodes without a GPU that a stack needs. */
export function systemNodeCount(load: SystemLoad): number {
  const pods = systemPods(load);
  return Math.max(
    MIN_NODES,
    nodesFor(
      pods.map(({ cpuMillis }) => cpuMillis),
      SYSTEM_NODE_ROOM.cpuMillis,
    ),
    nodesFor(
      pods.map(({ memoryMib }) => memoryMib),
      SYSTEM_NODE_ROOM.memoryMib,
    ),
    nodesFor(
      pods.map(() => 1),
      SYSTEM_NODE_ROOM.pods,
    ),
  );
}

/**
 * Nodes on which all pods find room, whatever the order in which they come. A pod is refused where less than its request
 * is left; so with the largest pod still to come, no node may be fuller than its room less that pod.
 */
function nodesFor(requests: readonly number[], room: number): number {
  const largest = Math.max(...requests);
  const others = requests.reduce((sum, request) => sum + request, 0) - largest;
  return Math.floor(others / (room - largest + 1)) + 1;
}

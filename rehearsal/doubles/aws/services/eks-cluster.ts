import { isDeepStrictEqual } from "node:util";
import {
  at,
  type Call,
  items,
  list,
  type Props,
  props,
  type Row,
  service,
  type Table,
  type Tagging,
  text,
} from "../table";

export const eks = service("eks");

/** EKS tags by ARN, under the output that holds it. */
export function tagging(arn = "arn"): Tagging {
  return {
    set: (_id, state, tags) => eks("TagResource", { resourceArn: state[arn], tags }),
    unset: (_id, state, keys) => eks("UntagResource", { resourceArn: state[arn], tagKeys: keys }),
  };
}

/** All types of control plane log; one that is not named is switched off. */
const LOG_TYPES = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

function logging(types: Props[string]): Props {
  const on = list(types);
  const off = LOG_TYPES.filter((type) => !on.includes(type));
  const groups = [
    { types: on, enabled: true },
    { types: off, enabled: false },
  ];
  return { clusterLogging: groups.filter((group) => group.types.length > 0) };
}

function endpoint(vpc: Props): Props {
  return {
    endpointPublicAccess: vpc.endpointPublicAccess ?? true,
    endpointPrivateAccess: vpc.endpointPrivateAccess ?? false,
    publicAccessCidrs: vpc.publicAccessCidrs,
  };
}

const network = (vpc: Props): Props => ({ subnetIds: vpc.subnetIds, securityGroupIds: vpc.securityGroupIds });

function clusterOuts(i: Props, cluster: Props, apiServer: string, caData: string): Props {
  const vpc = props(cluster.resourcesVpcConfig);
  return {
    arn: text(cluster, "arn"),
    endpoint: apiServer,
    certificateAuthority: { data: caData },
    createdAt: text(cluster, "createdAt"),
    identities: [{ oidcs: [{ issuer: text(cluster, "identity.oidc.issuer") }] }],
    platformVersion: text(cluster, "platformVersion"),
    status: "ACTIVE",
    version: text(cluster, "version"),
    kubernetesNetworkConfig: {
      serviceIpv4Cidr: text(cluster, "kubernetesNetworkConfig.serviceIpv4Cidr"),
      ipFamily: "ipv4",
    },
    vpcConfig: {
      publicAccessCidrs: ["0.0.0.0/0"],
      ...endpoint(props(i.vpcConfig)),
      ...props(i.vpcConfig),
      clusterSecurityGroupId: text(vpc, "clusterSecurityGroupId"),
      vpcId: text(vpc, "vpcId"),
    },
  };
}

const updateConfig =
  (params: (now: Props) => Props) =>
  ({ id, now }: { id: string; now: Props }): Call[] => [eks("UpdateClusterConfig", { name: id, ...params(now) })];

/** AWS changes the network and the access to the endpoint in calls of their own. */
function updateVpc({ id, old, now }: { id: string; old: Props; now: Props }): Call[] {
  const parts = [endpoint, network].map((part) => [part(props(old.vpcConfig)), part(props(now.vpcConfig))] as const);
  return parts
    .filter(([before, after]) => !isDeepStrictEqual(before, after))
    .map(([, after]) => eks("UpdateClusterConfig", { name: id, resourcesVpcConfig: after }));
}

const cluster: Row = {
  autoname: { field: "name", max: 100 },
  replaces: [
    "name",
    "roleArn",
    "bootstrapSelfManagedAddons",
    "encryptionConfig",
    "kubernetesNetworkConfig",
    "accessConfig.bootstrapClusterCreatorAdminPermissions",
  ],
  updates: {
    version: ({ id, now }) => [eks("UpdateClusterVersion", { name: id, version: now.version })],
    vpcConfig: updateVpc,
    enabledClusterLogTypes: updateConfig((now) => ({ logging: logging(now.enabledClusterLogTypes) })),
    accessConfig: updateConfig((now) => ({
      accessConfig: { authenticationMode: text(now, "accessConfig.authenticationMode") },
    })),
    upgradePolicy: updateConfig((now) => ({ upgradePolicy: now.upgradePolicy })),
    deletionProtection: updateConfig((now) => ({ deletionProtection: now.deletionProtection })),
  },
  local: ["forceUpdateVersion", "defaultAddonsToRemoves"],
  filledIn: ["vpcConfig.clusterSecurityGroupId", "vpcConfig.vpcId"],
  tags: tagging(),
  create: (i) =>
    eks("CreateCluster", {
      name: i.name,
      version: i.version,
      roleArn: i.roleArn,
      resourcesVpcConfig: {
        ...network(props(i.vpcConfig)),
        ...endpoint(props(i.vpcConfig)),
      },
      kubernetesNetworkConfig: i.kubernetesNetworkConfig,
      logging: logging(i.enabledClusterLogTypes),
      encryptionConfig: i.encryptionConfig ? [i.encryptionConfig] : undefined,
      accessConfig: i.accessConfig,
      bootstrapSelfManagedAddons: i.bootstrapSelfManagedAddons,
      upgradePolicy: i.upgradePolicy,
      deletionProtection: i.deletionProtection,
      tags: i.tags,
    }),
  id: (answer) => text(answer, "cluster.name"),
  // The stage plays the control plane: whoever asks EKS for the endpoint must find it.
  finish: (id, _i, where) => [
    {
      service: "pilotlight",
      operation: "SetClusterEndpoint",
      params: { name: id, endpoint: where.apiServer, caData: where.caData },
    },
  ],
  outs: (_id, i, [made], where) => clusterOuts(i, props(made?.cluster), where.apiServer, where.caData),
  exists: (id) => eks("DescribeCluster", { name: id }),
  seen: (answer) => ({ version: text(answer, "cluster.version") }),
  remove: (id) => [eks("DeleteCluster", { name: id })],
};

/** EKS spells the effects of taints its own way, in Pulumi too. */
function labelChange(old: Props, now: Props): Props {
  const before = props(old.labels);
  const after = props(now.labels);
  const gone = Object.keys(before).filter((key) => !(key in after));
  return { addOrUpdateLabels: after, ...(gone.length > 0 ? { removeLabels: gone } : {}) };
}

function taintChange(old: Props, now: Props): Props {
  const key = (taint: Props) => `${taint.key}:${taint.effect}`;
  const after = items(now.taints);
  const gone = items(old.taints).filter((taint) => !after.some((other) => key(other) === key(taint)));
  return {
    ...(after.length > 0 ? { addOrUpdateTaints: after } : {}),
    ...(gone.length > 0 ? { removeTaints: gone } : {}),
  };
}

const groupConfig = ({ old, now }: { old: Props; now: Props }): Call[] => [
  eks("UpdateNodegroupConfig", {
    clusterName: now.clusterName,
    nodegroupName: now.nodeGroupName,
    scalingConfig: now.scalingConfig,
    labels: labelChange(old, now),
    taints: taintChange(old, now),
    updateConfig: now.updateConfig,
    nodeRepairConfig: now.nodeRepairConfig,
  }),
];

const groupVersion = ({ now }: { now: Props }): Call[] => [
  eks("UpdateNodegroupVersion", {
    clusterName: now.clusterName,
    nodegroupName: now.nodeGroupName,
    version: now.version,
    releaseVersion: now.releaseVersion,
    launchTemplate: now.launchTemplate,
    force: now.forceUpdateVersion,
  }),
];

function groupOuts(made: Props): Props {
  return {
    arn: text(made, "nodegroupArn"),
    status: "ACTIVE",
    amiType: text(made, "amiType"),
    capacityType: text(made, "capacityType"),
    instanceTypes: list(made.instanceTypes),
    version: text(made, "version"),
    releaseVersion: text(made, "releaseVersion"),
    resources: [
      {
        autoscalingGroups: items(props(made.resources).autoScalingGroups).map(({ name }) => ({ name })),
        remoteAccessSecurityGroupId: "",
      },
    ],
  };
}

/** As the provider tells that it waited in vain. Source: terraform-provider-aws, waitNodegroupCreated and issuesError. */
function groupFault(answer: Props, id: string): string | undefined {
  const status = text(answer, "nodegroup.status");
  if (status === "ACTIVE") return undefined;
  const issues = items(at(answer, "nodegroup.health.issues")).map(
    ({ code, message, resourceIds }) => `${list(resourceIds).join(", ")}: ${code}: ${message}`,
  );
  return `waiting for EKS Node Group (${id}) create: unexpected state '${status}', wanted target 'ACTIVE'. last error: ${issues.join("; ")}`;
}

const nodeGroup: Row = {
  autoname: { field: "nodeGroupName", prefix: "nodeGroupNamePrefix", max: 63 },
  replaces: [
    "clusterName",
    "nodeGroupName",
    "nodeGroupNamePrefix",
    "nodeRoleArn",
    "subnetIds",
    "amiType",
    "capacityType",
    "diskSize",
    "instanceTypes",
    "remoteAccess",
    "launchTemplate.id",
    "launchTemplate.name",
  ],
  updates: {
    scalingConfig: groupConfig,
    labels: groupConfig,
    taints: groupConfig,
    updateConfig: groupConfig,
    nodeRepairConfig: groupConfig,
    version: groupVersion,
    releaseVersion: groupVersion,
    launchTemplate: groupVersion,
  },
  local: ["forceUpdateVersion"],
  tags: tagging(),
  create: (i) =>
    eks("CreateNodegroup", {
      clusterName: i.clusterName,
      nodegroupName: i.nodeGroupName,
      nodeRole: i.nodeRoleArn,
      subnets: i.subnetIds,
      scalingConfig: i.scalingConfig,
      amiType: i.amiType,
      capacityType: i.capacityType,
      diskSize: i.diskSize,
      instanceTypes: i.instanceTypes,
      remoteAccess: i.remoteAccess,
      launchTemplate: i.launchTemplate,
      labels: i.labels,
      taints: i.taints,
      updateConfig: i.updateConfig,
      nodeRepairConfig: i.nodeRepairConfig,
      version: i.version,
      releaseVersion: i.releaseVersion,
      tags: i.tags,
    }),
  id: (_answer, i) => `${text(i, "clusterName")}:${text(i, "nodeGroupName")}`,
  settled: {
    ask: (_id, i) => eks("DescribeNodegroup", { clusterName: i.clusterName, nodegroupName: i.nodeGroupName }),
    fault: groupFault,
  },
  outs: (_id, _i, [made]) => groupOuts(props(made?.nodegroup)),
  exists: (_id, s) => eks("DescribeNodegroup", { clusterName: s.clusterName, nodegroupName: s.nodeGroupName }),
  remove: (_id, s) => [eks("DeleteNodegroup", { clusterName: s.clusterName, nodegroupName: s.nodeGroupName })],
};

export const clusters: Table = { "aws:eks/cluster:Cluster": cluster, "aws:eks/nodeGroup:NodeGroup": nodeGroup };

import { type Call, items, type Props, props, type Table, text } from "../table";
import { eks, tagging } from "./eks-cluster";

const onCluster = (operation: string, state: Props, key: string, params: Props = {}): Call =>
  eks(operation, { clusterName: state.clusterName, [key]: state[key], ...params });

const updateEntry = ({ now }: { now: Props }): Call[] => [
  onCluster("UpdateAccessEntry", now, "principalArn", {
    kubernetesGroups: now.kubernetesGroups,
    username: now.userName,
  }),
];

/** The parts of an add-on that can change, as one call. */
const updateAddon = ({ now }: { now: Props }): Call[] => [
  onCluster("UpdateAddon", now, "addonName", {
    addonVersion: now.addonVersion,
    configurationValues: now.configurationValues,
    podIdentityAssociations: now.podIdentityAssociations,
    serviceAccountRoleArn: now.serviceAccountRoleArn,
    resolveConflicts: now.resolveConflictsOnUpdate,
  }),
];

const updateIdentity = ({ now, state }: { now: Props; state: Props }): Call[] => [
  onCluster("UpdatePodIdentityAssociation", { ...now, associationId: state.associationId }, "associationId", {
    roleArn: now.roleArn,
    targetRoleArn: now.targetRoleArn,
    disableSessionTags: now.disableSessionTags,
  }),
];

const times = (made: Props): Props => ({ createdAt: text(made, "createdAt"), modifiedAt: text(made, "modifiedAt") });

export const access: Table = {
  "aws:eks/accessEntry:AccessEntry": {
    defaults: { type: "STANDARD" },
    replaces: ["clusterName", "principalArn", "type"],
    updates: { kubernetesGroups: updateEntry, userName: updateEntry },
    tags: tagging("accessEntryArn"),
    create: (i) =>
      onCluster("CreateAccessEntry", i, "principalArn", {
        kubernetesGroups: i.kubernetesGroups,
        username: i.userName,
        type: i.type,
        tags: i.tags,
      }),
    id: (_answer, i) => `${text(i, "clusterName")}:${text(i, "principalArn")}`,
    outs: (_id, _i, [made]) => ({
      ...times(props(made?.accessEntry)),
      accessEntryArn: text(made, "accessEntry.accessEntryArn"),
    }),
    exists: (_id, state) => onCluster("DescribeAccessEntry", state, "principalArn"),
    remove: (_id, state) => [onCluster("DeleteAccessEntry", state, "principalArn")],
  },

  "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": {
    replaces: ["clusterName", "principalArn", "policyArn", "accessScope"],
    create: (i) =>
      onCluster("AssociateAccessPolicy", i, "principalArn", { policyArn: i.policyArn, accessScope: i.accessScope }),
    id: (_answer, i) => `${text(i, "clusterName")}#${text(i, "principalArn")}#${text(i, "policyArn")}`,
    outs: (_id, _i, [made]) => ({
      associatedAt: text(made, "associatedAccessPolicy.associatedAt"),
      modifiedAt: text(made, "associatedAccessPolicy.modifiedAt"),
    }),
    exists: (_id, state) => onCluster("ListAssociatedAccessPolicies", state, "principalArn"),
    alive: (answer) => items(answer.associatedAccessPolicies).length > 0,
    remove: (_id, state) => [
      onCluster("DisassociateAccessPolicy", state, "principalArn", { policyArn: state.policyArn }),
    ],
  },

  "aws:eks/addon:Addon": {
    replaces: ["clusterName", "addonName"],
    updates: {
      addonVersion: updateAddon,
      configurationValues: updateAddon,
      podIdentityAssociations: updateAddon,
      serviceAccountRoleArn: updateAddon,
    },
    local: ["preserve", "resolveConflictsOnCreate", "resolveConflictsOnUpdate"],
    tags: tagging(),
    create: (i) =>
      onCluster("CreateAddon", i, "addonName", {
        addonVersion: i.addonVersion,
        configurationValues: i.configurationValues,
        podIdentityAssociations: i.podIdentityAssociations,
        serviceAccountRoleArn: i.serviceAccountRoleArn,
        resolveConflicts: i.resolveConflictsOnCreate,
        tags: i.tags,
      }),
    id: (_answer, i) => `${text(i, "clusterName")}:${text(i, "addonName")}`,
    outs: (_id, _i, [made]) => ({
      ...times(props(made?.addon)),
      arn: text(made, "addon.addonArn"),
      addonVersion: text(made, "addon.addonVersion"),
    }),
    exists: (_id, state) => onCluster("DescribeAddon", state, "addonName"),
    remove: (_id, state) => [onCluster("DeleteAddon", state, "addonName", { preserve: state.preserve })],
  },

  "aws:eks/podIdentityAssociation:PodIdentityAssociation": {
    replaces: ["clusterName", "namespace", "serviceAccount"],
    updates: { roleArn: updateIdentity, targetRoleArn: updateIdentity, disableSessionTags: updateIdentity },
    tags: tagging("associationArn"),
    create: (i) =>
      eks("CreatePodIdentityAssociation", {
        clusterName: i.clusterName,
        namespace: i.namespace,
        serviceAccount: i.serviceAccount,
        roleArn: i.roleArn,
        targetRoleArn: i.targetRoleArn,
        disableSessionTags: i.disableSessionTags,
        tags: i.tags,
      }),
    id: (answer) => text(answer, "association.associationId"),
    outs: (id, _i, [made]) => ({
      associationId: id,
      associationArn: text(made, "association.associationArn"),
    }),
    exists: (_id, state) => onCluster("DescribePodIdentityAssociation", state, "associationId"),
    remove: (_id, state) => [onCluster("DeletePodIdentityAssociation", state, "associationId")],
  },
};

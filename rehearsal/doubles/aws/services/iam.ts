import { type Call, items, list, type Props, pairs, service, type Table, type Tagging, text } from "../table";

const iam = service("iam");

/** Tags of roles, policies and instance profiles: the same calls under three names. */
function tagging(kind: "Role" | "Policy" | "InstanceProfile", key: string): Tagging {
  return {
    set: (id, _state, tags) => iam(`Tag${kind}`, { [key]: id, Tags: pairs(tags) }),
    unset: (id, _state, keys) => iam(`Untag${kind}`, { [key]: id, TagKeys: keys }),
  };
}

const tagsOf = (inputs: Props): Props => (inputs.tags ? { Tags: pairs(inputs.tags) } : {});

const attach = (role: string, arn: Props[string]): Call => iam("AttachRolePolicy", { RoleName: role, PolicyArn: arn });
const detach = (role: string, arn: Props[string]): Call => iam("DetachRolePolicy", { RoleName: role, PolicyArn: arn });

function inline(role: string, policy: Props): Call {
  return iam("PutRolePolicy", { RoleName: role, PolicyName: policy.name, PolicyDocument: policy.policy });
}

function uninline(role: string, policy: Props): Call {
  return iam("DeleteRolePolicy", { RoleName: role, PolicyName: policy.name });
}

const updateRole = ({ id, now }: { id: string; now: Props }) => [
  iam("UpdateRole", { RoleName: id, Description: now.description ?? "", MaxSessionDuration: now.maxSessionDuration }),
];

export const identity: Table = {
  "aws:iam/role:Role": {
    autoname: { field: "name", prefix: "namePrefix", max: 64 },
    defaults: { maxSessionDuration: 3600, path: "/", forceDetachPolicies: false },
    replaces: ["name", "namePrefix", "path"],
    updates: {
      assumeRolePolicy: ({ id, now }) => [
        iam("UpdateAssumeRolePolicy", { RoleName: id, PolicyDocument: now.assumeRolePolicy }),
      ],
      description: updateRole,
      maxSessionDuration: updateRole,
      permissionsBoundary: ({ id, now }) => [
        now.permissionsBoundary
          ? iam("PutRolePermissionsBoundary", { RoleName: id, PermissionsBoundary: now.permissionsBoundary })
          : iam("DeleteRolePermissionsBoundary", { RoleName: id }),
      ],
      inlinePolicies: ({ id, old, now }) => [
        ...items(old.inlinePolicies).map((policy) => uninline(id, policy)),
        ...items(now.inlinePolicies).map((policy) => inline(id, policy)),
      ],
      managedPolicyArns: ({ id, old, now }) => [
        ...list(old.managedPolicyArns).map((arn) => detach(id, arn)),
        ...list(now.managedPolicyArns).map((arn) => attach(id, arn)),
      ],
    },
    local: ["forceDetachPolicies"],
    tags: tagging("Role", "RoleName"),
    create: (i) =>
      iam("CreateRole", {
        RoleName: i.name,
        AssumeRolePolicyDocument: i.assumeRolePolicy,
        Path: i.path,
        Description: i.description,
        MaxSessionDuration: i.maxSessionDuration,
        PermissionsBoundary: i.permissionsBoundary,
        ...tagsOf(i),
      }),
    id: (answer) => text(answer, "Role.RoleName"),
    finish: (id, i) => [
      ...items(i.inlinePolicies).map((policy) => inline(id, policy)),
      ...list(i.managedPolicyArns).map((arn) => attach(id, arn)),
    ],
    outs: (_id, _i, [made]) => ({
      arn: text(made, "Role.Arn"),
      uniqueId: text(made, "Role.RoleId"),
      createDate: text(made, "Role.CreateDate"),
    }),
    exists: (id) => iam("GetRole", { RoleName: id }),
    sweep: [
      {
        when: "forceDetachPolicies",
        list: (id) => iam("ListAttachedRolePolicies", { RoleName: id }),
        each: (answer, id) => items(answer.AttachedPolicies).map((policy) => detach(id, policy.PolicyArn)),
      },
      {
        when: "forceDetachPolicies",
        list: (id) => iam("ListRolePolicies", { RoleName: id }),
        each: (answer, id) => list(answer.PolicyNames).map((name) => uninline(id, { name })),
      },
    ],
    // The provider takes away what the role itself was given, and nothing that another resource attached.
    remove: (id, state) => [
      ...items(state.inlinePolicies).map((policy) => uninline(id, policy)),
      ...(state.forceDetachPolicies ? [] : list(state.managedPolicyArns).map((arn) => detach(id, arn))),
      iam("DeleteRole", { RoleName: id }),
    ],
  },

  "aws:iam/policy:Policy": {
    autoname: { field: "name", prefix: "namePrefix", max: 128 },
    defaults: { path: "/" },
    replaces: ["name", "namePrefix", "path", "description"],
    updates: {
      policy: ({ id, now }) => [
        iam("CreatePolicyVersion", { PolicyArn: id, PolicyDocument: now.policy, SetAsDefault: true }),
      ],
    },
    local: ["delayAfterPolicyCreationInMs"],
    tags: tagging("Policy", "PolicyArn"),
    create: (i) =>
      iam("CreatePolicy", {
        PolicyName: i.name,
        PolicyDocument: i.policy,
        Path: i.path,
        Description: i.description,
        ...tagsOf(i),
      }),
    id: (answer) => text(answer, "Policy.Arn"),
    outs: (id, _i, [made]) => ({ arn: id, policyId: text(made, "Policy.PolicyId"), attachmentCount: 0 }),
    exists: (id) => iam("GetPolicy", { PolicyArn: id }),
    sweep: {
      list: (id) => iam("ListPolicyVersions", { PolicyArn: id }),
      each: (answer, id) =>
        items(answer.Versions)
          .filter((version) => version.IsDefaultVersion !== true)
          .map((version) => iam("DeletePolicyVersion", { PolicyArn: id, VersionId: version.VersionId })),
    },
    remove: (id) => [iam("DeletePolicy", { PolicyArn: id })],
  },

  "aws:iam/rolePolicy:RolePolicy": {
    autoname: { field: "name", prefix: "namePrefix", max: 128 },
    replaces: ["name", "namePrefix", "role"],
    updates: { policy: ({ now }) => [inline(text(now, "role"), now)] },
    create: (i) => inline(text(i, "role"), i),
    id: (_answer, i) => `${text(i, "role")}:${text(i, "name")}`,
    exists: (_id, state) => iam("GetRolePolicy", { RoleName: state.role, PolicyName: state.name }),
    remove: (_id, state) => [uninline(text(state, "role"), state)],
  },

  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
    replaces: ["role", "policyArn"],
    create: (i) => attach(text(i, "role"), i.policyArn),
    id: (_answer, i) => `${text(i, "role")}/${text(i, "policyArn")}`,
    exists: (_id, state) => iam("ListAttachedRolePolicies", { RoleName: state.role }),
    alive: (answer) => items(answer.AttachedPolicies).length > 0,
    remove: (_id, state) => [detach(text(state, "role"), state.policyArn)],
  },

  "aws:iam/instanceProfile:InstanceProfile": {
    autoname: { field: "name", prefix: "namePrefix", max: 128 },
    defaults: { path: "/" },
    replaces: ["name", "namePrefix", "path"],
    updates: {
      role: ({ id, old, now }) => [
        ...(old.role ? [iam("RemoveRoleFromInstanceProfile", { InstanceProfileName: id, RoleName: old.role })] : []),
        ...(now.role ? [iam("AddRoleToInstanceProfile", { InstanceProfileName: id, RoleName: now.role })] : []),
      ],
    },
    tags: tagging("InstanceProfile", "InstanceProfileName"),
    create: (i) => iam("CreateInstanceProfile", { InstanceProfileName: i.name, Path: i.path, ...tagsOf(i) }),
    id: (answer) => text(answer, "InstanceProfile.InstanceProfileName"),
    finish: (id, i) => (i.role ? [iam("AddRoleToInstanceProfile", { InstanceProfileName: id, RoleName: i.role })] : []),
    outs: (_id, _i, [made]) => ({
      arn: text(made, "InstanceProfile.Arn"),
      uniqueId: text(made, "InstanceProfile.InstanceProfileId"),
      createDate: text(made, "InstanceProfile.CreateDate"),
    }),
    exists: (id) => iam("GetInstanceProfile", { InstanceProfileName: id }),
    remove: (id, state) => [
      ...(state.role ? [iam("RemoveRoleFromInstanceProfile", { InstanceProfileName: id, RoleName: state.role })] : []),
      iam("DeleteInstanceProfile", { InstanceProfileName: id }),
    ],
  },
};

import { type Clients, clientsOf } from "../../scripts/sweep-account";
import type { Tags } from "../../scripts/sweep-tags";

/*
 * An account in memory behind the real SDK's clients. It answers with all it has whatever is filtered for, so that nothing but
 * the sweep's own look at the tags keeps others' resources apart.
 */

export const FAKE_KINDS = [
  "node group",
  "instance",
  "load balancer",
  "target group",
  "network interface",
  "security group",
  "volume",
  "launch template",
  "instance profile",
  "log group",
] as const;

export interface FakeResource {
  readonly kind: (typeof FAKE_KINDS)[number];
  readonly id: string;
  readonly tags: Tags;
}

type Input = Readonly<Record<string, unknown>>;

const pairs = (tags: Tags) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

export class FakeAccount {
  readonly deleted: FakeResource[] = [];

  /** @param held how often AWS refuses to delete a thing because another still uses it, by id. */
  constructor(
    private resources: readonly FakeResource[],
    private readonly held = new Map<string, number>(),
  ) {}

  clients(): Clients {
    const clients = clientsOf({
      aws: { region: "us-east-1", credentials: async () => ({ accessKeyId: "a", secretAccessKey: "b" }) },
    });
    const send = async (command: { readonly input: Input; readonly constructor: { readonly name: string } }) => {
      const name = command.constructor.name.replace(/Command$/, "");
      const answer = this.answers[name];
      if (answer === undefined) throw new Error(`the fake account does not know ${name}`);
      return answer(command.input);
    };
    for (const client of Object.values(clients)) Object.assign(client, { send });
    return clients;
  }

  /** What the index of tags has, by ARN; undefined where nobody may ask. */
  index: Readonly<Record<string, Tags>> | undefined = {};

  private of(kind: FakeResource["kind"]) {
    return this.resources.filter((one) => one.kind === kind);
  }

  private tagsOf(id: unknown): Tags {
    return this.resources.find((one) => one.id === id)?.tags ?? {};
  }

  private remove(id: unknown) {
    const times = this.held.get(String(id)) ?? 0;
    this.held.set(String(id), times - 1);
    if (times > 0) throw Object.assign(new Error(`${id} has a dependent object`), { name: "DependencyViolation" });
    const gone = this.resources.filter((one) => one.id === id);
    this.deleted.push(...gone);
    this.resources = this.resources.filter((one) => one.id !== id);
    return {};
  }

  private readonly answers: Readonly<Record<string, (input: Input) => unknown>> = {
    DescribeInstances: () => ({
      Reservations: this.of("instance").map(({ id, tags }) => ({
        Instances: [{ InstanceId: id, InstanceType: "g6e.xlarge", State: { Name: "running" }, Tags: pairs(tags) }],
      })),
    }),
    TerminateInstances: ({ InstanceIds }) => (InstanceIds as string[]).map((id) => this.remove(id)),
    DescribeLoadBalancers: () => ({
      LoadBalancers: this.of("load balancer").map(({ id }) => ({ LoadBalancerArn: id, LoadBalancerName: "lb" })),
    }),
    DescribeTargetGroups: () => ({ TargetGroups: this.of("target group").map(({ id }) => ({ TargetGroupArn: id })) }),
    DescribeTags: ({ ResourceArns }) => ({
      TagDescriptions: (ResourceArns as string[]).map((ResourceArn) => ({
        ResourceArn,
        Tags: pairs(this.tagsOf(ResourceArn)),
      })),
    }),
    DeleteLoadBalancer: ({ LoadBalancerArn }) => this.remove(LoadBalancerArn),
    DeleteTargetGroup: ({ TargetGroupArn }) => this.remove(TargetGroupArn),
    DescribeNetworkInterfaces: () => ({
      NetworkInterfaces: this.of("network interface").map(({ id, tags }) => ({
        NetworkInterfaceId: id,
        Status: "available",
        TagSet: pairs(tags),
      })),
    }),
    DeleteNetworkInterface: ({ NetworkInterfaceId }) => this.remove(NetworkInterfaceId),
    DescribeSecurityGroups: () => ({
      SecurityGroups: this.of("security group").map(({ id, tags }) => ({ GroupId: id, Tags: pairs(tags) })),
    }),
    DeleteSecurityGroup: ({ GroupId }) => this.remove(GroupId),
    DescribeVolumes: () => ({
      Volumes: this.of("volume").map(({ id, tags }) => ({ VolumeId: id, State: "available", Tags: pairs(tags) })),
    }),
    DeleteVolume: ({ VolumeId }) => this.remove(VolumeId),
    DescribeLaunchTemplates: () => ({
      LaunchTemplates: this.of("launch template").map(({ id, tags }) => ({ LaunchTemplateId: id, Tags: pairs(tags) })),
    }),
    DeleteLaunchTemplate: ({ LaunchTemplateId }) => this.remove(LaunchTemplateId),
    ListInstanceProfiles: () => ({
      InstanceProfiles: this.of("instance profile").map(({ id }) => ({ InstanceProfileName: id })),
    }),
    ListInstanceProfileTags: ({ InstanceProfileName }) => ({ Tags: pairs(this.tagsOf(InstanceProfileName)) }),
    GetInstanceProfile: ({ InstanceProfileName }) => ({ InstanceProfile: { InstanceProfileName, Roles: [] } }),
    DeleteInstanceProfile: ({ InstanceProfileName }) => this.remove(InstanceProfileName),
    GetResources: () => {
      if (this.index === undefined) throw Object.assign(new Error("no"), { name: "AccessDeniedException" });
      const all = Object.entries(this.index);
      return { ResourceTagMappingList: all.map(([ResourceARN, tags]) => ({ ResourceARN, Tags: pairs(tags) })) };
    },
    DescribeLogGroups: () => ({
      logGroups: this.of("log group").map(({ id }) => ({
        logGroupName: id,
        arn: `arn:aws:logs:us-east-1:1:log-group:${id}:*`,
      })),
    }),
    ListTagsForResource: ({ resourceArn }) => ({
      tags: this.tagsOf(String(resourceArn).replace("arn:aws:logs:us-east-1:1:log-group:", "")),
    }),
    DeleteLogGroup: ({ logGroupName }) => this.remove(logGroupName),
    ListNodegroups: () => ({ nodegroups: this.of("node group").map(({ id }) => id) }),
    DescribeNodegroup: ({ nodegroupName }) => ({ nodegroup: { nodegroupName, tags: this.tagsOf(nodegroupName) } }),
    DeleteNodegroup: ({ nodegroupName }) => this.remove(nodegroupName),
    // The cluster has no tags, so it is nobody's.
    DescribeCluster: ({ name }) => {
      if (this.of("node group").length > 0) return { cluster: { name, status: "ACTIVE" } };
      throw Object.assign(new Error("No cluster found"), { name: "ResourceNotFoundException" });
    },
  };
}

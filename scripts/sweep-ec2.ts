import {
  DeleteLaunchTemplateCommand,
  DeleteNetworkInterfaceCommand,
  DeleteVolumeCommand,
  type Instance,
  paginateDescribeInstances,
  paginateDescribeLaunchTemplates,
  paginateDescribeNetworkInterfaces,
  paginateDescribeVolumes,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { asking, type Kind, pages } from "./sweep-account";
import { tagsOf } from "./sweep-tags";

/*
 * Machines and what hangs on them.
 */

/**
 * Resources of one answer; each call of EC2 allows it. No tag is asked for: all are read, and `isOfStack` alone decides.
 * Source: EC2 API reference, MaxResults of DescribeLaunchTemplates, the least of them.
 */
export const PAGE = 200;

const instances: Kind = {
  name: "instance",
  list: async (search) => {
    const reservations = await pages(
      "ec2:DescribeInstances",
      paginateDescribeInstances({ client: search.clients.ec2, pageSize: PAGE }, {}),
      (page) => page.Reservations,
    );
    return reservations
      .flatMap(({ Instances }): Instance[] => Instances ?? [])
      .filter(({ State }) => State?.Name !== "terminated")
      .map(({ InstanceId = "", Tags, State, InstanceType }) => ({
        id: InstanceId,
        tags: tagsOf(Tags),
        detail: `${InstanceType} ${State?.Name}`,
      }));
  },
  remove: async ({ clients }, { id }) => {
    await asking("ec2:TerminateInstances", () =>
      clients.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] })),
    );
  },
};

const networkInterfaces: Kind = {
  name: "network interface",
  list: async (search) => {
    const all = await pages(
      "ec2:DescribeNetworkInterfaces",
      paginateDescribeNetworkInterfaces({ client: search.clients.ec2, pageSize: PAGE }, {}),
      (page) => page.NetworkInterfaces,
    );
    return (
      all
        // Those of an instance go with it, and an instance that is not listed is not for the sweep to cut off.
        .filter(({ Attachment }) => Attachment?.InstanceId === undefined)
        .map(({ NetworkInterfaceId = "", TagSet, Status, Description }) => ({
          id: NetworkInterfaceId,
          tags: tagsOf(TagSet),
          name: Description,
          detail: Status,
        }))
    );
  },
  remove: async ({ clients }, { id }) => {
    await asking("ec2:DeleteNetworkInterface", () =>
      clients.ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id })),
    );
  },
};

const volumes: Kind = {
  name: "volume",
  list: async (search) => {
    const all = await pages(
      "ec2:DescribeVolumes",
      paginateDescribeVolumes({ client: search.clients.ec2, pageSize: PAGE }, {}),
      (page) => page.Volumes,
    );
    return all
      .filter(({ State }) => State === "available")
      .map(({ VolumeId = "", Tags, Size }) => ({ id: VolumeId, tags: tagsOf(Tags), detail: `${Size} GiB` }));
  },
  remove: async ({ clients }, { id }) => {
    await asking("ec2:DeleteVolume", () => clients.ec2.send(new DeleteVolumeCommand({ VolumeId: id })));
  },
};

const launchTemplates: Kind = {
  name: "launch template",
  list: async (search) => {
    const all = await pages(
      "ec2:DescribeLaunchTemplates",
      paginateDescribeLaunchTemplates({ client: search.clients.ec2, pageSize: PAGE }, {}),
      (page) => page.LaunchTemplates,
    );
    return all.map(({ LaunchTemplateId = "", LaunchTemplateName, Tags }) => ({
      id: LaunchTemplateId,
      tags: tagsOf(Tags),
      name: LaunchTemplateName,
    }));
  },
  remove: async ({ clients }, { id }) => {
    await asking("ec2:DeleteLaunchTemplate", () =>
      clients.ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId: id })),
    );
  },
};

export const EC2 = { instances, networkInterfaces, volumes, launchTemplates };

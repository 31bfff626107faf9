import type { Lookup } from "./lookups";
import { at, items, list, props, service, text } from "./table";

/*
 * What the program asks before it makes anything.
 */

const ec2 = service("ec2");
const eks = service("eks");
const quotas = service("service-quotas");

const RESERVATION_TYPE = "AWS::EC2::CapacityReservation";

export const PREFLIGHT_LOOKUPS: { readonly [token: string]: Lookup } = {
  "aws:servicequotas/getServiceQuota:getServiceQuota": {
    by: ["serviceCode", "quotaCode"],
    calls: ({ serviceCode, quotaCode }) => [
      quotas("GetServiceQuota", { ServiceCode: serviceCode, QuotaCode: quotaCode }),
    ],
    result: ([answer]) => {
      const quota = props(answer?.Quota);
      return {
        id: quota.QuotaArn,
        arn: quota.QuotaArn,
        adjustable: quota.Adjustable,
        globalQuota: quota.GlobalQuota,
        quotaName: quota.QuotaName,
        serviceName: quota.ServiceName,
        value: quota.Value,
      };
    },
  },
  "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": {
    by: ["locationType", "filters"],
    calls: ({ locationType, filters }) => [
      ec2("DescribeInstanceTypeOfferings", {
        LocationType: locationType,
        Filters: items(filters).map(({ name, values }) => ({ Name: name, Values: values })),
      }),
    ],
    result: ([answer], _args, { region }) => {
      const offered = items(answer?.InstanceTypeOfferings);
      return {
        id: region,
        instanceTypes: offered.map((one) => one.InstanceType),
        locations: offered.map((one) => one.Location),
        locationTypes: offered.map((one) => one.LocationType),
      };
    },
  },
  "aws:ec2/getCapacityBlockReservation:getCapacityBlockReservation": {
    by: ["id"],
    calls: ({ id }) => [
      ec2("DescribeCapacityReservations", {
        CapacityReservationIds: [id],
        Filters: [{ Name: "reservation-type", Values: ["capacity-block"] }],
      }),
    ],
    result: ([answer]) => {
      const [one] = items(answer?.CapacityReservations);
      if (one === undefined) throw new Error("no matching EC2 Capacity Block Reservation found");
      return {
        arn: one.CapacityReservationArn,
        availabilityZone: one.AvailabilityZone,
        instanceType: one.InstanceType,
        state: one.State,
        endDate: text(one, "EndDate"),
        reservationType: one.ReservationType,
      };
    },
  },
  "aws:cloudcontrol/getResource:getResource": {
    by: ["typeName", "identifier"],
    calls: ({ typeName, identifier }) => {
      if (typeName !== RESERVATION_TYPE)
        throw new Error(`the AWS double reads ${RESERVATION_TYPE} through Cloud Control, not ${typeName}`);
      return [ec2("DescribeCapacityReservations", { CapacityReservationIds: [identifier] })];
    },
    result: ([answer], { identifier }) => {
      const one = props(at(answer, "CapacityReservations.0"));
      const told = ["State", "AvailabilityZone", "InstanceType", "EndDate"].filter((key) => one[key] !== undefined);
      return {
        id: identifier,
        properties: JSON.stringify(Object.fromEntries(told.map((key) => [key, one[key]]))),
      };
    },
  },
  "aws:eks/getCluster:getCluster": {
    by: ["name"],
    calls: ({ name }) => [eks("DescribeCluster", { name })],
    result: ([answer], { name }) => ({ id: name, version: at(answer, "cluster.version") }),
  },
  "aws:eks/getClusterVersions:getClusterVersions": {
    by: ["clusterType"],
    calls: ({ clusterType }) => [eks("DescribeClusterVersions", { clusterType })],
    result: ([answer]) => ({
      clusterVersions: list(answer?.clusterVersions).map((one) => ({
        ...props(one),
        // Named otherwise in the provider's schema, and empty here.
        controlPlaneComponentConfigs: [],
      })),
    }),
  },
};

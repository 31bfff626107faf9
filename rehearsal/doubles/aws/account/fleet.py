"""CreateFleet as EC2 does it: moto 5.2.5 starts the first pool it is given, with half of what the template says, and never fails."""

import uuid

from capacity import ON_DEMAND, SPOT, TURN, fault
from moto.ec2.models.fleets import FleetsBackend
from moto.ec2.responses.fleets import Fleets
from moto.ec2.utils import convert_tag_spec, filter_iam_instance_profiles, random_fleet_id

# Of fleets whose answer is still being written.
FAULTS = {}


class InstantFleet:
    """What moto's answer reads of a fleet; EC2 keeps nothing of one that is instant and whose instances have started."""

    def __init__(self, instances):
        self.id = random_fleet_id()
        self.instances = instances


def _pools(ec2, configs):
    """Each override with its template, cheapest first: Karpenter writes the offering's price as the priority."""
    pools = []
    for config in configs:
        spec = config["LaunchTemplateSpecification"]
        template = (
            ec2.get_launch_template(template_id=spec["LaunchTemplateId"])
            if "LaunchTemplateId" in spec
            else ec2.get_launch_template_by_name(name=spec["LaunchTemplateName"])
        )
        version = template.get_version(spec.get("Version", "$Default"))
        chosen = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "Version": str(version.number)}
        for override in config.get("Overrides") or [{}]:
            pools.append((float(override.get("Priority") or 0), version.data, chosen, override))
    # moto takes the first override: g6e.12xlarge where g6e.xlarge was the cheapest.
    return sorted(pools, key=lambda pool: pool[0])


def _profile(ec2, given):
    """moto starts fleet instances without one: a node whose role is missing would come up all the same."""
    named = {"iam_instance_profile_name": given.get("Name"), "iam_instance_profile_arn": given.get("Arn")}
    if not any(named.values()):
        return {}
    filter_iam_instance_profiles(ec2.account_id, partition=ec2.partition, **named)
    return named


def _start(ec2, fleet, data, chosen, override, capacity, tags):
    """One instance as template and override describe it."""
    first = (data.get("NetworkInterfaces") or [{}])[0]
    template_tags = convert_tag_spec(data.get("TagSpecifications") or [])
    own = {"aws:ec2:fleet-id": fleet, "aws:ec2launchtemplate:id": chosen["LaunchTemplateId"], "aws:ec2launchtemplate:version": chosen["Version"]}
    profile = _profile(ec2, data.get("IamInstanceProfile") or {})
    kinds = ("instance", "volume", "network-interface")
    merged = {kind: template_tags.get(kind, {}) | tags.get(kind, {}) for kind in kinds}
    reservation = ec2.run_instances(
        image_id=override.get("ImageId") or data.get("ImageId"),
        count=1,
        instance_type=override.get("InstanceType") or data.get("InstanceType"),
        is_instance_type_default=False,
        region_name=ec2.region_name,
        user_data=data.get("UserData"),
        subnet_id=override.get("SubnetId") or first.get("SubnetId"),
        # moto leaves them out, and Karpenter replaces a node with other groups than its class at once (SecurityGroupDrift).
        security_group_names=[],
        security_group_ids=[*(data.get("SecurityGroupIds") or []), *(first.get("Groups") or [])],
        associate_public_ip=first.get("AssociatePublicIpAddress"),
        # moto gives every instance one volume of 8 GiB: a template that leaves volumes behind would not be noticed.
        **({"block_device_mappings": data["BlockDeviceMappings"]} if data.get("BlockDeviceMappings") else {}),
        key_name=data.get("KeyName"),
        metadata_options=data.get("MetadataOptions") or {},
        lifecycle=SPOT if capacity == SPOT else None,
        tags=merged | {"instance": merged["instance"] | own},
    )
    instance = reservation.instances[0]
    for nic in instance.nics.values():
        nic.add_tags(merged["network-interface"])
        # moto keeps an ended instance's interface unless told: no network could be deleted any more.
        nic.delete_on_termination = first.get("DeleteOnTermination", True)
    if profile:
        ec2.associate_iam_instance_profile(instance_id=instance.id, **profile)
    if capacity == SPOT:
        # By this alone Karpenter tells spot from on-demand when it reads an instance back.
        instance.spot_instance_request_id = f"sir-{uuid.uuid4().hex[:8]}"
    return instance


def _create_fleet(ec2, configs, target, tag_specifications):
    """From the cheapest pool that has room; those before it are in the answer as errors."""
    capacity = target.get("DefaultTargetCapacityType") or ON_DEMAND
    tags = convert_tag_spec(tag_specifications or [])
    wanted, started, errors = int(target.get("TotalTargetCapacity") or 1), [], []
    fleet = InstantFleet(started)
    for _price, data, chosen, override in _pools(ec2, configs):
        pool = {"LaunchTemplateSpecification": chosen, "Overrides": override}
        kind = override.get("InstanceType") or data.get("InstanceType") or ""
        subnet = override.get("SubnetId")
        zone = override.get("AvailabilityZone") or (ec2.get_subnet(subnet).availability_zone if subnet else "")
        ids = []
        with TURN:
            while len(ids) < wanted:
                why = fault(ec2, kind, zone, capacity)
                if why:
                    errors.append({"ErrorCode": why[0], "ErrorMessage": why[1], "Lifecycle": capacity, "LaunchTemplateAndOverrides": pool})
                    break
                ids.append(_start(ec2, fleet.id, data, chosen, override, capacity, tags).id)
        if ids:
            started.append({"Lifecycle": capacity, "InstanceIds": ids, "InstanceType": kind, "LaunchTemplateAndOverrides": pool})
            break
    FAULTS[fleet.id] = errors
    return fleet


def install():
    of_moto, answer_of_moto = FleetsBackend.create_fleet, Fleets.create_fleet

    def create_fleet(self, **args):
        if args["fleet_type"] != "instant":
            return of_moto(self, **args)
        return _create_fleet(self, args["launch_template_configs"], args["target_capacity_specification"], args["tag_specifications"])

    def answer(self):
        out = answer_of_moto(self)
        # moto never answers errors: Karpenter would never leave a pool that has no room.
        out.result["Errors"] = FAULTS.pop(out.result["FleetId"], [])
        return out

    FleetsBackend.create_fleet, Fleets.create_fleet = create_fleet, answer

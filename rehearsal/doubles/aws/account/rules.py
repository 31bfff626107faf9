"""What AWS refuses and moto 5.2.5 accepts: the documented rules, each with the code AWS answers."""

import ipaddress
import json

import rules_eks
import rules_guard
import rules_rds
from backends import backend, interfaces
from model import Refused


def _zone_of_region(region, params):
    zone = params.get("AvailabilityZone")
    if zone and not zone.startswith(region):
        raise Refused("InvalidParameterValue", f"Value ({zone}) for parameter availabilityZone is invalid: it is not in {region}")


def _subnet_size(region, params):
    network = ipaddress.ip_network(params["CidrBlock"], strict=False)
    if str(network) != params["CidrBlock"]:
        raise Refused("InvalidSubnet.Range", f"The CIDR '{params['CidrBlock']}' is invalid: it has host bits set, use {network}.")
    if not 16 <= network.prefixlen <= 28:
        raise Refused("InvalidSubnet.Range", f"The CIDR '{params['CidrBlock']}' is invalid: a subnet is between /16 and /28.")


def _vpc_unused(region, params):
    vpc = params["VpcId"]
    ec2 = backend("ec2", region)
    if any(gateway.vpc and gateway.vpc.id == vpc for gateway in ec2.internet_gateways.values()):
        raise _dependency("vpc", vpc, "an internet gateway is attached")
    if any(not group.is_default for group in ec2.groups.get(vpc, {}).values()):
        raise _dependency("vpc", vpc, "it has security groups")
    if any(point.vpc_id == vpc and point.state != "deleted" for point in ec2.vpc_end_points.values()):
        raise _dependency("vpc", vpc, "it has endpoints")
    if interfaces(region, vpc_id=vpc):
        raise _dependency("vpc", vpc, "it has network interfaces")


def _dependency(kind, name, why):
    return Refused("DependencyViolation", f"The {kind} '{name}' has dependencies and cannot be deleted: {why}.")


def _subnet_unused(region, params):
    found = interfaces(region, subnet_id=params["SubnetId"])
    if found:
        raise _dependency("subnet", params["SubnetId"], f"{len(found)} network interfaces are in it")


def _gateway_without_addresses(region, params):
    used = [eni.id for eni in interfaces(region, vpc_id=params["VpcId"]) if _address_of(region, eni.id)]
    if used:
        raise Refused("DependencyViolation", f"Network {params['VpcId']} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.")


def _address_of(region, eni_id):
    return [address for address in backend("ec2", region).addresses if address.eni and address.eni.id == eni_id]


def _address_free(region, params):
    for address in backend("ec2", region).addresses:
        if address.allocation_id == params["AllocationId"] and address.eni:
            raise Refused("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")


def _nat_parts(region, params):
    if not params.get("AllocationId"):
        raise Refused("MissingParameter", "The request must contain the parameter AllocationId: a public NAT gateway needs an Elastic IP")
    ec2 = backend("ec2", region)
    if params["AllocationId"] not in [address.allocation_id for address in ec2.addresses]:
        raise Refused("InvalidAllocationID.NotFound", f"Elastic IP address {params['AllocationId']} could not be found.")
    if any(a.allocation_id == params["AllocationId"] and a.eni for a in ec2.addresses):
        raise Refused("Resource.AlreadyAssociated", f"{params['AllocationId']} is already associated.")
    vpc = ec2.get_subnet(params["SubnetId"]).vpc_id
    if not any(gateway.vpc and gateway.vpc.id == vpc for gateway in ec2.internet_gateways.values()):
        raise Refused("Gateway.NotAttached", f"Network {vpc} has no Internet gateway attached")


def _route_target(region, params):
    ec2 = backend("ec2", region)
    vpc = ec2.get_route_table(params["RouteTableId"]).vpc_id
    nat = params.get("NatGatewayId")
    if nat and (nat not in ec2.nat_gateways or ec2.nat_gateways[nat].state == "deleted"):
        raise Refused("InvalidNatGatewayID.NotFound", f"NatGateway {nat} was not found")
    gateway = params.get("GatewayId", "")
    if gateway.startswith("igw-"):
        attached = ec2.get_internet_gateway(gateway).vpc
        if not attached or attached.id != vpc:
            raise Refused("InvalidParameterValue", f"route table {params['RouteTableId']} and network gateway {gateway} belong to different networks")


def _group_unused(region, params):
    group = params["GroupId"]
    ec2 = backend("ec2", region)
    if interfaces(region, group_id=group):
        raise Refused("DependencyViolation", f"resource {group} has a dependent object: a network interface")
    for groups in ec2.groups.values():
        for other in groups.values():
            if other.id == group:
                continue
            for permission in [*other.ingress_rules, *other.egress_rules]:
                if permission.source_group.get("GroupId") == group:
                    raise Refused("DependencyViolation", f"resource {group} has a dependent object: a rule of {other.id}")


def _rule_group(region, params):
    ec2 = backend("ec2", region)
    for permission in params["IpPermissions"]:
        for pair in permission.get("UserIdGroupPairs", []):
            if not ec2.get_security_group_from_id(pair["GroupId"]):
                raise Refused("InvalidGroup.NotFound", f"The security group '{pair['GroupId']}' does not exist")
        for block in permission.get("IpRanges", []):
            try:
                ipaddress.ip_network(block["CidrIp"])
            except ValueError:
                raise Refused("InvalidParameterValue", f"CIDR block {block['CidrIp']} is malformed or has host bits set") from None


def _policy(key, limit):
    def rule(region, params):
        text = params.get(key)
        if text is None:
            return
        try:
            document = json.loads(text)
        except ValueError as error:
            raise Refused("MalformedPolicyDocument", f"{key} is not valid JSON: {error}") from None
        statements = document.get("Statement") if isinstance(document, dict) else None
        if not statements or document.get("Version") not in ("2012-10-17", "2008-10-17"):
            raise Refused("MalformedPolicyDocument", f"{key} needs a Version (2012-10-17) and at least one Statement")
        for number, statement in enumerate(statements if isinstance(statements, list) else [statements]):
            missing = [part for part in ("Effect", "Action") if part not in statement and f"Not{part}" not in statement]
            if missing:
                raise Refused("MalformedPolicyDocument", f"{key}: Statement[{number}] has no {' and no '.join(missing)}")
        size = len("".join(text.split()))
        if size > limit:
            raise Refused("LimitExceeded", f"{key} has {size} characters, AWS allows {limit}")

    return rule


def _policy_unused(region, params):
    users = [role.name for role in backend("iam", region).roles.values() if params["PolicyArn"] in role.managed_policies]
    if users:
        raise Refused("DeleteConflict", f"Cannot delete a policy attached to entities: {', '.join(users)}")


def _profile_roles(region, params):
    if len(backend("iam", region).get_instance_profile(params["InstanceProfileName"]).roles) > 0:
        raise Refused("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")


def _boundary_exists(region, params):
    boundary = params.get("PermissionsBoundary")
    if boundary and boundary not in [policy.arn for policy in backend("iam", region).managed_policies.values()]:
        raise Refused("NoSuchEntity", f"Scope ARN: {boundary} does not exist or is not attachable.")


def _template(region, params):
    data = params["LaunchTemplateData"]
    ec2 = backend("ec2", region)
    for group in data.get("SecurityGroupIds", []):
        if not ec2.get_security_group_from_id(group):
            raise Refused("InvalidGroup.NotFound", f"The security group '{group}' does not exist")
    if data.get("SecurityGroupIds") and data.get("NetworkInterfaces"):
        raise Refused("InvalidParameterCombination", "Network interfaces and an instance-level security groups may not be specified on the same request")
    rules_eks.known_instance_types(region, [data["InstanceType"]] if "InstanceType" in data else [])


def _target_exists(region, params):
    for target in params["Targets"]:
        if target["Arn"].split(":")[2] == "sqs":
            if not any(queue.queue_arn == target["Arn"] for queue in backend("sqs", region).queues.values()):
                raise Refused("ValidationException", f"Target queue {target['Arn']} does not exist")


# Largest policy texts in characters, white space not counted: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
TRUST, MANAGED, INLINE = 2048, 6144, 10240

RULES = {
    ("ec2", "CreateSubnet"): [_zone_of_region, _subnet_size],
    ("ec2", "DeleteVpc"): [_vpc_unused],
    ("ec2", "DeleteSubnet"): [_subnet_unused],
    ("ec2", "DetachInternetGateway"): [_gateway_without_addresses],
    ("ec2", "ReleaseAddress"): [_address_free],
    ("ec2", "CreateNatGateway"): [_nat_parts],
    ("ec2", "CreateRoute"): [_route_target],
    ("ec2", "DeleteSecurityGroup"): [_group_unused],
    ("ec2", "AuthorizeSecurityGroupIngress"): [_rule_group],
    ("ec2", "AuthorizeSecurityGroupEgress"): [_rule_group],
    ("ec2", "CreateLaunchTemplate"): [_template],
    ("ec2", "CreateLaunchTemplateVersion"): [_template],
    ("iam", "CreateRole"): [_policy("AssumeRolePolicyDocument", TRUST), _boundary_exists],
    ("iam", "UpdateAssumeRolePolicy"): [_policy("PolicyDocument", TRUST)],
    ("iam", "CreatePolicy"): [_policy("PolicyDocument", MANAGED)],
    ("iam", "CreatePolicyVersion"): [_policy("PolicyDocument", MANAGED)],
    ("iam", "PutRolePolicy"): [_policy("PolicyDocument", INLINE)],
    ("iam", "AddRoleToInstanceProfile"): [_profile_roles],
    ("iam", "DeletePolicy"): [_policy_unused],
    ("events", "PutTargets"): [_target_exists],
    **rules_eks.RULES,
    **rules_guard.RULES,
    **rules_rds.RULES,
}

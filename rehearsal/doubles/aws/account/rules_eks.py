"""What EKS refuses and moto 5.2.5 accepts."""

import json
import re

from backends import backend, role
from model import Refused

# Add-ons by their EKS names: https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html
ADDONS = {
    "vpc-cni", "coredns", "kube-proxy", "eks-pod-identity-agent", "aws-ebs-csi-driver", "aws-efs-csi-driver",
    "aws-fsx-csi-driver", "aws-mountpoint-s3-csi-driver", "snapshot-controller", "metrics-server",
    "amazon-cloudwatch-observability", "eks-node-monitoring-agent", "cert-manager", "external-dns",
    "kube-state-metrics", "prometheus-node-exporter",
}  # fmt: skip


def _invalid(message):
    return Refused("InvalidParameterException", message)


def cluster(region, name):
    found = backend("eks", region).clusters.get(name)
    if not found:
        raise Refused("ResourceNotFoundException", f"No cluster found for name: {name}.")
    return found


def known_instance_types(region, types, zones=()):
    """Every type exists, and is offered in each of the zones."""
    ec2 = backend("ec2", region)
    for name in types:
        if name not in {kind["InstanceType"] for kind in ec2.describe_instance_types()}:
            raise Refused("InvalidInstanceType", f"The following supplied instance types do not exist: [{name}]")
        offered = {
            offer["Location"]
            for offer in ec2.describe_instance_type_offerings("availability-zone", {"instance-type": [name]})
        }
        missing = [zone for zone in zones if zone not in offered]
        if missing:
            raise Refused("InvalidRequestException", f"Instance type {name} is not offered in {', '.join(missing)}")


def _subnets(region, ids):
    ec2 = backend("ec2", region)
    known = {subnet.id: subnet for zone in ec2.subnets.values() for subnet in zone.values()}
    for subnet in ids:
        if subnet not in known:
            raise _invalid(f"The subnet ID '{subnet}' does not exist")
    return [known[subnet] for subnet in ids]


def _create_cluster(region, params):
    role(region, params["roleArn"])
    network = params["resourcesVpcConfig"]
    subnets = _subnets(region, network["subnetIds"])
    zones = {subnet.availability_zone for subnet in subnets}
    if len(zones) < 2:
        raise _invalid(f"Subnets specified must be in at least two different AZs, they are in {', '.join(sorted(zones))}")
    if len({subnet.vpc_id for subnet in subnets}) > 1:
        raise _invalid("Subnets must belong to one VPC")
    for group in network.get("securityGroupIds", []):
        if not backend("ec2", region).get_security_group_from_id(group):
            raise _invalid(f"The security group ID '{group}' does not exist")
    for encryption in params.get("encryptionConfig", []):
        arn = encryption["provider"]["keyArn"]
        if arn not in [key.arn for key in backend("kms", region).keys.values() if key.key_state == "Enabled"]:
            raise _invalid(f"The keyArn {arn} does not name an enabled key")


def _scaling(scaling):
    low, want, high = (scaling.get(key) for key in ("minSize", "desiredSize", "maxSize"))
    if high is not None and high < 1:
        raise _invalid("maxSize must be at least 1")
    if None not in (low, high) and low > high:
        raise _invalid(f"Minimum capacity {low} can't be greater than maximum size {high}")
    if None not in (low, want, high) and not low <= want <= high:
        raise _invalid(f"desired capacity {want} must be between minimum {low} and maximum {high}")


def _create_nodegroup(region, params):
    of = cluster(region, params["clusterName"])
    role(region, params["nodeRole"])
    vpc = _subnets(region, of.resources_vpc_config["subnetIds"])[0].vpc_id
    subnets = _subnets(region, params["subnets"])
    for subnet in subnets:
        if subnet.vpc_id != vpc:
            raise _invalid(f"Subnet {subnet.id} is not in the VPC of the cluster, {vpc}")
    _scaling(params.get("scalingConfig", {}))
    known_instance_types(region, params.get("instanceTypes", []), {subnet.availability_zone for subnet in subnets})
    template = params.get("launchTemplate")
    data = _template(region, template) if template else {}
    if data.get("InstanceType") and params.get("instanceTypes"):
        raise _invalid("Instance types are set in both the launch template and the request")
    if data.get("IamInstanceProfile") or "SubnetId" in str(data.get("NetworkInterfaces", "")):
        raise Refused("InvalidRequestException", "A launch template of a node group names no instance profile and no subnet")
    if template and params.get("diskSize"):
        raise _invalid("Disk size must be set in the launch template when there is one")
    if params.get("capacityType") == "CAPACITY_BLOCK" and not data.get("CapacityReservationSpecification"):
        raise _invalid("A capacity block needs a launch template that names its reservation")
    taints = [(taint.get("key"), taint.get("effect")) for taint in params.get("taints", [])]
    if len(taints) != len(set(taints)):
        raise _invalid(f"Taints repeat a key and effect: {taints}")


def _template(region, template):
    ec2 = backend("ec2", region)
    found = ec2.launch_templates.get(template.get("id")) or next(
        (known for known in ec2.launch_templates.values() if known.name == template.get("name")), None
    )
    if not found:
        raise Refused("InvalidRequestException", f"Launch template {template.get('id') or template.get('name')} does not exist")
    version = template.get("version", "$Default")
    number = {"$Default": found.default_version_number, "$Latest": found.latest_version_number}.get(version, version)
    if not str(number).isdigit() or not 1 <= int(number) <= len(found.versions):
        raise Refused("InvalidRequestException", f"Launch template {found.id} has no version {version}")
    return found.get_version(int(number)).data


def _node_version(region, params):
    if "launchTemplate" in params:
        _template(region, params["launchTemplate"])


def _access_entry(region, params):
    cluster(region, params["clusterName"])
    if ":role/" in params["principalArn"]:
        role(region, params["principalArn"])


def _association(region, params):
    cluster(region, params["clusterName"])
    _pod_role(region, params["roleArn"])


def _pod_role(region, arn):
    trust = json.loads(role(region, arn).assume_role_policy_document)
    statements = trust["Statement"] if isinstance(trust["Statement"], list) else [trust["Statement"]]
    # AWS accepts the association and the pod then gets no credentials; nothing else in a rehearsal would notice.
    for needed in ("sts:AssumeRole", "sts:TagSession"):
        if not any(
            "pods.eks.amazonaws.com" in str(one.get("Principal")) and needed in one.get("Action", []) for one in statements
        ):
            raise _invalid(f"The trust policy of {arn} does not allow pods.eks.amazonaws.com {needed}")


def _addon(region, params):
    cluster(region, params["clusterName"])
    if params["addonName"] not in ADDONS:
        raise _invalid(f"Addon {params['addonName']} specified is not supported")
    version = params.get("addonVersion")
    # AWS knows each version; here only the form can be judged.
    if version and not re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", version):
        raise _invalid(f"Addon version specified is not supported: {version} for {params['addonName']}, a version is like v1.2.3-eksbuild.1")
    for association in params.get("podIdentityAssociations", []):
        _pod_role(region, association["roleArn"])
    if "configurationValues" in params:
        try:
            json.loads(params["configurationValues"])
        except ValueError as error:
            raise _invalid(f"ConfigurationValue is not valid JSON: {error}") from None


def _cluster_upgrade(region, params):
    now, then = (tuple(map(int, text.split("."))) for text in (cluster(region, params["name"]).version, params["version"]))
    if then[1] - now[1] not in (0, 1):
        raise _invalid(f"Unsupported Kubernetes minor version update from {now[0]}.{now[1]} to {params['version']}")


def _policy_association(region, params):
    named = params["policyArn"].split(":")
    if named[2] != "eks" or not named[-1].startswith("cluster-access-policy/"):
        raise _invalid(f"The policyArn {params['policyArn']} is not an EKS access policy")
    if params["accessScope"]["type"] == "namespace" and not params["accessScope"].get("namespaces"):
        raise _invalid("An access scope of type namespace names its namespaces")


def _cluster_empty(region, params):
    groups = cluster(region, params["name"]).nodegroups
    if groups:
        raise Refused("ResourceInUseException", f"Cluster has nodegroups attached: {', '.join(groups)}")


RULES = {
    ("eks", "CreateCluster"): [_create_cluster],
    ("eks", "DeleteCluster"): [_cluster_empty],
    ("eks", "UpdateClusterVersion"): [_cluster_upgrade],
    ("eks", "CreateNodegroup"): [_create_nodegroup],
    ("eks", "UpdateNodegroupConfig"): [lambda region, params: _scaling(params.get("scalingConfig", {}))],
    ("eks", "UpdateNodegroupVersion"): [_node_version],
    ("eks", "CreateAccessEntry"): [_access_entry],
    ("eks", "AssociateAccessPolicy"): [_policy_association],
    ("eks", "CreatePodIdentityAssociation"): [_association],
    ("eks", "CreateAddon"): [_addon],
    ("eks", "UpdateAddon"): [_addon],
}

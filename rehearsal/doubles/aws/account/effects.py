"""What AWS does besides answering, where other programs or a later delete would notice and moto 5.2.5 does not do it."""

import capacity
import eks_extras
import rules_rds
from backends import backend, client, interfaces
from rules_eks import cluster


def _nat_gone(region, params, _answer):
    """moto leaves the gateway's interface and address behind."""
    ec2 = backend("ec2", region)
    nat = ec2.nat_gateways[params["NatGatewayId"]]
    for address in ec2.addresses:
        if address.eni and address.eni.id == nat._eni.id:
            ec2.disassociate_address(association_id=address.association_id)
    ec2.enis.pop(nat._eni.id, None)


def _cluster_made(region, params, answer):
    """EKS makes a security group and an interface in each zone; both keep the network from being deleted."""
    ec2, aws = backend("ec2", region), client("ec2", region)
    made = cluster(region, params["name"])
    network = made.resources_vpc_config
    vpc = ec2.get_subnet(network["subnetIds"][0]).vpc_id
    owned = {f"kubernetes.io/cluster/{made.name}": "owned", "aws:eks:cluster-name": made.name}
    group = ec2.create_security_group(
        f"eks-cluster-sg-{made.name}-{made.created_at.microsecond}",
        "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any managed workloads.",
        vpc_id=vpc,
        tags=owned,
    )
    aws.authorize_security_group_ingress(
        GroupId=group.id, IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group.id}]}]
    )
    for subnet in network["subnetIds"][:2]:
        aws.create_network_interface(SubnetId=subnet, Groups=[group.id], Description=f"Amazon EKS {made.name}")
    made.resources_vpc_config = network | {"clusterSecurityGroupId": group.id, "vpcId": vpc}
    answer["cluster"] = client("eks", region).describe_cluster(name=made.name)["cluster"]


def _cluster_gone(region, params, answer):
    ec2 = backend("ec2", region)
    group = answer["cluster"]["resourcesVpcConfig"]["clusterSecurityGroupId"]
    for eni in interfaces(region, group_id=group):
        if eni.description == f"Amazon EKS {params['name']}":
            ec2.enis.pop(eni.id)
    # EKS says nothing where others still use the group, and leaves it behind.
    if not interfaces(region, group_id=group):
        ec2.delete_security_group(group_id=group)


def _nodes(region, group_cluster, group_name):
    """Ids of the running instances of a managed node group."""
    filters = [
        {"Name": "tag:eks:cluster-name", "Values": [group_cluster]},
        {"Name": "tag:eks:nodegroup-name", "Values": [group_name]},
        {"Name": "instance-state-name", "Values": ["running"]},
    ]
    found = client("ec2", region).describe_instances(Filters=filters)["Reservations"]
    return [instance["InstanceId"] for reservation in found for instance in reservation["Instances"]]


# What the fault rules call each kind of capacity of a node group.
CAPACITY = {"SPOT": capacity.SPOT}


def _offer(region, group, subnets):
    """Type and subnet in which an instance starts, in the order of the types; what kept the last from it where none does."""
    ec2, why = backend("ec2", region), None
    for kind in group.instance_types:
        for subnet in subnets:
            zone = ec2.get_subnet(subnet).availability_zone
            why = capacity.fault(ec2, kind, zone, CAPACITY.get(group.capacity_type, capacity.ON_DEMAND))
            if why is None:
                return kind, subnet, None
    return None, None, why


def _resize(region, group):
    """
    Starts or ends instances until there are as many as the node group wants.
    Returns code and message of what kept one from starting.
    """
    aws = client("ec2", region)
    running = _nodes(region, group.cluster_name, group.nodegroup_name)
    wanted = int(group.scaling_config.get("desiredSize", group.scaling_config.get("minSize", 1)))
    if len(running) > wanted:
        aws.terminate_instances(InstanceIds=running[wanted:])
    of = cluster(region, group.cluster_name)
    # A group's own tags stay with the group.
    tags = _template_tags(region, group) | {
        "eks:cluster-name": of.name,
        "eks:nodegroup-name": group.nodegroup_name,
        f"kubernetes.io/cluster/{of.name}": "owned",
    }
    for number in range(len(running), wanted):
        turn = number % len(group.subnets)
        kind, subnet, why = _offer(region, group, [*group.subnets[turn:], *group.subnets[:turn]])
        if why:
            return why
        aws.run_instances(
            ImageId=_image(region),
            InstanceType=kind,
            # moto keeps an ended instance's interface unless told.
            NetworkInterfaces=[
                {
                    "DeviceIndex": 0,
                    "SubnetId": subnet,
                    "Groups": [of.resources_vpc_config["clusterSecurityGroupId"]],
                    "DeleteOnTermination": True,
                }
            ],
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}],
        )
    return None


def _template_tags(region, group):
    """Tags that the group's launch template gives to instances."""
    template = group.launch_template and backend("ec2", region).launch_templates.get(group.launch_template.get("id"))
    if not template:
        return {}
    data = template.get_version(group.launch_template.get("version", "$Default")).data
    specified = [one for one in data.get("TagSpecification", data.get("TagSpecifications", [])) if one["ResourceType"] == "instance"]
    return {tag["Key"]: tag["Value"] for one in specified for tag in one.get("Tag", one.get("Tags", []))}


def _short(group, why):
    """How EKS tells that the Auto Scaling group could not launch."""
    code, message = why
    text = f"Could not launch On-Demand Instances. {code} - {message} Launching EC2 instance failed."
    names = [one["name"] for one in group.resources["autoScalingGroups"]]
    return {"issues": [{"code": "AsgInstanceLaunchFailures", "message": text, "resourceIds": names}]}


def _image(region):
    """Any image moto knows: nothing boots from it."""
    return backend("ec2", region).describe_images()[0].id


def _group(region, params):
    return cluster(region, params["clusterName"]).nodegroups[params["nodegroupName"]]


def _nodegroup_made(region, params, _answer):
    group = _group(region, params)
    of = cluster(region, params["clusterName"])
    # EKS lets the nodes of a managed group join by itself, unless their role has an entry already.
    if params["nodeRole"] not in eks_extras.ENTRIES.on(of):
        eks_extras.ENTRIES.put(of, {"principalArn": params["nodeRole"], "type": "EC2_LINUX", "clusterName": of.name})
    why = _resize(region, group)
    if why:
        group.status, group.health = "CREATE_FAILED", _short(group, why)


def _nodegroup_changed(region, params, _answer):
    group = _group(region, params)
    why = _resize(region, group)
    group.status, group.health = ("DEGRADED", _short(group, why)) if why else ("ACTIVE", {"issues": []})


def _nodegroup_gone(region, params, _answer):
    running = _nodes(region, params["clusterName"], params["nodegroupName"])
    if running:
        client("ec2", region).terminate_instances(InstanceIds=running)


EFFECTS = {
    ("ec2", "DeleteNatGateway"): [_nat_gone],
    ("eks", "CreateCluster"): [_cluster_made],
    ("eks", "DeleteCluster"): [_cluster_gone],
    ("eks", "CreateNodegroup"): [_nodegroup_made],
    ("eks", "UpdateNodegroupConfig"): [_nodegroup_changed],
    ("eks", "DeleteNodegroup"): [_nodegroup_gone],
    **rules_rds.EFFECTS,
}

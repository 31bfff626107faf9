"""What AWS does besides answering, where other programs or a later delete would notice and moto 5.2.5 does not do it."""

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
        ec2.enis.pop(eni.id)
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


def _resize(region, group):
    """Starts or ends instances until there are as many as the node group wants."""
    aws = client("ec2", region)
    running = _nodes(region, group.cluster_name, group.nodegroup_name)
    wanted = int(group.scaling_config.get("desiredSize", group.scaling_config.get("minSize", 1)))
    if len(running) > wanted:
        aws.terminate_instances(InstanceIds=running[wanted:])
    of = cluster(region, group.cluster_name)
    tags = group.tags | {
        "eks:cluster-name": of.name,
        "eks:nodegroup-name": group.nodegroup_name,
        f"kubernetes.io/cluster/{of.name}": "owned",
    }
    for number in range(len(running), wanted):
        aws.run_instances(
            ImageId=_image(region),
            InstanceType=group.instance_types[0],
            SubnetId=group.subnets[number % len(group.subnets)],
            SecurityGroupIds=[of.resources_vpc_config["clusterSecurityGroupId"]],
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}],
        )


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
    _resize(region, group)


def _nodegroup_changed(region, params, _answer):
    _resize(region, _group(region, params))


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

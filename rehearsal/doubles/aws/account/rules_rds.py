"""What RDS refuses and moto 5.2.5 accepts, and the interface by which a database holds on to its network."""

from backends import backend, client
from model import Refused


def _create(region, params):
    name = params.get("DBSubnetGroupName")
    if name and name not in backend("rds", region).subnet_groups:
        raise Refused("DBSubnetGroupNotFoundFault", f"DBSubnetGroup not found: {name}")
    for group in params.get("VpcSecurityGroupIds", []):
        if not backend("ec2", region).get_security_group_from_id(group):
            raise Refused("InvalidParameterValue", f"Invalid security group, groupId={group}")
    # The letters that RDS documents for MasterUserPassword; the message does not repeat it.
    password = params.get("MasterUserPassword")
    if password is not None and (not 8 <= len(password) <= 128 or any(letter in password for letter in '/"@ ')):
        raise Refused("InvalidParameterValue", "The parameter MasterUserPassword is not valid: 8 to 128 printable characters without /, \", @ and spaces")


def _create_group(region, params):
    zones = {backend("ec2", region).get_subnet(subnet).availability_zone for subnet in params["SubnetIds"]}
    if len(zones) < 2:
        raise Refused("DBSubnetGroupDoesNotCoverEnoughAZs", "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement: at least 2 zones")


def _delete_group(region, params):
    name = params["DBSubnetGroupName"].lower()
    for database in backend("rds", region).databases.values():
        if database.db_subnet_group and database.db_subnet_group.name == name:
            raise Refused("InvalidDBSubnetGroupStateFault", f"Cannot delete the subnet group '{name}' because at least one database instance, {database.db_instance_identifier}, is still using it.")


def _interface_of(name):
    return f"RDSNetworkInterface {name.lower()}"


def _made(region, params, _answer):
    group = backend("rds", region).subnet_groups.get(params.get("DBSubnetGroupName", ""))
    if group:
        client("ec2", region).create_network_interface(
            SubnetId=group.subnets[0]["SubnetIdentifier"],
            Groups=params.get("VpcSecurityGroupIds", []),
            Description=_interface_of(params["DBInstanceIdentifier"]),
        )


def _gone(region, params, _answer):
    enis = backend("ec2", region).enis
    for eni in [eni for eni in enis.values() if eni.description == _interface_of(params["DBInstanceIdentifier"])]:
        enis.pop(eni.id)


RULES = {
    ("rds", "CreateDBInstance"): [_create],
    ("rds", "CreateDBSubnetGroup"): [_create_group],
    ("rds", "DeleteDBSubnetGroup"): [_delete_group],
}
EFFECTS = {("rds", "CreateDBInstance"): [_made], ("rds", "DeleteDBInstance"): [_gone]}

"""Calls of a service that AWS does not have, `pilotlight`: what the stage sets up, and what the provider waits for."""

import functools
import json

import moto.ec2.models.subnets
import moto.ec2.models.vpcs
import preflight
from backends import backend, client
from model import Refused
from rules_eks import cluster

TRUST_ANYONE = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
)
ALLOW_ALL = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


def _set_endpoint(region, params):
    """The stage plays the control plane: whoever asks EKS must be sent there."""
    of = cluster(region, params["name"])
    of.endpoint = params["endpoint"]
    of.certificate_authority = {"data": params["caData"]}
    return {}


def _records(route53, name, kind):
    """Values of the records of this name and kind, in all public zones."""
    wanted = name.rstrip(".").lower()
    return [
        value.rstrip(".").lower()
        for zone in route53.zones.values()
        if not zone.private_zone
        for record in zone.rrsets
        if record.type == kind and record.name.rstrip(".").lower() == wanted
        for value in record.records
    ]


def _validate_certificate(region, params):
    """A certificate is issued once each of its names is proved; the provider would wait 75 minutes for that."""
    arn, names = params["arn"], [name.rstrip(".").lower() for name in params["names"]]
    certificate = client("acm", region).describe_certificate(CertificateArn=arn)["Certificate"]
    for option in certificate["DomainValidationOptions"]:
        record = option["ResourceRecord"]
        name, value = record["Name"].rstrip(".").lower(), record["Value"].rstrip(".").lower()
        if names and name not in names:
            raise Refused("CertificateNotIssued", f"{arn}: the proof of {option['DomainName']}, {name}, is not among the records given: {', '.join(names)}")
        if value not in _records(backend("route53", region), name, record["Type"]):
            raise Refused("CertificateNotIssued", f"{arn} stays PENDING_VALIDATION: no hosted zone has the record {name} {record['Type']} {value}")
    backend("acm", region).get_certificate(arn).status = "ISSUED"
    return {}


def _with_id(module, function, wanted, make):
    """moto makes ids up; what `make` makes gets this one."""
    made_up = getattr(module, function)
    setattr(module, function, lambda: wanted)
    try:
        make()
    finally:
        setattr(module, function, made_up)


def _network(region, params):
    # Straight on moto's store, which has its default network by now: an id is for one thing alone.
    ec2 = backend("ec2", region)
    vpc = params["vpcId"]
    _with_id(moto.ec2.models.vpcs, "random_vpc_id", vpc, lambda: ec2.create_vpc(params["cidr"]))
    for one in params["subnets"]:
        make = functools.partial(ec2.create_subnet, vpc, one["cidr"], availability_zone=one["zone"])
        _with_id(moto.ec2.models.subnets, "random_subnet_id", one["id"], make)


def _principal(region, arn):
    path, name = f"/{arn.split(':')[5].split('/', 1)[1]}".rsplit("/", 1)
    iam, kind = client("iam", region), arn.split(":")[5].split("/")[0]
    if kind == "role":
        iam.create_role(RoleName=name, Path=f"{path}/", AssumeRolePolicyDocument=TRUST_ANYONE)
    elif kind == "user":
        iam.create_user(UserName=name, Path=f"{path}/")


def _policy(region, arn):
    path, name = f"/{arn.split(':policy/')[1]}".rsplit("/", 1)
    client("iam", region).create_policy(PolicyName=name, Path=f"{path}/", PolicyDocument=ALLOW_ALL)


def _seed(region, params):
    """What an account has before a stack comes and looks it up."""
    for number, zone in enumerate(params.get("zones", [])):
        client("route53", region).create_hosted_zone(Name=zone, CallerReference=f"before-{number}-{zone}")
    for arn in params.get("policies", []):
        _policy(region, arn)
    for arn in params.get("principals", []):
        _principal(region, arn)
    preflight.reserve(params.get("reservations", []))
    if params.get("network"):
        _network(region, params["network"])
    return {}


OWN_CALLS = {"SetClusterEndpoint": _set_endpoint, "ValidateCertificate": _validate_certificate, "Seed": _seed}


def own_call(operation, region, params):
    if operation not in OWN_CALLS:
        raise Refused("UnknownOperation", f'pilotlight has no operation "{operation}"')
    return OWN_CALLS[operation](region, params)

"""Short ways into moto's state."""

import functools
import os

import boto3
import moto.backends
from botocore.config import Config
from model import Refused

# Under which account moto answers; without a setting it is moto's own.
ACCOUNT = os.environ.get("MOTO_ACCOUNT_ID", "123456789012")
PARTITION_REGION = "aws"


@functools.lru_cache(maxsize=None)
def client(service, region):
    """A botocore client of this very server, so that moto parses and answers as it does for any program."""
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{os.environ['MOTO_PORT']}",
        region_name=region,
        aws_access_key_id="rehearsal",
        aws_secret_access_key="rehearsal",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


def backend(service, region):
    """moto's store for a service; global services are kept per partition."""
    of_account = moto.backends.get_backend(service)[ACCOUNT]
    return of_account[PARTITION_REGION if service in ("iam", "route53", "s3") else region]


def every(service):
    """The stores of all regions that were touched."""
    return [store for name, store in moto.backends.get_backend(service)[ACCOUNT].items()]


def interfaces(region, subnet_id=None, group_id=None, vpc_id=None):
    """Network interfaces in a subnet, VPC or security group."""
    return [
        eni
        for eni in backend("ec2", region).enis.values()
        if (subnet_id is None or eni.subnet.id == subnet_id)
        and (vpc_id is None or eni.subnet.vpc_id == vpc_id)
        and (group_id is None or group_id in [group.id for group in eni.group_set])
    ]


def role(region, arn, code="InvalidParameterException"):
    """The role with this ARN, or AWS's refusal."""
    for candidate in backend("iam", region).roles.values():
        if candidate.arn == arn:
            return candidate
    raise Refused(code, f"The role with name {arn.split('/')[-1]} cannot be found: {arn}")

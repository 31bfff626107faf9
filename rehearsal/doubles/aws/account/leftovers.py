"""What the account still holds of the things made since the server started."""

import eks_extras
from backends import every


def _network(ec2):
    for vpc in ec2.vpcs.values():
        if vpc.is_default != "true" and vpc.is_default is not True:
            yield "vpc", vpc.id
    defaults = {vpc.id for vpc in ec2.vpcs.values() if str(vpc.is_default).lower() == "true"}
    for subnets in ec2.subnets.values():
        yield from (("subnet", subnet.id) for subnet in subnets.values() if subnet.vpc_id not in defaults)
    for groups in ec2.groups.values():
        yield from (("security group", group.id) for group in groups.values() if not group.is_default)
    yield from (("internet gateway", name) for name in ec2.internet_gateways)
    yield from (("NAT gateway", nat.id) for nat in ec2.nat_gateways.values() if nat.state != "deleted")
    yield from (("elastic IP", address.allocation_id) for address in ec2.addresses)
    yield from (("route table", table.id) for table in ec2.route_tables.values() if table.vpc_id not in defaults)
    yield from (("VPC endpoint", point.id) for point in ec2.vpc_end_points.values() if point.state != "deleted")
    yield from (("network interface", name) for name in ec2.enis)


def _machines(ec2):
    for reservation in ec2.reservations.values():
        yield from (("instance", one.id) for one in reservation.instances if one.state != "terminated")
    yield from (("launch template", name) for name in ec2.launch_templates)
    yield from (("volume", name) for name in ec2.volumes)


def _eks(eks):
    for cluster in eks.clusters.values():
        yield "EKS cluster", cluster.name
        yield from (("node group", name) for name in cluster.nodegroups)
        for shelf in (eks_extras.ADDONS, eks_extras.ENTRIES, eks_extras.IDENTITIES):
            yield from ((shelf.kind, name) for name in shelf.on(cluster))


def _iam(iam):
    yield from (("role", one.name) for one in iam.roles.values() if not one.path.startswith("/aws-service-role/"))
    yield from (("policy", one.arn) for one in iam.managed_policies.values() if ":aws:policy/" not in one.arn)
    yield from (("instance profile", one.name) for one in iam.instance_profiles.values())


def _kms(kms):
    yield from (("KMS key", one.id) for one in kms.keys.values() if one.key_state != "PendingDeletion" and not _aws_owned(one))
    yield from (("KMS alias", alias) for one in kms.keys.values() for alias in one.aliases if not alias.startswith("alias/aws/"))


def _dns(route53):
    for zone in route53.zones.values():
        yield "hosted zone", zone.name
        # NS and SOA of the zone itself come and go with it.
        yield from (("DNS record", f"{one.name} {one.type}") for one in zone.rrsets if one.type not in ("NS", "SOA"))


def _schedules(scheduler):
    for group in scheduler.schedule_groups.values():
        if group.name != "default":
            yield "schedule group", group.name
        yield from (("schedule", f"{group.name}/{name}") for name in group.schedules)


def _topics(sns):
    yield from (("topic", arn) for arn in sns.topics)
    yield from (("subscription", arn) for arn in sns.subscriptions)


def _aws_owned(key):
    return getattr(key, "key_manager", "CUSTOMER") == "AWS"


KINDS = {
    "ec2": [_network, _machines],
    "eks": [_eks],
    "iam": [_iam],
    "kms": [_kms],
    "s3": [lambda s3: (("bucket", name) for name in s3.buckets)],
    "sqs": [lambda sqs: (("queue", name) for name in sqs.queues)],
    "logs": [lambda logs: (("log group", name) for name in logs.groups)],
    "events": [lambda events: (("event rule", name) for bus in events.event_buses.values() for name in bus.rules)],
    "rds": [
        lambda rds: (("database", name) for name in rds.databases),
        lambda rds: (("database subnet group", name) for name in rds.subnet_groups),
        # RDS makes groups of its own defaults.
        lambda rds: (("database parameter group", name) for name in rds.db_parameter_groups if not name.startswith("default.")),
        lambda rds: (("database snapshot", name) for name, one in rds.database_snapshots.items() if one.snapshot_type == "manual"),
    ],
    "route53": [_dns],
    "acm": [lambda acm: (("certificate", arn) for arn in acm._certificates)],
    "secretsmanager": [lambda store: (("secret", one.name) for one in store.secrets.values() if not one.is_deleted())],
    "lambda": [lambda functions: (("function", one.function_name) for one in functions._lambdas.all())],
    "scheduler": [_schedules],
    "sns": [_topics],
    # What AWS publishes is there from the start.
    "ssm": [lambda ssm: (("parameter", name) for name in ssm._parameters if not name.startswith("/aws/"))],
    "budgets": [lambda store: (("budget", name) for account in store.budgets.values() for name in account)],
    "cloudwatch": [lambda watch: (("alarm", name) for name in watch.alarms)],
    "elbv2": [lambda elb: (("load balancer", arn) for arn in elb.load_balancers)],
}


# What was there before the stack came.
BEFORE = set()


def _all():
    return [
        (kind, name)
        for service, readers in KINDS.items()
        for store in every(service)
        for reader in readers
        for kind, name in reader(store)
    ]


def remember():
    """What the account holds now is no leftover."""
    BEFORE.update(_all())


def leftovers():
    """`left`: what should be gone; `allowed`: what AWS itself deletes later (KMS keys, kept backups)."""
    left = [{"kind": kind, "id": name} for kind, name in _all() if (kind, name) not in BEFORE]
    return {"left": left, "allowed": [{"kind": kind, "id": name} for kind, name in _waiting()]}


def _waiting():
    for kms in every("kms"):
        yield from (("KMS key pending deletion", one.id) for one in kms.keys.values() if one.key_state == "PendingDeletion")
    for rds in every("rds"):
        yield from (("automated database backup", name) for name, one in rds.database_snapshots.items() if one.snapshot_type != "manual")

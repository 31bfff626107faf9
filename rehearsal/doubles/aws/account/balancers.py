"""What moto 5.2.5 leaves out of load balancers: the network interfaces by which each holds its network."""

from moto.elbv2.models import ELBv2Backend


def _description(balancer):
    # As ELB writes it: `ELB app/NAME/ID`.
    return f"ELB {balancer.arn.split(':loadbalancer/')[1]}"


def install():
    """A load balancer has an interface in each of its subnets; they come and go with it and are nobody else's to delete."""
    create_of_moto, delete_of_moto = ELBv2Backend.create_load_balancer, ELBv2Backend.delete_load_balancer

    def create(self, *args, **kwargs):
        balancer = create_of_moto(self, *args, **kwargs)
        for subnet in balancer.subnets:
            self.ec2_backend.create_network_interface(
                subnet, None, group_ids=balancer.security_groups, description=_description(balancer)
            )
        return balancer

    def delete(self, arn):
        balancer = self.load_balancers.get(arn)
        delete_of_moto(self, arn)
        if balancer is None:
            return
        for eni in list(self.ec2_backend.enis.values()):
            if eni.description == _description(balancer):
                self.ec2_backend.enis.pop(eni.id)

    ELBv2Backend.create_load_balancer, ELBv2Backend.delete_load_balancer = create, delete
